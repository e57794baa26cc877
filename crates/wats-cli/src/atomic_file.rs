//! Files that are whole or not there: they are written beside their place and put there by their name.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use crate::Outcome;
use crate::failure::Failure;

/// Writes a file in the place of the one that may be there. Its bytes are on disk before its name is.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let failed = |error| Failure::io(path.display(), &error);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, path));
    if placed.is_err() {
        // The failure is told; that the part remains is its least matter.
        let _ = fs::remove_file(&beside);
    }
    placed.map_err(failed)
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
