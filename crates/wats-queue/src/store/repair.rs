//! Opening what is damaged, as far as that goes: on a copy, whose head and table definitions are put right.
//!
//! Where a bit of the first page is wrong, nothing of a file can be read, though all the rest of it is whole. What the first
//! page has to say is known: a new database, made for this, says it. The damaged file itself is never written to.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::connect;
use super::schema;

/// A database that was damaged, to be read from. Its copy is deleted with it.
#[derive(Debug)]
pub(super) struct Repaired {
    /// None when it is closed.
    pub(super) db: Option<Connection>,
    copy: PathBuf,
}

impl Drop for Repaired {
    fn drop(&mut self) {
        self.db = None;
        remove(&self.copy);
    }
}

/// Bytes of the head of a database.
const HEAD: usize = 100;
const PAGE: usize = 4096;

/// The best that can be had of a damaged file.
pub(super) fn open(damaged: &Path) -> Repaired {
    let copy = beside(damaged, "copy");
    let model = beside(damaged, "model");
    let mut repaired = Repaired {
        db: None,
        copy: copy.clone(),
    };
    let made = make_model(&model);
    let tables = made.as_ref().map(tables).unwrap_or_default();
    drop(made);
    let first = first_page(&model);
    remove(&model);
    // Nothing, the head, the whole first page: each only if less did not help.
    let attempts: [&dyn Fn() -> bool; 3] = [
        &|| true,
        &|| first.as_deref().is_some_and(|page| put_head(&copy, page)),
        &|| first.as_deref().is_some_and(|page| overwrite(&copy, page)),
    ];
    for attempt in attempts {
        remove(&copy);
        if !copied(damaged, &copy) || !attempt() {
            continue;
        }
        if let Some(db) = opened(&copy, &tables) {
            repaired.db = Some(db);
            return repaired;
        }
    }
    // Where there is no room for a copy, what can be read as it stands.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    repaired.db = connect(damaged, flags).ok();
    repaired
}

/// A table or index as the database lists it.
type Definition = (String, i64, String);

/// Opens a copy and puts its table definitions right. None where items cannot be read at all.
fn opened(copy: &Path, tables: &[Definition]) -> Option<Connection> {
    let db = connect(copy, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    // With this, a definition that makes no sense does not keep the others from being read.
    db.execute_batch("PRAGMA writable_schema = ON").ok()?;
    for (name, root, sql) in tables {
        // One that was altered is written in another way, and has the same columns in the same order.
        let right = db.query_row(
            "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1 AND tbl_name = ?1 \
             AND rootpage = ?2 AND sql = ?3",
            params![name, root, sql],
            |_| Ok(()),
        );
        if right.is_err() {
            let _ = db.execute(
                "UPDATE sqlite_schema SET type = 'table', name = ?1, tbl_name = ?1, sql = ?3 \
                 WHERE rootpage = ?2",
                params![name, root, sql],
            );
        }
    }
    db.execute_batch("PRAGMA writable_schema = RESET").ok()?;
    let reads = |sql: &str| db.prepare(sql).is_ok();
    (reads("SELECT * FROM item") && reads("SELECT * FROM body")).then_some(db)
}

/// A new database with our tables, in one file.
fn make_model(path: &Path) -> Option<Connection> {
    remove(path);
    let db = connect(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )
    .ok()?;
    db.pragma_update(None, "auto_vacuum", 2).ok()?;
    db.execute_batch(schema::TABLES).ok()?;
    db.pragma_update(None, "application_id", schema::APPLICATION)
        .ok()?;
    db.pragma_update(None, "user_version", schema::FORMAT)
        .ok()?;
    Some(db)
}

fn tables(db: &Connection) -> Vec<Definition> {
    let found = db
        .prepare("SELECT name, rootpage, sql FROM sqlite_schema WHERE type = 'table'")
        .and_then(|mut statement| {
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        });
    found.unwrap_or_default()
}

fn first_page(model: &Path) -> Option<Vec<u8>> {
    let mut page = vec![0; PAGE];
    let mut file = fs::File::open(model).ok()?;
    file.read_exact(&mut page).ok()?;
    // The length of the model is not that of the file: two numbers that differ have it counted instead. Nor are its free
    // pages, of which there are none.
    for (at, value) in [(24, 1_u32), (28, 0), (32, 0), (36, 0), (92, 2)] {
        page.get_mut(at..at + 4)?
            .copy_from_slice(&value.to_be_bytes());
    }
    Some(page)
}

fn put_head(copy: &Path, page: &[u8]) -> bool {
    page.get(..HEAD).is_some_and(|head| overwrite(copy, head))
}

fn overwrite(copy: &Path, start: &[u8]) -> bool {
    let file = fs::File::options().write(true).open(copy);
    let written = file.and_then(|mut file| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(start)
    });
    written.is_ok()
}

fn copied(from: &Path, to: &Path) -> bool {
    let log = with_end(from, "-wal");
    fs::copy(from, to).is_ok() && (!log.exists() || fs::copy(log, with_end(to, "-wal")).is_ok())
}

fn beside(file: &Path, what: &str) -> PathBuf {
    with_end(file, &format!("-{what}"))
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn remove(file: &Path) {
    for end in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(with_end(file, end));
    }
}
