//! The queue on disk: SQLite in a folder that several processes share, and files for large bodies. All of it blocks.
//!
//! - [`open`](Store::open) (`open.rs`): makes or takes over a folder; `settings.rs`: what the guarantees rest on.
//! - [`write`](Store::write) (here): one transaction under the gate; [`Write`] is what can be done within one
//!   (`enqueue.rs`, `take.rs`, `settle.rs`, `change.rs`), [`Store::read`] what is only read (`read.rs`); `row.rs`, `receipt.rs`: rows.
//! - `schema.rs`, `errors.rs`, `files.rs`, `network.rs`: tables, errors of SQLite, what systems differ in; `inspect.rs`: what a
//!   folder is like.
//! - `owner.rs`: who is alive; `blob.rs`: large bodies; `space.rs`: room on the disk; `upkeep.rs`: what is done when idle;
//!   `consistent.rs`: what must hold; `salvage.rs`, `repair.rs`: what can be read of a damaged file.
//!
//! The gate is a file that is locked around every write transaction: writers wait in the system's queue for it, instead of
//! asking SQLite again and again. What guards the data are SQLite's own locks.

mod blob;
mod change;
mod consistent;
mod enqueue;
mod errors;
pub(crate) mod fail;
mod files;
mod inspect;
mod network;
mod open;
mod owner;
mod read;
mod receipt;
mod repair;
mod row;
mod salvage;
mod schema;
mod settings;
mod settle;
mod space;
mod take;
#[cfg(test)]
mod tests;
mod upkeep;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub(crate) use blob::{TempBody, TempWriter};
pub use change::Confirmation;
pub(crate) use enqueue::copied;
pub(crate) use enqueue::{NewBody, NewItem};
pub(crate) use files::{hash, sync_folder};
pub use inspect::FolderFacts;
pub(crate) use inspect::{inspect, is_in};
pub use read::Filter;
pub(crate) use read::Totals;
pub use salvage::Salvaged;
pub(crate) use settle::Settled;
pub(crate) use take::{Lease, Leased, Wanted};
pub(crate) use upkeep::check;

use crate::error::{Error, Result};
use crate::item::{Past, Sha256};
use crate::options::{Durability, QueueOptions};
use crate::plan::Flow;
pub(crate) use errors::breaks;
use errors::{Context, Sql as _};
use owner::{Others, Owner};
use space::Ballast;

/// The folder of a queue, opened.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Arc<Path>,
    options: QueueOptions,
    /// None between a failure and the next try.
    db: Option<Db>,
    /// Who this is among those that have the folder open. It outlives a connection, and so do its leases.
    owner: Option<Owner>,
    /// Locked on a network file system, where nobody else may have the folder open.
    single: Option<File>,
    others: Others,
    /// How often something was taken, for the one time in eight that backfill comes first.
    takes: u32,
    /// The wall clock less the monotonic one, when that was last looked at.
    offset: i64,
    /// What has happened since it was last asked for.
    pub(crate) news: Vec<News>,
}

/// What is open.
#[derive(Debug)]
struct Db {
    connection: Connection,
    context: Context,
    identity: (u64, u64),
    /// Which settings this connection has: whether the next commit is synced.
    synced: std::cell::Cell<bool>,
    gate: File,
    ballast: Ballast,
}

/// What happened to the store beside what was asked of it.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// Files of a process that has ended without closing were found.
    UncleanEnd,
    /// Leases of somebody else were taken over.
    TakenOver(u64),
    /// The database was damaged and is made anew.
    Salvaged(Salvaged),
    /// The room that was kept for an emergency is used.
    BallastUsed,
    BallastBack,
    /// The files were removed or replaced while they were open.
    Reopened,
    /// The wall clock was set, by so many milliseconds.
    ClockSet(i64),
}

