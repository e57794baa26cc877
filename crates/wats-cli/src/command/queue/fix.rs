//! `wats queue fix`: a report that is set aside is edited and put in its own place.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use wats::queue::{EnqueueOptions, Queue, Status, report_key};
use wats::uuid::Uuid;

use super::change::keep;
use super::show::unknown;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, refused};
use crate::input::{Source, Whole, whole};

/// Edit a report, check it by the rules, and put it in the place of the old one, of which a copy is kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The editor is that of VISUAL, else EDITOR, else vi (notepad on Windows). What the rules
would refuse is not taken: the edited text is kept, and --from takes it again.

Examples:
  wats queue fix 83ac0b8e-b575-4004-94de-f905774c3ed8
  wats queue fix 83ac0b8e-b575-4004-94de-f905774c3ed8 --from mended.json")]
pub(crate) struct Args {
    /// Id of the report.
    #[arg(value_parser = super::id)]
    id: Uuid,
    /// Take the text of this file, or of standard input with `-`, instead of opening an editor.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Take it also when the rules would refuse it.
    #[arg(long)]
    unchecked: bool,
}

pub(super) async fn run(args: &Args, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    let Status::Open(item) = queue.status(report_key(args.id)).await? else {
        return Err(unknown(args.id));
    };
    let old = queue.body(report_key(args.id)).await?;
    let old = old
        .read()
        .map_err(|error| Failure::io("the report", &error))?;
    let (new, edited) = if let Some(path) = &args.from {
        (Source::of(path)?.bytes()?, None)
    } else {
        let name = format!("fix-{}.{}", args.id, item.kind);
        let path = queue.folder().join(name);
        (edit(&path, &old).await?, Some(path))
    };
    if new == old[..] {
        remove(edited.as_deref());
        context.output.remark("nothing was changed");
        return Ok(Exit::Done);
    }
    let text = checked(args, new).map_err(|failure| match &edited {
        None => failure,
        Some(path) => failure.about(format!(
            "the edited text is kept in {}, to be mended and given with --from",
            path.display()
        )),
    })?;
    let copy = keep(&queue, args.id, None, "replaced").await?;
    replace(&queue, &text).await?;
    remove(edited.as_deref());
    context.output.record(&[
        ("replaced", args.id.to_string().into()),
        ("copy", copy.display().to_string().into()),
    ])?;
    Ok(Exit::Done)
}

/// The text as the one report that it has to be.
fn checked(args: &Args, new: Vec<u8>) -> Outcome<Whole> {
    let mut found = whole(new)?;
    let (Some(mut text), true) = (found.pop(), found.is_empty()) else {
        return Err(Failure::new(
            Exit::Refused,
            format!("there are {} reports in it instead of one", found.len() + 1),
        ));
    };
    if text.id != args.id {
        return Err(Failure::new(
            Exit::Refused,
            format!("its id is {} instead of {}", text.id, args.id),
        ));
    }
    if !args.unchecked
        && let Some(failure) = refused(std::mem::take(&mut text.findings))
    {
        return Err(failure);
    }
    Ok(text)
}

async fn replace(queue: &Queue, text: &Whole) -> Outcome<()> {
    let entry = EnqueueOptions::default().entry(text.id, &text.text)?;
    queue.replace(entry).await?;
    Ok(())
}

/// What an editor makes of a text, in a file that only its user may read.
async fn edit(path: &Path, old: &[u8]) -> Outcome<Vec<u8>> {
    let what = path.display().to_string();
    let failed = |error: &std::io::Error| Failure::io(&what, error);
    let mut options = fs::OpenOptions::new();
    // What was left from before is overwritten: `--from` is the way to take it.
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| failed(&error))?;
    file.write_all(old).map_err(|error| failed(&error))?;
    drop(file);
    let mut command = editor(path);
    let ended = tokio::task::spawn_blocking(move || command.status()).await;
    let ended: std::io::Result<ExitStatus> =
        ended.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
    let problem = match ended {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!(
            "the editor ended with {status}: nothing was changed"
        )),
        Err(error) => Some(format!("the editor cannot be started: {error}; set EDITOR")),
    };
    if let Some(problem) = problem {
        remove(Some(path));
        return Err(Failure::failed(problem));
    }
    fs::read(path).map_err(|error| failed(&error))
}

/// The editor may have options of its own, as in `code --wait`.
fn editor(path: &Path) -> Command {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let chosen = set("VISUAL").or_else(|| set("EDITOR"));
    #[cfg(unix)]
    {
        let mut script = chosen.unwrap_or_else(|| "vi".into());
        script.push(" \"$1\"");
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg("sh").arg(path);
        command
    }
    #[cfg(not(unix))]
    {
        let chosen = chosen.unwrap_or_else(|| "notepad".into());
        let chosen = chosen.to_string_lossy().into_owned();
        // A path with spaces is one program, unless it is none.
        let parts: Vec<&str> = if Path::new(&chosen).exists() {
            vec![&chosen]
        } else {
            chosen.split_whitespace().collect()
        };
        let mut parts = parts.into_iter();
        let mut command = Command::new(parts.next().unwrap_or("notepad"));
        command.args(parts).arg(path);
        command
    }
}

fn remove(path: Option<&Path>) {
    if let Some(path) = path {
        // It is only a copy.
        let _ = fs::remove_file(path);
    }
}
