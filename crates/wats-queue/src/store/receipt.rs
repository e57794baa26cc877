//! A receipt as a row: what is known of an item that has left the queue.

use rusqlite::{Connection, Row, params};

use super::row;
use crate::item::{Ended, Past};

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Past> {
    Ok(Past {
        seq: row.get(0)?,
        key: row::key(row, 1)?,
        sha256: row::sha256(row, 2)?,
        len: row::count(row, 3)?,
        enqueued_at: row.get(4)?,
        ended_at: row.get(5)?,
        ended: Ended::from_number(row.get(6)?).unwrap_or(Ended::Sent),
        tries: row::small(row, 7)?,
        note: row.get(8)?,
    })
}

/// Writes one. One of its number that is there is replaced if the statement says so.
pub(super) fn write(to: &Connection, statement: Insert, past: &Past) -> rusqlite::Result<()> {
    let sql = match statement {
        Insert::OrIgnore => "INSERT OR IGNORE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        Insert::OrReplace => "INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    };
    to.prepare_cached(sql)?.execute(params![
        past.seq,
        &past.key.0[..],
        &past.sha256.0[..],
        past.len.cast_signed(),
        past.enqueued_at,
        past.ended_at,
        past.ended.number(),
        i64::from(past.tries),
        past.note,
    ])?;
    Ok(())
}

/// What becomes of a receipt of the same number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Insert {
    OrIgnore,
    OrReplace,
}
