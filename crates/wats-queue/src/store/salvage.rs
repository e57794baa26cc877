//! A damaged database: set aside, made anew, with every row of the old one that can be read and is what was written.
//!
//! Nothing is deleted: the damaged file stays beside the new one, as `queue.db.damaged-<time>`.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::errors::{Context, SAYS, Sql as _};
use super::receipt::{self, Insert};
use super::{
    Gate, News, Store, blob, connect, consistent, database, files, repair, row, schema, settings,
};
use crate::error::{Error, Result};
use crate::item::{Item, Past, Sha256, State};
use crate::plan::Flow;

/// What was found in a damaged database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Salvaged {
    /// Where the damaged file is now.
    pub file: PathBuf,
    /// What was wrong with it.
    pub problem: String,
    /// Items that are in the queue again.
    pub items: u64,
    /// Items of which something was there, but not whole: their bodies are missing or not what was stored. They are not in
    /// the queue.
    pub damaged: u64,
    /// Numbers within those that were given out, of which neither an item nor a receipt was found.
    pub missing: u64,
    /// Receipts that are there again.
    pub receipts: u64,
}

impl Salvaged {
    /// Of a database that is gone, or empty.
    pub(super) fn of_nothing(file: &Path) -> Self {
        Self {
            file: file.to_path_buf(),
            problem: "the folder had a queue, and its database is gone or empty".to_owned(),
            ..Self::default()
        }
    }
}

/// Beyond this, what lies between two damaged places is not looked for row by row.
const GAP: i64 = 200_000;

/// So many numbers are looked for beyond the highest that is known.
const FURTHER: i64 = 1000;

impl Store {
    /// What was found by a look through the whole file.
    pub(crate) fn replace(&mut self, why: &Error) -> Result<()> {
        self.salvage_unless_whole(why, false)
    }

    /// Sets the database aside and goes on with what can be read of it.
    pub(super) fn salvage(&mut self, why: &Error) -> Result<()> {
        self.salvage_unless_whole(why, names_damage(why))
    }

    /// Not when the file has been replaced meanwhile; unless it is sure that what was found is in the file that is there.
    fn salvage_unless_whole(&mut self, why: &Error, sure: bool) -> Result<()> {
        // Closed first: where an open file cannot be renamed, another process that has it open makes this an error.
        self.db = None;
        let file = database(&self.folder);
        let gate = files::open_or_make(&self.folder.join("gate"))?;
        let locked = Gate::lock(&gate, &self.folder)?;
        // Another process may have done it while this one waited.
        if !sure && fs::exists(&file).unwrap_or(false) && self.is_whole(&file) {
            drop(locked);
            return self.connect();
        }
        let damaged = set_aside(&file, self.now())?;
        let mut found = Salvaged {
            file: damaged.clone(),
            problem: why.to_string(),
            ..Salvaged::default()
        };
        let outcome = self.copy(&damaged, &mut found);
        drop(locked);
        drop(gate);
        self.news.push(News::Salvaged(found));
        outcome?;
        self.connect()
    }

