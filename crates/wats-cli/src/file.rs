//! Files that are written as a whole or not at all, and small ones that are read.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::failure::Failure;

/// So many names are tried for a file beside another one.
const MOST_NAMES: u32 = 1000;

/// Writes a file: beside its place first, then under its name. What stands there is replaced only if that is allowed.
pub(crate) fn write(path: &Path, bytes: &[u8], overwrite: bool) -> Outcome<()> {
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(Failure::failed(format!(
            "{}: it is there already; give --overwrite to replace it",
            path.display()
        )));
    }
    put(path, bytes, false)
}

/// Writes a file that may hold a secret: what stands there is replaced and keeps its rights, a new one only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Outcome<()> {
    put(path, bytes, true)
}

fn put(path: &Path, bytes: &[u8], private: bool) -> Outcome<()> {
    let wrong = |error: &io::Error| Failure::io(path.display(), error);
    // A device or a pipe is written as it is.
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(|error| wrong(&error));
    }
    // A link stays one: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A program that was killed may have left one: in containers many programs have the same number.
    let number = std::process::id();
    let made = made_beside(&path, private, |at| match at {
        0 => format!(".{number}.tmp"),
        at => format!(".{number}-{at}.tmp"),
    });
    let (file, beside) = made.map_err(|error| wrong(&error))?;
    let written = fill(file, &mut &*bytes, &path).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What stands there is whole; the rest is no loss.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| wrong(&error))
}

/// Makes a file beside another one under the first of these names that nobody has. Where that is there, [`fill`] gives its rights
/// later, and nobody else can read the new one until then; a private one nobody else can read at any time.
fn made_beside(
    path: &Path,
    private: bool,
    ending: impl Fn(u32) -> String,
) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(not(unix))]
    let _ = private;
    #[cfg(unix)]
    if private || path.exists() {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    for at in 0..MOST_NAMES {
        let beside = beside(path, &ending(at));
        match options.open(&beside) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, beside)),
        }
    }
    Err(io::Error::new(
        ErrorKind::AlreadyExists,
        "there are too many copies of it",
    ))
}

/// Fills a new file, gives it the rights of its model where there is one, and has it on disk.
fn fill(mut file: File, from: &mut impl io::Read, model: &Path) -> io::Result<()> {
    io::copy(from, &mut file)?;
    if let Ok(model) = fs::metadata(model) {
        file.set_permissions(model.permissions())?;
    }
    file.sync_all()
}

/// Copies a file to a name that nobody has yet, `NAME.bak` or `NAME.2.bak` and so on, and says which.
pub(crate) fn back_up(path: &Path) -> Outcome<PathBuf> {
    let made = made_beside(path, false, |at| match at {
        0 => ".bak".to_owned(),
        at => format!(".{}.bak", at + 1),
    });
    let (to, copy) = made.map_err(|error| Failure::io(path.display(), &error))?;
    let copied = File::open(path).and_then(|mut from| fill(to, &mut from, path));
    match copied {
        Ok(()) => Ok(copy),
        Err(error) => {
            let _ = fs::remove_file(&copy);
            Err(Failure::io(copy.display(), &error))
        }
    }
}

/// The text of a file of at most so many bytes; `None` when there is no such file.
pub(crate) fn text_of(path: &Path, most: u64) -> Outcome<Option<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| Failure::io(path.display(), &error))?,
    };
    let mut bytes = Vec::new();
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io(path.display(), &error))?;
    if bytes.len() as u64 > most {
        let place = path.display();
        return Err(Failure::failed(format!(
            "{place}: it is longer than {most} bytes"
        )));
    }
    let text = String::from_utf8(bytes);
    text.map(Some)
        .map_err(|_| Failure::failed(format!("{}: it is not UTF-8", path.display())))
}

/// A name beside that of a file, with this at its end.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(ending);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_if_that_is_allowed_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        write(&path, b"first", false).unwrap();
        assert!(write(&path, b"second", false).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        let first = back_up(&path).unwrap();
        write(&path, b"second", true).unwrap();
        let second = back_up(&path).unwrap();
        assert_eq!(
            (fs::read(&first).unwrap(), fs::read(&second).unwrap()),
            (b"first".to_vec(), b"second".to_vec())
        );
        assert!(write(&folder.path().join("none/report.json"), b"", false).is_err());
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_that_of_its_owner_unless_it_had_other_rights() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write_private(&path, b"first").unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(
            (mode(), fs::read(&path).unwrap()),
            (0o640, b"second".to_vec())
        );
    }

    #[test]
    fn what_a_killed_program_left_beside_is_neither_in_the_way_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.cursor");
        let left = beside(&path, &format!(".{}.tmp", std::process::id()));
        fs::write(&left, "of another").unwrap();
        write(&path, b"place", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"place");
        assert_eq!(fs::read(&left).unwrap(), b"of another");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_a_file_may_read_its_copy_and_nobody_else() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "secret").unwrap();
        for mode in [0o600, 0o640] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let copy = back_up(&path).unwrap();
            write(&path, b"secret", true).unwrap();
            for file in [&copy, &path] {
                let found = fs::metadata(file).unwrap().permissions().mode();
                assert_eq!(found & 0o777, mode, "{}", file.display());
            }
        }
    }
}
