//! What is done when nothing else is: free pages, old receipts, files that nothing refers to, the emergency room, a look at
//! the whole file. One process at a time.

use std::fs;

use rusqlite::OpenFlags;

use super::errors::{Context, Sql as _};
use super::{
    Gate, News, Store, blob, connect, consistent, database, fail, files, owner, read, schema,
};
use crate::error::{Error, Result};

/// Free pages are given back from so many bytes on, and when they are more than a quarter of the file.
const FREE_BYTES: i64 = 64 << 20;
/// So many pages at a time: some 12 ms.
const PAGES: i64 = 1000;
/// So many receipts at a time.
const RECEIPTS: i64 = 1000;

impl Store {
    /// One short step. Says whether there is more to do.
    pub(crate) fn upkeep(&mut self) -> Result<bool> {
        self.make_sure_it_is_open()?;
        let Some(db) = &self.db else { return Ok(false) };
        let path = self.folder.join("upkeep");
        let lock = files::open_or_make(&path)?;
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        if !db.ballast.is_there() && db.ballast.fill(&self.folder) {
            self.news.push(News::BallastBack);
        }
        let freed = self.free_pages(FREE_BYTES)?;
        let forgotten = self.forget_receipts()?;
        self.sweep()?;
        if !freed
            && !forgotten
            && let Some(db) = &self.db
            && self.options.durability.is_wal()
        {
            let passive = db
                .connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            passive.at(&db.context)?;
        }
        Ok(freed || forgotten)
    }

    /// All free room goes back to the disk.
    pub(crate) fn compact(&mut self) -> Result<()> {
        self.make_sure_it_is_open()?;
        self.checkpoint()?;
        while self.free_pages(1)? {}
        self.sweep()?;
        self.checkpoint()
    }

    /// Gives free pages back to the disk. Says whether there are more.
    pub(super) fn free_pages(&mut self, least: i64) -> Result<bool> {
        let Some(db) = &self.db else { return Ok(false) };
        let number = |name: &str| schema::pragma::<i64>(&db.connection, name).at(&db.context);
        let (page, pages) = (number("page_size")?, number("page_count")?);
        let free = number("freelist_count")?;
        let many = least == 1 || free >= pages / 4;
        if free == 0 || free.saturating_mul(page) < least || !many {
            return Ok(false);
        }
        self.write(true, |write| {
            let mut statement = write
                .tx
                .prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))
                .at(write.context)?;
            let mut rows = statement.query([]).at(write.context)?;
            while rows.next().at(write.context)?.is_some() {}
            fail::point("upkeep.vacuumed")
        })?;
        Ok(free > PAGES)
    }

    /// Receipts that are too old or too many go. Says whether there are more.
    fn forget_receipts(&mut self) -> Result<bool> {
        let (lasting, most) = self.options.keep_receipts;
        let lasting = i64::try_from(lasting.as_millis()).unwrap_or(i64::MAX);
        let oldest = self.now().saturating_sub(lasting);
        let Some(db) = &self.db else { return Ok(false) };
        let (old, count): (bool, i64) = db
            .connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM receipt WHERE ended_at < ?), \
                 (SELECT coalesce(max(seq) - min(seq), 0) FROM receipt)",
                [oldest],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .at(&db.context)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let many = count >= most && {
            let counted: i64 = db
                .connection
                .query_row("SELECT count(*) FROM receipt", [], |row| row.get(0))
                .at(&db.context)?;
            counted > most
        };
        if !old && !many {
            return Ok(false);
        }
        self.write(true, |write| {
            let mut gone = write
                .tx
                .execute(
                    "DELETE FROM receipt WHERE seq IN \
                     (SELECT seq FROM receipt WHERE ended_at < ? ORDER BY ended_at LIMIT ?)",
                    [oldest, RECEIPTS],
                )
                .at(write.context)?;
            if many {
                gone += write
                    .tx
                    .execute(
                        "DELETE FROM receipt WHERE seq IN (SELECT seq FROM receipt ORDER BY seq LIMIT \
                         min(?, (SELECT count(*) FROM receipt) - ?))",
                        [RECEIPTS, most],
                    )
                    .at(write.context)?;
            }
            Ok(gone >= usize::try_from(RECEIPTS).unwrap_or(usize::MAX))
        })
    }

    /// Deletes files that nothing refers to, and those of ended owners.
    pub(super) fn sweep(&mut self) -> Result<()> {
        let Some(db) = &self.db else { return Ok(()) };
        let found = blob::all(&self.folder);
        let gate = Gate::lock(&db.gate, &self.folder)?;
        owner::count(&self.folder, self.owner());
        let read = read::Read {
            db: &db.connection,
            context: &db.context,
        };
        for (path, sha256) in found {
            let unneeded = match sha256 {
                // Under the gate nobody is between the name of a file and its row.
                Some(sha256) => {
                    path == blob::path_of(&self.folder, &sha256) && !read.refers_to(&sha256)?
                }
                None => blob::is_old(&path),
            };
            if unneeded {
                files::remove(&path)?;
            }
        }
        drop(gate);
        Ok(())
    }

    /// How many queues are open on this folder, this one among them.
    pub(crate) fn owners_alive(&mut self) -> u32 {
        let Some(db) = &self.db else { return 0 };
        let Ok(_gate) = Gate::lock(&db.gate, &self.folder) else {
            return 0;
        };
        owner::count(&self.folder, self.owner()).0
    }

    /// The log is written into the database and cut to nothing, as far as others allow.
    pub(crate) fn checkpoint(&mut self) -> Result<()> {
        let wal = self.options.durability.is_wal();
        if let Some(db) = self.db.as_ref().filter(|_| wal) {
            let done = db
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            done.at(&db.context)?;
        }
        Ok(())
    }

    /// When the file was last looked through, by the wall clock.
    pub(crate) fn checked_at(&mut self) -> Result<i64> {
        self.read(|read| {
            let at = read
                .db
                .query_row("SELECT checked_at FROM meta", [], |row| row.get(0));
            at.at(read.context)
        })
    }

    /// Writes down that the file was looked through.
    pub(crate) fn checked(&mut self) -> Result<()> {
        self.write(false, |write| {
            write
                .tx
                .execute("UPDATE meta SET checked_at = ?", [write.now])
                .at(write.context)
                .map(|_| ())
        })
    }
}

/// Looks through a whole database: on a connection of its own, so on any thread. Gives back what is wrong.
pub(crate) fn check(folder: &std::sync::Arc<std::path::Path>) -> Result<()> {
    let file = database(folder);
    if !fs::exists(&file).unwrap_or(false) {
        return Ok(());
    }
    let context = Context {
        folder: std::sync::Arc::clone(folder),
        file: file.clone(),
    };
    let db = connect(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).at(&context)?;
    db.busy_timeout(std::time::Duration::from_secs(10))
        .at(&context)?;
    let problem: String = db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .at(&context)?;
    let problem = match problem.as_str() {
        "ok" if !schema::is_ours(&db).at(&context)? => {
            "its tables are not as they were made".to_owned()
        }
        "ok" => match consistent::problem(&db).at(&context)? {
            Some(problem) => problem.to_owned(),
            None => return Ok(()),
        },
        _ => problem,
    };
    Err(Error::Damaged { file, problem })
}
