//! `wats config set` and `unset`: a line of the configuration file is changed, all others stay as they are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use wats::Config;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file;

/// Longer files are no configuration files.
const LONGEST: u64 = 1 << 20;

/// The profile that is changed unless another one is named.
const DEFAULT: &str = "default";

/// The setting that is a secret.
const TOKEN: &str = "auth_token";

/// Sets a value, or takes the setting out.
pub(super) fn run(
    key: &str,
    value: Option<&str>,
    profile: Option<&str>,
    context: &Context,
) -> Outcome {
    let path = context.config_file().ok_or_else(|| {
        Failure::usage(
            "there is no home directory for the configuration file; name one with --config",
        )
    })?;
    let profile = profile.unwrap_or(DEFAULT);
    let before = file::text_of(&path, LONGEST)?.unwrap_or_default();
    // A file that cannot be read is not made worse.
    Config::profiles(Some(&path))?;
    let after = match value {
        Some(_) if key == TOKEN => return Err(no_token(&path)),
        Some(value) => {
            checked(key, value)?;
            with(&before, profile, key, value)
        }
        None => {
            known(key)?;
            without(&before, profile, key).ok_or_else(|| {
                Failure::new(
                    Exit::NotFound,
                    format!(
                        "{}: the profile {profile} does not set {key}",
                        path.display()
                    ),
                )
            })?
        }
    };
    written(&path, &after, (profile, key, value))?;
    let done = match value {
        Some(value) => format!("{key} = {value}"),
        None => format!("{key} is no longer set"),
    };
    context
        .output
        .remark(&format!("{done} (profile {profile} in {})", path.display()));
    Ok(Exit::Done)
}

fn no_token(path: &Path) -> Failure {
    let place = path.display();
    Failure::usage(format!(
        "a token on a command line stays in the history of the shell and is seen by others of this machine: write it into a file \
         that you alone can read and set token_file to its name, or set WATS_AUTH_TOKEN, or put it into {place} with an editor"
    ))
}

/// Whether there is such a setting.
fn known(key: &str) -> Outcome<Config> {
    Ok(Config::default().set(key, "", "the command line")?)
}

/// Whether there is such a setting, and it can have this value.
fn checked(key: &str, value: &str) -> Outcome<()> {
    known(key)?;
    if value.trim().is_empty() {
        return Err(Failure::usage(format!(
            "the value of {key} is empty; `wats config unset {key}` takes the setting out"
        )));
    }
    // Others of its settings may be missing still: only what is wrong with this one counts.
    let complete = Config::default()
        .set("base_url", "https://localhost", "the command line")?
        .set("auth_token", "bm9uZTpub25l", "the command line")?;
    match key {
        // Its file may be made later.
        "token_file" => {}
        _ => drop(complete.set(key, value, key)?.builder()?.build()?),
    }
    Ok(())
}

/// Writes the file, once it is sure that it says what it should.
fn written(
    path: &Path,
    text: &str,
    (profile, key, value): (&str, &str, Option<&str>),
) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder.display(), &error))?;
    }
    // A token may stand in it.
    let trial = beside(path);
    file::write_private(&trial, text.as_bytes())?;
    let says = Config::read(Some(profile), Some(&trial)).map(|config| {
        let entries = config.entries();
        let found = entries.iter().find(|entry| entry.key == key);
        found.and_then(|entry| entry.value.clone())
    });
    // It has served its purpose.
    let _ = std::fs::remove_file(&trial);
    let is_right = match value {
        Some(value) => says.is_ok_and(|found| found.as_deref() == Some(value)),
        // A profile without settings may be gone, and a variable may set the same.
        None => true,
    };
    if !is_right {
        return Err(Failure::failed(format!(
            "{}: it cannot be changed so that it sets {key} to this; use an editor",
            path.display()
        )));
    }
    file::write_private(path, text.as_bytes())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.trial", std::process::id()));
    path.with_file_name(name)
}

/// The lines of a profile: from behind its name to the next name or the end.
fn section(lines: &[&str], profile: &str) -> Option<std::ops::Range<usize>> {
    let name_of = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '\u{feff}']);
        let (name, _) = line.strip_prefix('[')?.split_once(']')?;
        Some(name.trim().to_owned())
    };
    let start = lines
        .iter()
        .position(|line| name_of(line).as_deref() == Some(profile))?
        + 1;
    let length = lines
        .iter()
        .skip(start)
        .position(|line| name_of(line).is_some());
    Some(start..length.map_or(lines.len(), |length| start + length))
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    Some(key.trim()).filter(|key| !key.starts_with('#'))
}

