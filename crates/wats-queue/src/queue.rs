//! The queue as its users see it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::entry::{BodyWriter, Entry};
use crate::error::{Error, Result};
use crate::events::{Events, Hub};
use crate::health::Health;
use crate::item::{Body, Item, Key, Past, Receipt};
use crate::options::QueueOptions;
use crate::reply::{Pending, Reply, pending};
use crate::store::{Filter, FolderFacts, Store, Write};
use crate::thread::{Awaited, Change, Inbox, Op, Status, start};

/// A durable queue in a folder. Any number of processes may have the same folder open, and any number of handles share one
/// opening: a clone is one more handle.
///
/// What is asked of it is done by a thread of its own, whatever runtime there is or is not. When the last handle is dropped,
/// what was asked before is done, and the thread ends; [`close`](Self::close) waits for that.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) folder: Arc<Path>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) options: QueueOptions,
    /// Threads that write large bodies.
    large: Arc<AtomicUsize>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

/// So many large bodies are written at a time.
const MOST_LARGE: usize = 32;

impl Queue {
    /// Opens the queue of a folder, and makes it if there is none: tries whether the folder can hold one, brings older formats to
    /// this one, sets a damaged database aside and salvages what can be read of it, and takes over from processes that
    /// have ended. This blocks for some milliseconds; within a runtime use [`open`](Self::open).
    ///
    /// # Errors
    /// When the folder cannot hold a queue, belongs to another target, or was made by a newer version.
    pub fn open_blocking(folder: impl AsRef<Path>, options: QueueOptions) -> Result<Self> {
        Self::start(Store::open(folder.as_ref(), options)?)
    }

    /// The same, on a thread of its own.
    ///
    /// # Errors
    /// As [`open_blocking`](Self::open_blocking).
    pub async fn open(folder: impl AsRef<Path>, options: QueueOptions) -> Result<Self> {
        let folder: Arc<Path> = folder.as_ref().into();
        let (reply, answer) = pending(&folder);
        thread::Builder::new()
            .name("wats-queue-open".to_owned())
            .spawn({
                let folder = Arc::clone(&folder);
                move || reply.send(Store::open(&folder, options).and_then(Self::start))
            })
            .map_err(|error| Error::io("starting a thread for", &folder, &error))?;
        answer.await
    }

    /// Whether a folder has a queue, or had one whose database is gone.
    pub fn is_in(folder: impl AsRef<Path>) -> bool {
        crate::store::is_in(folder.as_ref())
    }

    /// Tries whether a folder, which must be there, can hold a queue, and measures it; nothing is left in it. This blocks
    /// for some milliseconds.
    ///
    /// # Errors
    /// When the folder cannot hold a queue.
    pub fn inspect(folder: impl AsRef<Path>) -> Result<FolderFacts> {
        crate::store::inspect(folder.as_ref())
    }

    fn start(store: Store) -> Result<Self> {
        let hub = Arc::new(Hub::default());
        let folder = Arc::clone(store.folder());
        let options = store.options().clone();
        let inbox = start(store, Arc::clone(&hub))?;
        Ok(Self(Arc::new(Shared {
            inbox,
            folder,
            hub,
            options,
            large: Arc::default(),
        })))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }

    fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.0
            .ask(|reply| Op::Look(Box::new(move |store| reply.send(look(store)))))
    }

    fn change<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Write<'_>) -> Result<T> + Send + 'static,
    ) -> Pending<T> {
        self.0.ask(|reply| {
            Op::Change(Box::new(Typed {
                work,
                value: None,
                reply,
            }))
        })
    }

    /// Stores an entry. It is on disk when this is ready, or nothing is. The work is under way when this returns: dropping the
    /// answer does not undo it.
    ///
    /// Where the newest open item of the key has the same bytes, or the same bytes were the last that were sent under it,
    /// nothing is stored and the receipt says so. An older item of the same key that is set aside is replaced; one that is
    /// not is sent first.
    ///
    /// # Errors
    /// [`Error::Full`] and its kin when there is no room; what the disk says.
    pub fn enqueue(&self, entry: Entry) -> Pending<Receipt> {
        let limit = self.0.options.inline_limit;
        if entry.is_small(limit) {
            return self
                .0
                .ask_or_fail(|| entry.into_item(&self.0.folder, limit), Op::enqueue);
        }
        let (reply, answer) = pending(&self.0.folder);
        let large = Arc::clone(&self.0.large);
        if large.fetch_add(1, Ordering::SeqCst) >= MOST_LARGE {
            large.fetch_sub(1, Ordering::SeqCst);
            reply.send(Err(Error::Full {
                what: "large bodies on their way to the disk",
                limit: MOST_LARGE as u64,
            }));
            return answer;
        }
        let shared = Arc::clone(&self.0);
        let spawned = thread::Builder::new()
            .name("wats-queue-body".to_owned())
            .spawn(move || {
                let item = entry.into_item(&shared.folder, limit);
                large.fetch_sub(1, Ordering::SeqCst);
                match item {
                    Ok(item) => shared.push(|reply| Op::enqueue(item, reply), reply),
                    Err(error) => reply.send(Err(error)),
                }
            });
        if spawned.is_err() {
            self.0.large.fetch_sub(1, Ordering::SeqCst);
        }
        answer
    }

    /// Writes a body piece by piece, for [`Entry::written`].
    pub fn writer(&self) -> BodyWriter {
        BodyWriter::new(Arc::clone(&self.0.folder), self.0.options.inline_limit)
    }

    /// Waits until what a receipt is for has ended or was set aside, and no longer than this.
    ///
    /// # Errors
    /// What the disk says.
    pub fn settled(&self, receipt: &Receipt, within: Duration) -> Pending<Status> {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        let now = self.0.options.clock.monotonic();
        let seq = receipt.seq;
        self.0.ask(|reply| {
            Op::Await(Awaited {
                seq,
                until: now.saturating_add(within),
                reply,
            })
        })
    }

    /// Where the newest item of a key stands.
    ///
    /// # Errors
    /// What the disk says.
    pub fn status(&self, key: Key) -> Pending<Status> {
        self.look(move |store| {
            store.read(|read| {
                if let Some(item) = read.newest(&key)? {
                    return Ok(Status::Open(Box::new(item)));
                }
                Ok(read
                    .last_receipt(&key)?
                    .map_or(Status::Unknown, Status::Ended))
            })
        })
    }

    /// All that happens from now on.
    pub fn events(&self) -> Events {
        self.0.hub.listen()
    }

    /// How the queue is. This counts all items: not to be asked many times a second where there are a million.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn health(&self) -> Pending<Health> {
        self.0.ask(Op::Health)
    }

    /// Items in the order in which they came, a page at a time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn list(&self, filter: Filter) -> Pending<Vec<Item>> {
        self.look(move |store| store.read(|read| read.list(&filter)))
    }

    /// The body of the newest open item of a key, as it is stored.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is none.
    pub fn body(&self, key: Key) -> Pending<Body> {
        self.look(move |store| {
            store.read(|read| {
                let item = read.newest(&key)?.ok_or(Error::Unknown(key))?;
                read.body(item.seq)?.ok_or(Error::Unknown(key))
            })
        })
    }

    /// Sends what is set aside under a key again, with the same bytes, and what waits at once. Says how many items that are.
    ///
    /// # Errors
    /// [`Error::Unknown`] and [`Error::WrongState`].
    pub fn retry(&self, key: Key) -> Pending<u64> {
        self.change(move |write| write.retry(&key))
    }

    /// Puts other bytes in the place of what is set aside: an [`enqueue`](Self::enqueue) that is an error when nothing of this key is
    /// in the queue.
    ///
    /// # Errors
    /// [`Error::Unknown`], and those of `enqueue`.
    pub async fn replace(&self, entry: Entry) -> Result<Receipt> {
        let key = entry.key;
        match self.status(key).await? {
            Status::Open(_) => self.enqueue(entry).await,
            _ => Err(Error::Unknown(key)),
        }
    }

    /// Ends all items of a key that nobody is sending. Their receipts say why. The bodies are gone.
    ///
    /// # Errors
    /// [`Error::Unknown`] and [`Error::WrongState`].
    pub fn discard(&self, key: Key, why: impl Into<String>) -> Pending<Vec<Past>> {
        let why = why.into();
        self.change(move |write| write.discard(&key, &why))
    }

    /// Looks through the whole database on a thread of its own. Damage is dealt with as always, and an
    /// [`Event::Salvaged`](crate::Event::Salvaged) tells of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] with what was found.
    pub fn check(&self) -> Pending<()> {
        let (reply, answer) = pending(&self.0.folder);
        let shared = Arc::clone(&self.0);
        let _ = thread::Builder::new()
            .name("wats-queue-check".to_owned())
            .spawn(move || {
                let outcome = crate::store::check(&shared.folder);
                shared.inbox.push(Op::Checked(outcome.clone()));
                reply.send(outcome);
            });
        answer
    }

    /// Gives all free room in the database back to the disk. The queue does that by itself when there is much of it.
    ///
    /// # Errors
    /// What the disk says.
    pub fn compact(&self) -> Pending<()> {
        self.look(Store::compact)
    }

    /// Does what was asked before, writes the log into the database, and closes it. Other handles of this opening are errors from
    /// here on; leases of a drain that is still running are given back.
    ///
    /// # Errors
    /// What the disk says of the last write.
    pub fn close(&self) -> Pending<()> {
        self.0.ask(Op::Close)
    }
}

impl Shared {
    /// Asks the thread. When it takes no more, the answer says so.
    pub(crate) fn ask<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Pending<T> {
        let (reply, answer) = pending(&self.folder);
        self.push(op, reply);
        answer
    }

    /// Asks the thread for what is bounded in another way.
    pub(crate) fn insist<T>(&self, op: impl FnOnce(Reply<T>) -> Op) -> Pending<T> {
        let (reply, answer) = pending(&self.folder);
        self.inbox.push(op(reply));
        answer
    }

    fn push<T>(&self, op: impl FnOnce(Reply<T>) -> Op, reply: Reply<T>) {
        match self.inbox.room() {
            Ok(()) => self.inbox.push(op(reply)),
            Err(error) => reply.send(Err(error)),
        }
    }

    fn ask_or_fail<T, V>(
        &self,
        value: impl FnOnce() -> Result<V>,
        op: impl FnOnce(V, Reply<T>) -> Op,
    ) -> Pending<T> {
        let (reply, answer) = pending(&self.folder);
        match value() {
            Ok(value) => self.push(|reply| op(value, reply), reply),
            Err(error) => reply.send(Err(error)),
        }
        answer
    }
}

/// A change with what it gives back, which is known before it is on disk.
struct Typed<T, F> {
    work: F,
    value: Option<T>,
    reply: Reply<T>,
}

impl<T, F> Change for Typed<T, F>
where
    T: Send,
    F: FnMut(&mut Write<'_>) -> Result<T> + Send,
{
    fn run(&mut self, write: &mut Write<'_>) -> Result<()> {
        self.value = None;
        self.value = Some((self.work)(write)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        match (outcome, self.value) {
            (Err(error), _) => self.reply.send(Err(error)),
            (Ok(()), Some(value)) => self.reply.send(Ok(value)),
            (Ok(()), None) => drop(self.reply),
        }
    }
}
