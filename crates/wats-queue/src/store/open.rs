//! Making or taking over a folder.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::errors::{Context, Sql as _};
use super::owner::{self, Others, Owner};
use super::space::Ballast;
use super::{Db, Gate, News, Salvaged, Store, database, fail, files, network, schema, settings};
use crate::error::{Error, Result};
use crate::options::{Durability, QueueOptions};

impl Store {
    /// Opens the queue of a folder, and makes it if there is none.
    pub(crate) fn open(folder: &Path, mut options: QueueOptions) -> Result<Self> {
        files::make_folder_for_good(folder)?;
        let folder = folder
            .canonicalize()
            .map_err(|error| Error::io("opening", folder, &error))?;
        if let Some(name) = network::name(&folder) {
            if !options.allow_network {
                return Err(Error::Folder {
                    problem: format!(
                        "it is on a network file system ({name}), where several processes would damage it: \
                         use a folder of a local disk, or `allow_network(true)` and one process"
                    ),
                    folder,
                });
            }
            options.durability = Durability::Network;
        }
        let clock = &options.clock;
        let mut store = Self {
            offset: clock.wall().saturating_sub(clock.monotonic()),
            folder: folder.into(),
            options,
            db: None,
            owner: None,
            single: None,
            others: Others::default(),
            takes: 0,
            news: Vec::new(),
        };
        store.make_sure_it_is_open()?;
        Ok(store)
    }

    /// Opens what is closed: at first, and after a failure.
    pub(super) fn make_sure_it_is_open(&mut self) -> Result<()> {
        if self.db.is_some() {
            return Ok(());
        }
        match self.connect() {
            Err(error) if error.is_damage() => self.salvage(&error),
            // Opening writes a little, and a full disk has no room even for that.
            Err(error)
                if error.is_full() && Ballast::new(&self.folder, self.options.ballast).give() =>
            {
                self.news.push(News::BallastUsed);
                self.connect()
            }
            outcome => outcome,
        }
    }

    /// On a network file system one open queue is all there may be.
    fn alone(&self) -> Result<std::fs::File> {
        let file = files::open_or_make(&self.folder.join("single"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(error) => Err(Error::Folder {
                folder: self.folder.to_path_buf(),
                problem: format!(
                    "it is on a network file system, and another queue has it open or its locks do not work ({error})"
                ),
            }),
        }
    }

    pub(super) fn connect(&mut self) -> Result<()> {
        files::make_folder_for_good(&self.folder)?;
        for inner in ["owners", "blobs"] {
            files::make_folder(&self.folder.join(inner))?;
        }
        probe(&self.folder)?;
        if self.options.durability == Durability::Network && self.single.is_none() {
            self.single = Some(self.alone()?);
        }
        let gate = files::open_or_make(&self.folder.join("gate"))?;
        let locked = Gate::lock(&gate, &self.folder)?;
        if !self.owner.as_ref().is_some_and(Owner::is_in_place) {
            self.owner = Some(Owner::new(&self.folder)?);
        }
        let (_, unclean) = owner::count(&self.folder, self.owner());
        let path = database(&self.folder);
        let context = Context {
            folder: std::sync::Arc::clone(&self.folder),
            file: path.clone(),
        };
        // Made with the rights of its folder's user alone; SQLite gives its further files the same.
        files::make_file(&path)?;
        let connection = settings::settled(&path, &context, self.options.durability)?;
        let tx =
            Transaction::new_unchecked(&connection, TransactionBehavior::Immediate).at(&context)?;
        fail::point("open.migrate")?;
        let new = schema::migrate(&tx, &context, &self.options.target)?;
        fail::point("open.migrated")?;
        tx.commit().at(&context)?;
        // Made after the first commit: a folder that has it, and no tables, has lost them.
        let made = self.folder.join("made");
        if new && made.exists() {
            self.news.push(News::Salvaged(Salvaged::of_nothing(&path)));
        }
        files::make_file(&made)?;
        if self.options.sync_folders {
            files::sync_folder(&self.folder)?;
        }
        let identity =
            files::identity(&path).map_err(|error| Error::io("opening", &path, &error))?;
        let ballast = Ballast::new(&self.folder, self.options.ballast);
        ballast.fill(&self.folder);
        drop(locked);
        self.db = Some(Db {
            connection,
            context,
            identity,
            synced: std::cell::Cell::new(true),
            gate,
            ballast,
        });
        if unclean {
            self.news.push(News::UncleanEnd);
        }
        // The waits of items that others wrote down, by whatever clock they had. What a power cut undoes of it is done by who
        // opens it next.
        self.write(false, |write| {
            write.clamp_waits()?;
            write.take_over_ended()?;
            write.set_strictness()
        })
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        // What the last one does when it closes takes locks that others would have to wait for.
        let _ = self.gate.lock();
        if let Ok(connection) = Connection::open_in_memory() {
            drop(std::mem::replace(&mut self.connection, connection));
        }
        let _ = self.gate.unlock();
    }
}

/// Does once what the queue will do all the time, so that a folder that does not allow it is noticed now.
pub(super) fn probe(folder: &Path) -> Result<()> {
    let refused = |what: &str, error: &std::io::Error| Error::Folder {
        folder: folder.to_path_buf(),
        problem: format!(
            "{what} a file in it failed ({error}): it needs a user with all rights to it"
        ),
    };
    let token = fastrand::u64(..);
    let first = folder.join(format!("probe-{token:016x}"));
    let second = folder.join(format!("probe-{token:016x}-renamed"));
    let tried = (|| {
        let mut file = files::open_or_make(&first)?;
        file.write_all(b"probe")
            .map_err(|error| or_full(folder, &error, refused("writing", &error)))?;
        file.sync_all()
            .map_err(|error| or_full(folder, &error, refused("syncing", &error)))?;
        file.try_lock()
            .map_err(|error| refused("locking", &std::io::Error::other(error.to_string())))?;
        drop(file);
        fs::rename(&first, &second).map_err(|error| refused("renaming", &error))
    })();
    let _ = fs::remove_file(&first);
    let _ = fs::remove_file(&second);
    match tried {
        // A full disk must not keep a queue from being opened and emptied.
        Err(error) if error.is_full() => Ok(()),
        Err(Error::Io { problem, .. }) => Err(refused("making", &std::io::Error::other(problem))),
        outcome => outcome,
    }
}

fn or_full(folder: &Path, error: &std::io::Error, otherwise: Error) -> Error {
    match Error::io("writing", folder.join("probe"), error) {
        full @ Error::DiskFull { .. } => full,
        _ => otherwise,
    }
}