    fn is_whole(&self, file: &Path) -> bool {
        let context = self.context(file);
        let Ok(db) = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE) else {
            return false;
        };
        let problem = db.query_row("PRAGMA integrity_check(1)", [], |row| {
            row.get::<_, String>(0)
        });
        problem.is_ok_and(|problem| problem == "ok")
            && db
                .query_row("SELECT count(*) FROM meta", [], |row| row.get::<_, i64>(0))
                .at(&context)
                .is_ok_and(|rows| rows == 1)
            && schema::is_ours(&db).unwrap_or(false)
            && schema::pragma::<i64>(&db, "application_id")
                .is_ok_and(|id| id == schema::APPLICATION)
            && consistent::problem(&db).is_ok_and(|problem| problem.is_none())
    }

    fn context(&self, file: &Path) -> Context {
        Context {
            folder: std::sync::Arc::clone(&self.folder),
            file: file.to_path_buf(),
        }
    }

    fn copy(&self, damaged: &Path, found: &mut Salvaged) -> Result<()> {
        let file = database(&self.folder);
        let context = self.context(&file);
        files::make_file(&file)?;
        let new = settings::settled(&file, &context, self.options.durability)?;
        let tx =
            rusqlite::Transaction::new_unchecked(&new, rusqlite::TransactionBehavior::Immediate)
                .at(&context)?;
        schema::migrate(&tx, &context, &self.options.target)?;
        let repaired = repair::open(damaged);
        if let Some(old) = &repaired.db {
            self.copy_meta(old, &tx, &context)?;
            let given: i64 = old
                .query_row(
                    "SELECT seq FROM sqlite_sequence WHERE name = 'item'",
                    [],
                    |row| row.get(0),
                )
                .unwrap_or(0);
            // A damaged number may be anything. Numbers far beyond it would leave none to give out.
            let most = given.clamp(0, 1 << 53).saturating_add(GAP);
            let mut highest = 0;
            copy_receipts(old, &tx, &context, found, most, &mut highest)?;
            self.copy_items(old, &tx, &context, found, most, &mut highest)?;
            // One that is too low would be given out twice.
            let next = given.clamp(highest, most);
            tx.execute("DELETE FROM sqlite_sequence WHERE name = 'item'", [])
                .at(&context)?;
            tx.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES ('item', ?)",
                [next],
            )
            .at(&context)?;
            let there: i64 = tx
                .query_row(
                    "SELECT (SELECT count(*) FROM item) + (SELECT count(*) FROM receipt)",
                    [],
                    |row| row.get(0),
                )
                .at(&context)?;
            found.missing = highest.saturating_sub(there).max(0) as u64;
        }
        tx.commit().at(&context)?;
        if self.options.sync_folders {
            files::sync_folder(&self.folder)?;
        }
        Ok(())
    }

    fn copy_meta(&self, old: &Connection, new: &Connection, context: &Context) -> Result<()> {
        let text = |name: &str| {
            old.query_row(&format!("SELECT {name} FROM meta"), [], |row| {
                row.get::<_, String>(0)
            })
        };
        let flow = text("flow").ok();
        if let Some(mut flow) = flow.and_then(|text| serde_json::from_str::<Flow>(&text).ok()) {
            // Looked for anew: what it says may be older than the rows.
            flow.all_confirmed = false;
            let flow = serde_json::to_string(&flow).unwrap_or_else(|_| "{}".to_owned());
            new.execute("UPDATE meta SET flow = ?", [flow])
                .at(context)?;
        }
        if let (Ok(target), true) = (text("target"), self.options.target.is_empty()) {
            new.execute("UPDATE meta SET target = ?", [target])
                .at(context)?;
        }
        Ok(())
    }

    fn copy_items(
        &self,
        old: &Connection,
        new: &Connection,
        context: &Context,
        found: &mut Salvaged,
        most: i64,
        highest: &mut i64,
    ) -> Result<()> {
        let mut outcome = Ok(());
        scan(
            old,
            "item",
            row::read_by_position,
            |whole: &row::Whole| whole.item.seq,
            most,
            |whole| {
                if outcome.is_ok() {
                    *highest = (*highest).max(whole.item.seq);
                    outcome = self.copy_item(old, new, context, found, &whole);
                }
            },
        );
        outcome?;
        mend_lanes(new, context, self.options.strict_lanes)
    }

    fn copy_item(
        &self,
        old: &Connection,
        new: &Connection,
        context: &Context,
        found: &mut Salvaged,
        whole: &row::Whole,
    ) -> Result<()> {
        // Its end was on disk; that the row is still there is part of the damage.
        let ended = new
            .prepare_cached("SELECT 1 FROM receipt WHERE seq = ?")
            .and_then(|mut statement| statement.exists([whole.item.seq]))
            .at(context)?;
        if ended {
            return Ok(());
        }
        match self.body_of(old, whole) {
            Some(body) if whole.is_intact() => {
                write_item(new, context, whole, &body)?;
                found.items += 1;
            }
            _ => found.damaged += 1,
        }
        Ok(())
    }

    /// The body, if it is what was stored: none for one that is a file.
    fn body_of(&self, old: &Connection, whole: &row::Whole) -> Option<Found> {
        let item = &whole.item;
        if whole.in_file {
            let (sha256, len) = files::hash(&blob::path_of(&self.folder, &item.sha256)).ok()?;
            return (sha256 == item.sha256 && len == item.len).then_some(Found::File);
        }
        let bytes: Vec<u8> = old
            .query_row(
                "SELECT * FROM body NOT INDEXED WHERE rowid = ?",
                [item.seq],
                |row| row.get(1),
            )
            .ok()?;
        (Sha256::of(&bytes) == item.sha256).then_some(Found::Bytes(bytes))
    }
}

/// A body that is what was stored.
enum Found {
    File,
    Bytes(Vec<u8>),
}

fn copy_receipts(
    old: &Connection,
    new: &Connection,
    context: &Context,
    found: &mut Salvaged,
    most: i64,
    highest: &mut i64,
) -> Result<()> {
    let mut failure = Ok(());
    scan(
        old,
        "receipt",
        receipt::read,
        |past: &Past| past.seq,
        most,
        |past| {
            if failure.is_ok() {
                *highest = (*highest).max(past.seq);
                failure = receipt::write(new, Insert::OrIgnore, &past).at(context);
                found.receipts += 1;
            }
        },
    );
    failure
}

/// Whether the file is damaged in a way that SQLite cannot see: a value that is never written.
fn names_damage(why: &Error) -> bool {
    matches!(why, Error::Damaged { problem, .. } if !problem.starts_with(SAYS))
}

