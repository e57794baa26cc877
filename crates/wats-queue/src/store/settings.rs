//! The settings that the guarantees rest on. Each is read back: SQLite ignores what it does not know.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::errors::{Context, Sql as _};
use super::{connect, schema};
use crate::error::Result;
use crate::options::Durability;

/// `PRAGMA synchronous`.
pub(super) const NORMAL: i64 = 1;
pub(super) const FULL: i64 = 2;
const EXTRA: i64 = 3;

pub(super) const fn synchronous(durability: Durability) -> i64 {
    match durability {
        Durability::Full => FULL,
        Durability::Network => EXTRA,
        #[cfg(feature = "test-util")]
        Durability::WalNormal => NORMAL,
        #[cfg(feature = "test-util")]
        Durability::DeleteFull => FULL,
    }
}

/// A connection with its settings, each read back.
pub(super) fn settled(
    path: &Path,
    context: &Context,
    durability: Durability,
) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let db = connect(path, flags).at(context)?;
    db.busy_timeout(Duration::from_secs(10)).at(context)?;
    db.set_prepared_statement_cache_capacity(64);
    let number = |name: &str, value: i64| -> Result<()> {
        db.pragma_update(None, name, value).at(context)?;
        expect(
            context,
            name,
            schema::pragma::<i64>(&db, name).at(context)?,
            value,
        )
    };
    // Before the first table, or it holds only after a `VACUUM`; so an older file may have another one.
    db.pragma_update(None, "auto_vacuum", 2).at(context)?;
    let journal = if durability.is_wal() { "wal" } else { "delete" };
    let got: String = db
        .pragma_update_and_check(None, "journal_mode", journal, |row| row.get(0))
        .at(context)?;
    if got != journal {
        return Err(context.database(format!(
            "`journal_mode` is {got} instead of {journal}: another program may have the file open"
        )));
    }
    number("synchronous", synchronous(durability))?;
    // Only macOS has another call, and there the usual one is no barrier.
    number("fullfsync", 1)?;
    number("checkpoint_fullfsync", 1)?;
    number("cell_size_check", 1)?;
    number("trusted_schema", 0)?;
    number("temp_store", 2)?;
    let limit: i64 = db
        .pragma_update_and_check(None, "journal_size_limit", 4 << 20, |row| row.get(0))
        .at(context)?;
    expect(context, "journal_size_limit", limit, 4 << 20)?;
    let mapped: Option<i64> = {
        use rusqlite::OptionalExtension as _;
        db.pragma_update_and_check(None, "mmap_size", 0, |row| row.get(0))
            .optional()
            .at(context)?
    };
    expect(context, "mmap_size", mapped.unwrap_or(0), 0)?;
    Ok(db)
}

fn expect(context: &Context, name: &str, found: i64, wanted: i64) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(context.database(format!("`{name}` is {found} instead of {wanted}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::QueueOptions;
    use crate::store::Store;

    #[test]
    fn the_library_has_no_bug_that_loses_what_was_committed() {
        // Versions up to 3.51.2 may, when several connections write and checkpoint.
        assert!(
            rusqlite::version_number() >= 3_051_003,
            "{}",
            rusqlite::version()
        );
    }

    #[test]
    fn the_settings_that_the_guarantees_rest_on_hold() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), QueueOptions::default().ballast(0)).unwrap();
        // The last one may have been a write that need not be synced.
        store.write(true, |_| Ok(())).unwrap();
        let db = &store.db.as_ref().unwrap().connection;
        let text = |name| schema::pragma::<String>(db, name).unwrap();
        let number = |name| schema::pragma::<i64>(db, name).unwrap();
        assert_eq!(text("journal_mode"), "wal");
        assert_eq!(number("synchronous"), FULL);
        assert_eq!(number("fullfsync"), 1);
        assert_eq!(number("checkpoint_fullfsync"), 1);
        assert_eq!(number("auto_vacuum"), 2);
        assert_eq!(number("application_id"), schema::APPLICATION);
        assert_eq!(number("user_version"), schema::FORMAT);
        assert_eq!(number("journal_size_limit"), 4 << 20);
    }
}
