//! The file that remembers up to which report the runs before have printed.
//!
//! It names its server and its conditions: with others, reports behind its place would never be printed.

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
        let mut file = Self {
            path: path.to_owned(),
            server,
            conditions,
            place: Cursor::START,
        };
        let Some(text) = file::text_of(path, LONGEST)? else {
            return Ok(file);
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
        if (server, conditions) != (file.server.as_str(), file.conditions.as_str()) {
            let own = if server == file.server {
                format!("the conditions {conditions:?}")
            } else {
                format!("the server {server}")
            };
            return Err(Failure::usage(format!(
                "{}: it was made with {own}; name another file, or delete it to begin anew",
                path.display()
            )));
        }
        file.place = match (after, after.as_i64()) {
            (Value::Null, _) => Cursor::START,
            (_, Some(stamp)) => Cursor::after(stamp),
            _ => {
                return Err(Failure::failed(format!(
                    "{}: its place is no number; name another file",
                    path.display()
                )));
            }
        };
        Ok(file)
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
