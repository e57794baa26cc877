//! The tables, and how those of older formats become those of this one.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::errors::{Context, Sql as _};
use crate::error::{Error, Result};

/// "WQUE": tells our database from those of other programs.
pub(super) const APPLICATION: i64 = 0x5751_5545;

/// The format of the tables.
pub(super) const FORMAT: i64 = 1;

/// Of what a column is called only this needs to be said:
/// - `meta`: `items` and `bytes` are of all items, kept by the triggers; `wall` is the newest wall time seen, `checked_at` when the
///   file was last looked through, `flow` what holds for the whole queue.
/// - `item`: `place` is 0 for a body in the table `body`, 1 for a file; `wait` is how long the wait was when `not_before` was set;
///   `seal` is over what never changes; `reference` is what the receiver calls it while it is unconfirmed.
///
/// What a format adds comes last, since a damaged file is read by position. There is no comment in it, since what is found is
/// compared with it.
pub(super) const TABLES: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    target TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    checked_at INTEGER NOT NULL,
    flow TEXT NOT NULL
);
CREATE TABLE item (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,
    lane TEXT NOT NULL,
    class INTEGER NOT NULL,
    state INTEGER NOT NULL,
    kind TEXT NOT NULL,
    len INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    place INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    wait INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    suspect_tries INTEGER NOT NULL,
    failed_since INTEGER NOT NULL,
    failed_at INTEGER NOT NULL,
    owner TEXT,
    fence INTEGER NOT NULL,
    labels TEXT NOT NULL,
    fault TEXT,
    seal INTEGER NOT NULL,
    reference TEXT NOT NULL DEFAULT ''
);
CREATE TABLE body (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE receipt (
    seq INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    len INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX item_ready ON item (class, seq) WHERE state = 0;
CREATE INDEX item_due ON item (not_before) WHERE state IN (3, 4);
CREATE INDEX item_leased ON item (owner) WHERE state = 2;
CREATE INDEX item_lane ON item (lane, state, seq);
CREATE INDEX item_key ON item (key, seq);
CREATE INDEX item_file ON item (sha256) WHERE place = 1;
CREATE INDEX receipt_key ON receipt (key, seq);
CREATE INDEX receipt_ended ON receipt (ended_at);
CREATE TRIGGER item_added AFTER INSERT ON item BEGIN
    UPDATE meta SET items = items + 1, bytes = bytes + new.len;
END;
CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
    UPDATE meta SET items = items - 1, bytes = bytes - old.len;
END;
";

/// Brings the tables to this format, or refuses. Under the gate, in a transaction. Says whether there were none.
pub(super) fn migrate(tx: &Transaction<'_>, context: &Context, target: &str) -> Result<bool> {
    let application: i64 = pragma(tx, "application_id").at(context)?;
    let format: i64 = pragma(tx, "user_version").at(context)?;
    let tables: i64 = tx
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .at(context)?;
    if tables == 0 {
        create(tx, context, target)?;
        return Ok(true);
    }
    if application != APPLICATION {
        return Err(context.damaged("it is not marked as the database of a queue"));
    }
    let meta = tx
        .query_row("SELECT format, made_by, target FROM meta", [], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .optional()
        .at(context)?;
    let Some((said, made_by, found)) = meta else {
        return Err(context.damaged("its table meta is empty"));
    };
    if said != format {
        return Err(context.damaged("it names two different formats"));
    }
    if format > FORMAT {
        return Err(Error::Newer {
            folder: context.folder.to_path_buf(),
            found: format,
            known: FORMAT,
            made_by,
        });
    }
    if format < FORMAT {
        upgrade(tx, context, format)?;
    }
    if !is_ours(tx).at(context)? {
        return Err(context.damaged("its tables are not as they were made"));
    }
    if !target.is_empty() && found.is_empty() {
        tx.execute("UPDATE meta SET target = ?", [target])
            .at(context)?;
    } else if !target.is_empty() && found != target {
        return Err(Error::OtherTarget {
            folder: context.folder.to_path_buf(),
            found,
            wanted: target.to_owned(),
        });
    }
    Ok(false)
}

fn create(tx: &Transaction<'_>, context: &Context, target: &str) -> Result<()> {
    tx.execute_batch(TABLES).at(context)?;
    tx.execute(
        "INSERT INTO meta VALUES (1, ?, ?, ?, 0, 0, 0, 0, '{}')",
        params![FORMAT, env!("CARGO_PKG_VERSION"), target],
    )
    .at(context)?;
    mark(tx, context, FORMAT)
}

fn mark(tx: &Transaction<'_>, context: &Context, format: i64) -> Result<()> {
    tx.pragma_update(None, "application_id", APPLICATION)
        .at(context)?;
    tx.pragma_update(None, "user_version", format).at(context)?;
    tx.execute("UPDATE meta SET format = ?", [format])
        .at(context)?;
    Ok(())
}

/// Format 0 was never released: it is the first one without what receivers call unconfirmed items. It is here so that the way
/// is walked by a test before a real one has to.
fn upgrade(tx: &Transaction<'_>, context: &Context, from: i64) -> Result<()> {
    if from < 1 {
        tx.execute_batch("ALTER TABLE item ADD COLUMN reference TEXT NOT NULL DEFAULT ''")
            .at(context)?;
    }
    mark(tx, context, FORMAT)
}

/// Whether tables, indexes and triggers are those that are made here: a definition may be damaged and still make sense.
pub(super) fn is_ours(db: &Connection) -> rusqlite::Result<bool> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(TABLES)?;
    Ok(definitions(db)? == definitions(&model)?)
}

/// Without spaces, of which a table that was altered has others.
fn definitions(db: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    let mut statement = db.prepare(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name",
    )?;
    let rows = statement.query_map([], |row| {
        let sql: String = row.get(2)?;
        let sql = sql.split_whitespace().collect();
        Ok((row.get(0)?, row.get(1)?, sql))
    })?;
    rows.collect()
}

pub(super) fn pragma<T: rusqlite::types::FromSql>(
    db: &Connection,
    name: &str,
) -> rusqlite::Result<T> {
    db.pragma_query_value(None, name, |row| row.get(0))
}
