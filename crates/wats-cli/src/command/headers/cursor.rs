//! The file that remembers up to which report the runs before have printed.
//!
//! It names its server and its conditions: with others, reports behind its place would never be printed.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wats::report::Cursor;

use crate::Outcome;
use crate::failure::Failure;
use crate::file;

/// Longer files are no such file.
const LONGEST: u64 = 64 * 1024;

pub(super) struct CursorFile {
    path: PathBuf,
    server: String,
    conditions: String,
    /// As it is in the file.
    place: Cursor,
}

impl CursorFile {
    /// Reads the file; where there is none, the place is before the first report.
    pub(super) fn open(path: &Path, server: String, conditions: String) -> Outcome<Self> {
        let mut own = Self {
            path: path.to_owned(),
            server,
            conditions,
            place: Cursor::START,
        };
        let Some(text) = text_of(path, LONGEST)? else {
            return Ok(own);
        };
        let found: Value = serde_json::from_str(&text).unwrap_or_default();
        let member = |name: &str| found.get(name).and_then(Value::as_str);
        let (Some(server), Some(conditions), Some(after)) =
            (member("server"), member("conditions"), found.get("after"))
        else {
            return Err(Failure::failed(format!(
                "{}: it is no file of --since; name another one",
                path.display()
            )));
        };
        if (server, conditions) != (own.server.as_str(), own.conditions.as_str()) {
            let own = if server == own.server {
                format!("the conditions {conditions:?}")
            } else {
                format!("the server {server}")
            };
            return Err(Failure::usage(format!(
                "{}: it was made with {own}; name another file, or delete it to begin anew",
                path.display()
            )));
        }
        own.place = match (after, after.as_i64()) {
            (Value::Null, _) => Cursor::START,
            (_, Some(stamp)) => Cursor::after(stamp),
            _ => {
                return Err(Failure::failed(format!(
                    "{}: its place is no number; name another file",
                    path.display()
                )));
            }
        };
        Ok(own)
    }

    pub(super) fn place(&self) -> Cursor {
        self.place
    }

    /// Writes another place, if it is one.
    pub(super) fn advance(&mut self, place: Cursor) -> Outcome<()> {
        if place == self.place && self.path.exists() {
            return Ok(());
        }
        let content = json!({
            "schema": 1,
            "after": place.time_stamp(),
            "server": self.server,
            "conditions": self.conditions,
        });
        file::write(&self.path, format!("{content}\n").as_bytes(), true)?;
        self.place = place;
        Ok(())
    }
}

/// The text of a file of at most so many bytes; `None` when there is no such file.
fn text_of(path: &Path, most: u64) -> Outcome<Option<String>> {
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
