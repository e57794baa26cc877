//! An item as a row, and the seal over what never changes in it.

use ring::digest::{Context as Hash, SHA256};
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};

use super::errors::Context;
use crate::error::Result;
use crate::item::{Class, Fault, Item, Key, Sha256, State};

/// The columns that [`read`] reads, in this order.
pub(super) const COLUMNS: &str = "seq, key, lane, class, state, kind, len, sha256, place, enqueued_at, \
     not_before, tries, labels, fault, fence, seal, suspect_tries, failed_since, failed_at, owner";

/// The same in the order of the table, for a file whose names of columns may be damaged.
pub(super) const BY_POSITION: [usize; 20] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 18, 19, 17, 20, 13, 14, 15, 16,
];

/// The columns in the order of [`COLUMNS`].
const IN_ORDER: [usize; 20] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
];

/// An item and what only the store knows of it.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) item: Item,
    pub(super) in_file: bool,
    pub(super) seal: i64,
    pub(super) suspect_tries: u32,
    pub(super) failed_since: i64,
    pub(super) failed_at: i64,
    pub(super) owner: Option<String>,
}

impl Whole {
    /// Whether what never changes is as it was written.
    pub(super) fn is_intact(&self) -> bool {
        let item = &self.item;
        self.seal == seal(&item.key, &item.lane, &item.kind, item.len, &item.sha256)
    }
}

pub(super) fn seal(key: &Key, lane: &str, kind: &str, len: u64, sha256: &Sha256) -> i64 {
    let mut hash = Hash::new(&SHA256);
    hash.update(&key.0);
    hash.update(&(lane.len() as u64).to_le_bytes());
    hash.update(lane.as_bytes());
    hash.update(kind.as_bytes());
    hash.update(&len.to_le_bytes());
    hash.update(&sha256.0);
    let digest = hash.finish();
    let first = digest.as_ref().first_chunk().copied().unwrap_or_default();
    i64::from_le_bytes(first)
}

pub(super) fn class(number: i64) -> Class {
    if number == 0 {
        Class::Live
    } else {
        Class::Backfill
    }
}

fn bytes<const N: usize>(row: &Row<'_>, at: usize) -> rusqlite::Result<[u8; N]> {
    let blob = row
        .get_ref(at)?
        .as_blob()
        .map_err(|_| wrong(at, Type::Blob))?;
    blob.try_into().map_err(|_| wrong(at, Type::Blob))
}

fn wrong(at: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, kind, "not a value that is written here".into())
}

pub(super) fn key(row: &Row<'_>, at: usize) -> rusqlite::Result<Key> {
    bytes(row, at).map(Key)
}

pub(super) fn sha256(row: &Row<'_>, at: usize) -> rusqlite::Result<Sha256> {
    bytes(row, at).map(Sha256)
}

pub(super) fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(at)?;
    Ok(number.max(0) as u64)
}

pub(super) fn small(row: &Row<'_>, at: usize) -> rusqlite::Result<u32> {
    let number: i64 = row.get(at)?;
    Ok(u32::try_from(number.max(0)).unwrap_or(u32::MAX))
}

/// A text; what is no text in it is replaced, and noticed by the seal where it matters.
fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    let bytes = row
        .get_ref(at)?
        .as_bytes()
        .map_err(|_| wrong(at, Type::Text))?;
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn text_or_none(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        _ => text(row, at).map(Some),
    }
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Whole> {
    read_at(row, &IN_ORDER)
}

/// A row of `SELECT *`.
pub(super) fn read_by_position(row: &Row<'_>) -> rusqlite::Result<Whole> {
    read_at(row, &BY_POSITION)
}

fn read_at(row: &Row<'_>, at: &[usize; 20]) -> rusqlite::Result<Whole> {
    let state: i64 = row.get(at[4])?;
    let fault = text_or_none(row, at[13])?
        .map(|text| serde_json::from_str(&text).unwrap_or_else(|_| Fault::new("unreadable", text)));
    Ok(Whole {
        item: Item {
            seq: row.get(at[0])?,
            key: key(row, at[1])?,
            lane: text(row, at[2])?,
            class: class(row.get(at[3])?),
            // A number that is never written is damage, which somebody has to see.
            state: State::from_number(state).unwrap_or(State::Parked),
            kind: text(row, at[5])?,
            len: count(row, at[6])?,
            sha256: sha256(row, at[7])?,
            enqueued_at: row.get(at[9])?,
            not_before: row.get(at[10])?,
            tries: small(row, at[11])?,
            labels: text(row, at[12])?,
            fault,
            fence: row.get(at[14])?,
        },
        in_file: row.get::<_, i64>(at[8])? != 0,
        seal: row.get(at[15])?,
        suspect_tries: small(row, at[16])?,
        failed_since: row.get(at[17])?,
        failed_at: row.get(at[18])?,
        owner: text_or_none(row, at[19])?,
    })
}

/// A fault as it is stored.
pub(super) fn fault_text(fault: Fault) -> String {
    serde_json::to_string(&fault.shortened()).unwrap_or_default()
}

/// The item of this number.
pub(super) fn item(
    db: &rusqlite::Connection,
    context: &Context,
    seq: i64,
) -> Result<Option<Whole>> {
    use super::errors::Sql as _;
    use rusqlite::OptionalExtension as _;
    let sql = format!("SELECT {COLUMNS} FROM item WHERE seq = ?");
    db.prepare_cached(&sql)
        .and_then(|mut statement| statement.query_row([seq], read).optional())
        .at(context)
}
