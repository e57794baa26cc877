//! The state in a folder: one SQLite database with a table of documents and one of reports.
//!
//! A change is one transaction, written before the request is answered, so what was acknowledged is there after the process was
//! killed. (The log is not forced to the disk for each of them: a power cut may take the last ones.) A second server on the
//! same folder is refused.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rusqlite::{Connection, params};
use serde_json::Value;
use uuid::Uuid;

use super::State;
use super::docs::{Docs, Undo};
use super::reports::Reports;
use super::rows::ReportRow;

/// How long an open file is waited for.
const BUSY: Duration = Duration::from_millis(500);
const FILE: &str = "wats-sim.sqlite3";
/// The version of the tables below.
const VERSION: i64 = 1;
/// Both and their version, or nothing: a process may be killed at any moment.
const TABLES: &str = "
    BEGIN;
    CREATE TABLE doc (kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
    CREATE TABLE report (id TEXT PRIMARY KEY, json TEXT NOT NULL, wsjf BLOB, wsxf BLOB, waiting_wsjf BLOB, waiting_wsxf BLOB);
    PRAGMA user_version = 1;
    COMMIT;
";

/// The open database.
#[derive(Debug)]
pub(super) struct Disk {
    connection: Mutex<Connection>,
}

impl Disk {
    /// Opens the folder, made if need be, and fills the state with what it holds.
    pub(super) fn open(
        folder: &Path,
        docs: &mut Docs,
        reports: &mut Reports,
    ) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let connection = Connection::open(folder.join(FILE)).map_err(|error| in_words(&error))?;
        read(&connection, docs, reports)?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Writes documents and reports as they stand now.
    pub(super) fn save(
        &self,
        changes: &[Undo],
        reports: &[Uuid],
        state: &State,
    ) -> Result<(), String> {
        if changes.is_empty() && reports.is_empty() {
            return Ok(());
        }
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        write(&mut connection, changes, reports, state).map_err(|error| in_words(&error))
    }
}

fn read(connection: &Connection, docs: &mut Docs, reports: &mut Reports) -> Result<(), String> {
    let set_up = || {
        // A server that was just told to stop may still hold the file.
        connection.busy_timeout(BUSY)?;
        // Exclusive first: then the log needs no shared memory, and nobody else gets in.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
    };
    match set_up().map_err(|error| in_words(&error))? {
        0 => connection
            .execute_batch(TABLES)
            .map_err(|error| in_words(&error))?,
        VERSION => {}
        newer => {
            return Err(format!(
                "the state has version {newer}, this program knows {VERSION}"
            ));
        }
    }
    let mut query = connection
        .prepare("SELECT kind, key, json FROM doc")
        .map_err(|error| in_words(&error))?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    for row in rows.map_err(|error| in_words(&error))? {
        let (kind, key, json): (String, String, String) = row.map_err(|error| in_words(&error))?;
        let doc: Value = parsed(&json)?;
        docs.put(&kind, &key, doc.into())?;
    }
    let columns = "SELECT id, json, wsjf, wsxf, waiting_wsjf, waiting_wsxf FROM report";
    let mut query = connection
        .prepare(columns)
        .map_err(|error| in_words(&error))?;
    let rows = query.query_map([], |row| {
        let blob = |at: usize| {
            row.get::<_, Option<Vec<u8>>>(at)
                .map(|blob| blob.map(Bytes::from))
        };
        let texts: (String, String) = (row.get(0)?, row.get(1)?);
        Ok((texts, (blob(2)?, blob(3)?), (blob(4)?, blob(5)?)))
    });
    for row in rows.map_err(|error| in_words(&error))? {
        let ((id, json), stored, waiting) = row.map_err(|error| in_words(&error))?;
        let id = Uuid::try_parse(&id).map_err(|error| error.to_string())?;
        let row = ReportRow {
            json: parsed(&json)?,
            stored,
            waiting,
        };
        let lacks = || format!("the row of report {id} lacks what it should have");
        reports.restore(id, row).ok_or_else(lacks)?;
    }
    Ok(())
}

fn write(
    connection: &mut Connection,
    changes: &[Undo],
    reports: &[Uuid],
    state: &State,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut put =
            transaction.prepare_cached("INSERT OR REPLACE INTO doc VALUES (?1, ?2, ?3)")?;
        let mut remove =
            transaction.prepare_cached("DELETE FROM doc WHERE kind = ?1 AND key = ?2")?;
        for Undo { table, key, .. } in changes {
            match state.get(table, key) {
                Some(doc) => put.execute(params![table, key, doc.to_string()])?,
                None => remove.execute(params![table, key])?,
            };
        }
        let mut put = transaction
            .prepare_cached("INSERT OR REPLACE INTO report VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let mut remove = transaction.prepare_cached("DELETE FROM report WHERE id = ?1")?;
        for id in reports {
            let name = id.to_string();
            let Some(ReportRow {
                json,
                stored,
                waiting,
            }) = state.reports.row(id)
            else {
                remove.execute(params![name])?;
                continue;
            };
            let blob = |bytes: &Option<Bytes>| bytes.as_deref().map(<[u8]>::to_vec);
            let blobs = [&stored.0, &stored.1, &waiting.0, &waiting.1].map(blob);
            let [wsjf, wsxf, waiting_wsjf, waiting_wsxf] = blobs;
            put.execute(params![
                name,
                json.to_string(),
                wsjf,
                wsxf,
                waiting_wsjf,
                waiting_wsxf
            ])?;
        }
    }
    transaction.commit()
}

fn parsed(json: &str) -> Result<Value, String> {
    serde_json::from_str(json)
        .map_err(|error| format!("the state has a row that is not JSON: {error}"))
}

fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => "another server uses this folder".to_owned(),
        _ => error.to_string(),
    }
}