/// What can be done within a transaction.
pub(crate) struct Write<'a> {
    tx: &'a Transaction<'a>,
    context: &'a Context,
    options: &'a QueueOptions,
    owner: &'a str,
    others: &'a mut Others,
    takes: &'a mut u32,
    ballast: &'a Ballast,
    pub(crate) now: i64,
    flow: Flow,
    /// Files that nothing refers to any more, to be deleted after the commit.
    unneeded: Vec<Sha256>,
    /// Whether items may be dropped for room, if the bounds say so.
    pub(crate) may_drop: bool,
    /// What was dropped for room.
    pub(crate) dropped: Vec<Past>,
    pub(crate) taken_over: u64,
}

impl std::fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Write").finish_non_exhaustive()
    }
}

/// The gate, while it is ours.
struct Gate<'a>(&'a File);

impl<'a> Gate<'a> {
    fn lock(file: &'a File, folder: &Path) -> Result<Self> {
        file.lock()
            .map_err(|error| Error::io("locking", folder.join("gate"), &error))?;
        Ok(Self(file))
    }
}

impl Drop for Gate<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Store {
    pub(crate) fn folder(&self) -> &Arc<Path> {
        &self.folder
    }

    pub(crate) fn options(&self) -> &QueueOptions {
        &self.options
    }

    pub(crate) fn now(&self) -> i64 {
        self.options.clock.wall()
    }

    /// What names this opening among the owners.
    pub(crate) fn owner(&self) -> &str {
        self.owner.as_ref().map_or("", |owner| &owner.token)
    }