/// Renames the database and what belongs to it.
fn set_aside(file: &Path, now: i64) -> Result<PathBuf> {
    let mut time = now;
    let damaged = loop {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".damaged-{time}"));
        let path = PathBuf::from(name);
        if !path.exists() {
            break path;
        }
        time += 1;
    };
    // The log first: the database alone is an older state, the log alone is nothing.
    for end in ["-wal", "-journal"] {
        let (from, to) = (with_end(file, end), with_end(&damaged, end));
        if from.exists() {
            files::rename(&from, &to)?;
        }
    }
    let _ = files::remove(&with_end(file, "-shm"));
    if file.exists() {
        files::rename(file, &damaged)?;
    }
    Ok(damaged)
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Hands over every row of a table that can be read: from the start up to a damaged place, from the end down to one, and what
/// lies between by its numbers.
fn scan<T>(
    db: &Connection,
    table: &str,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    seq: impl Fn(&T) -> i64,
    most: i64,
    mut found: impl FnMut(T),
) {
    let mut found = |row: T| {
        if seq(&row) <= most {
            found(row);
        }
    };
    let mut up = 0;
    let forward = format!("SELECT * FROM {table} NOT INDEXED WHERE rowid > ? ORDER BY rowid");
    if walk(db, &forward, up, read, |row| {
        up = seq(&row);
        found(row);
    }) {
        return;
    }
    let mut down = i64::MAX;
    let mut tail = Vec::new();
    let backward = format!("SELECT * FROM {table} NOT INDEXED WHERE rowid < ? ORDER BY rowid DESC");
    walk(db, &backward, down, read, |row| {
        let at = seq(&row);
        if at > up {
            down = at;
            tail.push(row);
        }
    });
    let single = format!("SELECT * FROM {table} NOT INDEXED WHERE rowid = ?");
    // Up to the highest number that was given out, and a little further if that is not known.
    let last = down.min(most.saturating_sub(GAP).max(up).saturating_add(FURTHER));
    for at in up.saturating_add(1)..last.min(up.saturating_add(GAP)) {
        let row = db
            .prepare_cached(&single)
            .and_then(|mut statement| statement.query_row([at], read).optional());
        if let Ok(Some(row)) = row {
            found(row);
        }
    }
    tail.reverse();
    tail.into_iter().for_each(found);
}

/// Says whether the end was reached. A row that cannot be understood is passed over.
fn walk<T>(
    db: &Connection,
    sql: &str,
    from: i64,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    mut found: impl FnMut(T),
) -> bool {
    let Ok(mut statement) = db.prepare(sql) else {
        return false;
    };
    let Ok(mut rows) = statement.query([from]) else {
        return false;
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                if let Ok(row) = read(row) {
                    found(row);
                }
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn write_item(new: &Connection, context: &Context, whole: &row::Whole, body: &Found) -> Result<()> {
    let item: &Item = &whole.item;
    // Whoever had it leased settles into a file that is set aside: it is sent once more, which does no harm.
    let state = match item.state {
        State::Parked | State::Quarantined | State::Unconfirmed => item.state,
        _ => State::Behind,
    };
    let written = new
        .prepare_cached(
            "INSERT OR IGNORE INTO item (seq, key, lane, class, state, kind, len, sha256, place, enqueued_at, \
             not_before, wait, tries, suspect_tries, failed_since, failed_at, fence, labels, fault, seal) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                item.seq,
                &item.key.0[..],
                item.lane,
                item.class as i64,
                state.number(),
                item.kind,
                item.len.cast_signed(),
                &item.sha256.0[..],
                i64::from(whole.in_file),
                item.enqueued_at,
                i64::from(item.tries),
                i64::from(whole.suspect_tries),
                whole.failed_since,
                whole.failed_at,
                item.fence.saturating_add(1),
                item.labels,
                item.fault.clone().map(row::fault_text),
                whole.seal,
            ])
        })
        .at(context)?;
    if let (Found::Bytes(body), 1) = (body, written) {
        new.prepare_cached("INSERT OR REPLACE INTO body (seq, bytes) VALUES (?, ?)")
            .and_then(|mut statement| statement.execute(params![item.seq, body]))
            .at(context)?;
    }
    Ok(())
}

/// The oldest of each lane is ready, the others wait behind it.
fn mend_lanes(new: &Connection, context: &Context, strict: bool) -> Result<()> {
    new.execute(
        "UPDATE item SET state = 0 WHERE state = 1 AND seq IN \
         (SELECT min(seq) FROM item WHERE state = 1 GROUP BY lane) \
         AND NOT (?1 AND EXISTS (SELECT 1 FROM item AS other \
         WHERE other.lane = item.lane AND other.state IN (5, 6, 7)))",
        [strict],
    )
    .at(context)?;
    Ok(())
}