/// The text with a setting in a profile, in its place if it is there.
fn with(text: &str, profile: &str, key: &str, value: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<&str> = text.lines().collect();
    let setting = format!("{key} = {}", quoted(value));
    let kept;
    if let Some(section) = section(&lines, profile) {
        let at = lines
            .get(section.clone())
            .into_iter()
            .flatten()
            .position(|line| key_of(line) == Some(key));
        if let Some(line) = at.and_then(|at| lines.get_mut(section.start + at)) {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            let (space, comment) = comment_of(line);
            kept = format!(
                "{}{setting}{space}{comment}",
                line.get(..indent).unwrap_or_default()
            );
            *line = &kept;
        } else {
            let own = lines.get(section.clone()).unwrap_or_default();
            let last = own
                .iter()
                .rposition(|line| key_of(line).is_some())
                .map_or(0, |at| at + 1);
            lines.insert(section.start + last, &setting);
        }
        return joined(&lines, end);
    }
    let header = format!("[{profile}]");
    if lines.last().is_some_and(|line| !line.trim().is_empty()) {
        lines.push("");
    }
    lines.extend([header.as_str(), setting.as_str()]);
    joined(&lines, end)
}

/// The text without a setting of a profile; `None` if it is not there.
fn without(text: &str, profile: &str, key: &str) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<&str> = text.lines().collect();
    let section = section(&lines, profile)?;
    let own = lines.get(section.clone())?;
    let at = own.iter().position(|line| key_of(line) == Some(key))?;
    lines.remove(section.start + at);
    Some(joined(&lines, end))
}

fn joined(lines: &[&str], end: &str) -> String {
    lines.iter().flat_map(|line| [*line, end]).collect()
}

/// A value as the file has it: as it is where that can be, so that paths of Windows stay readable.
fn quoted(value: &str) -> String {
    if value.contains('\\') && !value.contains('\'') && !value.chars().any(char::is_control) {
        return format!("'{value}'");
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => drop(write!(text, "\\u{:04X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// The comment behind the value of a line, and the space before it.
fn comment_of(line: &str) -> (&str, &str) {
    let Some((_, value)) = line.split_once('=') else {
        return ("", "");
    };
    let value = value.trim_start_matches([' ', '\t']);
    let behind = match value.chars().next() {
        Some('\'') => value
            .get(1..)
            .and_then(|rest| rest.split_once('\''))
            .map(|(_, rest)| rest),
        Some('"') => value.get(1..).and_then(behind_text),
        _ => value.find('#').and_then(|at| {
            let start = value.get(..at)?.trim_end_matches([' ', '\t']).len();
            value.get(start..)
        }),
    };
    let behind = behind.unwrap_or_default();
    let comment = behind.trim_start_matches([' ', '\t']);
    if comment.starts_with('#') {
        behind.split_at(behind.len() - comment.len())
    } else {
        ("", "")
    }
}

/// What is behind the quotation mark that ends a text.
fn behind_text(text: &str) -> Option<&str> {
    let mut is_escaped = false;
    let end = text.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        ends
    });
    text.get(end?.0 + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# The stations.\n[default]\nbase_url = \"https://a.example\"  # the old one\n\n  [line2]   # second\n  operator = 'Kari' # \"x\"\nprocess_code = 10 # ten\n";

    #[test]
    fn one_line_changes_and_all_others_stay() {
        for (profile, key, value, from, to) in [
            (
                "default",
                "base_url",
                "https://b.example",
                "\"https://a.example\"",
                "\"https://b.example\"",
            ),
            (
                "line2",
                "operator",
                "O'Hara \"x\" #",
                "'Kari'",
                "\"O'Hara \\\"x\\\" #\"",
            ),
            ("line2", "process_code", "20", "10 #", "\"20\" #"),
            (
                "default",
                "queue_dir",
                "C:\\q",
                "# the old one\n",
                "# the old one\nqueue_dir = 'C:\\q'\n",
            ),
            (
                "line2",
                "station_name",
                "S",
                "# ten\n",
                "# ten\nstation_name = \"S\"\n",
            ),
            (
                "new",
                "operator",
                "Ola",
                "# ten\n",
                "# ten\n\n[new]\noperator = \"Ola\"\n",
            ),
        ] {
            let after = with(FILE, profile, key, value);
            assert_eq!(after, FILE.replacen(from, to, 1), "{profile} {key}");
            let of_windows = with(&FILE.replace('\n', "\r\n"), profile, key, value);
            assert_eq!(of_windows, after.replace('\n', "\r\n"));
        }
        assert_eq!(
            with("", "default", "operator", "Kari"),
            "[default]\noperator = \"Kari\"\n"
        );
        let gone = without(FILE, "line2", "operator").unwrap();
        assert_eq!(gone, FILE.replace("  operator = 'Kari' # \"x\"\n", ""));
        assert_eq!(without(FILE, "default", "operator"), None);
        assert_eq!(without(FILE, "none", "operator"), None);
    }

    #[test]
    fn comments_are_told_from_values() {
        for (line, comment) in [
            ("a = 'x # y' # z", "# z"),
            ("a = \"x \\\" # y\"\t# z", "# z"),
            ("a = 5#z", "#z"),
            ("a = 'x", ""),
            ("a", ""),
        ] {
            assert_eq!(comment_of(line).1, comment, "{line}");
        }
    }
}
