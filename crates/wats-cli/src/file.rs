//! Files that are written as a whole or not at all, and small ones that are read.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::failure::Failure;

/// Writes a file: beside its place first, then under its name. What stands there is replaced only if that is allowed.
pub(crate) fn write(path: &Path, bytes: &[u8], overwrite: bool) -> Outcome<()> {
    let wrong = |error: &io::Error| Failure::io(path.display(), error);
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(Failure::failed(format!(
            "{}: it is there already; give --overwrite to replace it",
            path.display()
        )));
    }
    // A device or a pipe is written as it is.
    if path.exists() && !path.is_file() {
        return fs::write(path, bytes).map_err(|error| wrong(&error));
    }
    // A link stays one: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = beside(&path, &format!(".{}.tmp", std::process::id()));
    let written = write_beside(&beside, &path, bytes);
    if written.is_err() {
        // What stands there is whole; the rest is no loss.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|error| wrong(&error))
}

fn write_beside(beside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(beside)?;
    file.write_all(bytes)?;
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    fs::rename(beside, path)
}

/// Copies a file to a name that nobody has yet, `NAME.bak` or `NAME.2.bak` and so on, and says which.
pub(crate) fn back_up(path: &Path) -> Outcome<PathBuf> {
    for number in 1..1000 {
        let ending = match number {
            1 => ".bak".to_owned(),
            number => format!(".{number}.bak"),
        };
        let copy = beside(path, &ending);
        match OpenOptions::new().write(true).create_new(true).open(&copy) {
            Ok(mut to) => {
                let copied = File::open(path)
                    .and_then(|mut from| io::copy(&mut from, &mut to))
                    .and_then(|_| to.sync_all());
                return match copied {
                    Ok(()) => Ok(copy),
                    Err(error) => {
                        let _ = fs::remove_file(&copy);
                        Err(Failure::io(copy.display(), &error))
                    }
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failure::io(copy.display(), &error)),
        }
    }
    Err(Failure::failed(format!(
        "{}: there are too many copies of it",
        path.display()
    )))
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
}