    /// One transaction. With `durable` it is on disk when this returns; without, a power cut may undo it. What fails for reasons
    /// of the disk or the database changes nothing.
    pub(crate) fn write<T>(
        &mut self,
        durable: bool,
        mut work: impl FnMut(&mut Write<'_>) -> Result<T>,
    ) -> Result<T> {
        let outcome = self.write_once(durable, &mut work);
        match outcome {
            Err(error) if error.is_damage() => {
                self.salvage(&error)?;
                self.write_once(durable, &mut work)
            }
            // Its files were removed or replaced: what is there now is opened instead.
            Err(Error::Gone(_)) => {
                self.news.push(News::Reopened);
                self.write_once(durable, &mut work)
            }
            outcome => outcome,
        }
    }

    fn write_once<T>(
        &mut self,
        durable: bool,
        work: &mut dyn FnMut(&mut Write<'_>) -> Result<T>,
    ) -> Result<T> {
        self.make_sure_it_is_open()?;
        self.look_at_the_clock()?;
        let (now, wal) = (self.now(), self.options.durability.is_wal());
        let (Some(db), Some(owner)) = (&self.db, &self.owner) else {
            return Err(Error::Closed(self.folder.to_path_buf()));
        };
        let context = &db.context;
        let gate = Gate::lock(&db.gate, &self.folder)?;
        if !db.is_in_place() || !owner.is_in_place() {
            drop(gate);
            self.db = None;
            return Err(Error::Gone(self.folder.to_path_buf()));
        }
        db.sync_commits(durable || !wal, self.options.durability)?;
        fail::point("write.begin")?;
        let tx = Transaction::new_unchecked(&db.connection, TransactionBehavior::Immediate)
            .at(context)?;
        let flow = read::flow(&tx, context)?;
        let mut write = Write {
            tx: &tx,
            context,
            options: &self.options,
            owner: &owner.token,
            others: &mut self.others,
            takes: &mut self.takes,
            ballast: &db.ballast,
            now,
            flow: flow.clone(),
            unneeded: Vec::new(),
            may_drop: true,
            dropped: Vec::new(),
            taken_over: 0,
        };
        let outcome = work(&mut write);
        if let Err(error) = &outcome
            && breaks(error)
        {
            drop(tx);
            return outcome;
        }
        if write.flow != flow {
            let text = serde_json::to_string(&write.flow).unwrap_or_else(|_| "{}".to_owned());
            tx.prepare_cached("UPDATE meta SET flow = ?")
                .and_then(|mut statement| statement.execute([text]))
                .at(context)?;
        }
        let (unneeded, taken_over) = (std::mem::take(&mut write.unneeded), write.taken_over);
        drop(write);
        fail::point("write.commit")?;
        tx.commit().at(context)?;
        fail::point("write.committed")?;
        for sha256 in unneeded {
            db.delete_blob(&self.folder, &sha256);
        }
        drop(gate);
        if taken_over > 0 {
            self.news.push(News::TakenOver(taken_over));
        }
        outcome
    }

    /// Looks at the queue without changing it. No transaction outlives this.
    pub(crate) fn read<T>(
        &mut self,
        mut work: impl FnMut(&read::Read<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut tried = false;
        loop {
            self.make_sure_it_is_open()?;
            let Some(db) = &self.db else {
                return Err(Error::Closed(self.folder.to_path_buf()));
            };
            if !db.is_in_place() {
                self.news.push(News::Reopened);
                self.db = None;
                self.make_sure_it_is_open()?;
            }
            let Some(db) = &self.db else {
                return Err(Error::Closed(self.folder.to_path_buf()));
            };
            let read = read::Read {
                db: &db.connection,
                context: &db.context,
            };
            match work(&read) {
                Err(error) if error.is_damage() && !tried => {
                    tried = true;
                    self.salvage(&error)?;
                }
                outcome => return outcome,
            }
        }
    }

    /// After a failure that may be over, such as a disk that was full.
    pub(crate) fn close_until_needed(&mut self) {
        self.db = None;
    }

    /// The room that was kept for an emergency is used. Says whether there was any.
    pub(crate) fn use_ballast(&mut self) -> bool {
        let used = self.db.as_ref().is_some_and(|db| db.ballast.give());
        if used {
            self.news.push(News::BallastUsed);
        }
        used
    }

    /// Whether that room is there.
    pub(crate) fn has_ballast(&self) -> bool {
        self.db.as_ref().is_some_and(|db| db.ballast.is_there())
    }

    /// A sign of life for the owners of other processes.
    pub(crate) fn beat(&mut self) {
        if let Some(owner) = &mut self.owner {
            owner.beat();
        }
    }

    /// Tries whether the disk takes a write.
    pub(crate) fn probe(&mut self) -> Result<()> {
        self.write_once(true, &mut |write| write.clamp_waits())
    }

    /// A wall clock that was set must not make waits longer than they were meant to be.
    fn look_at_the_clock(&mut self) -> Result<()> {
        let clock = &self.options.clock;
        let offset = clock.wall().saturating_sub(clock.monotonic());
        let moved = offset.saturating_sub(self.offset);
        if moved.abs() < 5000 {
            return Ok(());
        }
        self.offset = offset;
        self.news.push(News::ClockSet(moved));
        self.write_once(true, &mut |write| write.clamp_waits())
    }
}

impl Db {
    /// Whether the folder still holds the files that are open here.
    fn is_in_place(&self) -> bool {
        files::identity(&self.context.file).is_ok_and(|now| now == self.identity)
    }

    /// Sets whether commits are synced, and makes sure that it holds.
    fn sync_commits(&self, synced: bool, durability: Durability) -> Result<()> {
        if self.synced.get() == synced {
            return Ok(());
        }
        let level = if synced {
            settings::synchronous(durability)
        } else {
            settings::NORMAL
        };
        let set = |level: i64| {
            self.connection
                .pragma_update(None, "synchronous", level)
                .and_then(|()| schema::pragma::<i64>(&self.connection, "synchronous"))
                .at(&self.context)
        };
        if set(level)? != level {
            return Err(self.context.database("`synchronous` cannot be set"));
        }
        self.synced.set(synced);
        Ok(())
    }

    /// Deletes a file, unless an item refers to it. Under the gate.
    fn delete_blob(&self, folder: &Path, sha256: &Sha256) {
        let needed = read::Read {
            db: &self.connection,
            context: &self.context,
        }
        .refers_to(sha256);
        // What cannot be deleted now is found by the upkeep.
        if let Ok(false) = needed {
            let _ = files::remove(&blob::path_of(folder, sha256));
        }
    }
}

/// The database file of a folder.
fn database(folder: &Path) -> PathBuf {
    folder.join("queue.db")
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
