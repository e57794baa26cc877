//! What is asked of the thread of a queue, in the order in which it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::health::Health;
use crate::item::{Item, Past, Receipt};
use crate::plan::Verdict;
use crate::reply::Reply;
use crate::store::{Confirmation, Lease, Leased, NewItem, Store, Wanted, Write};

/// Something to be done within a transaction.
pub(crate) trait Change: Send {
    /// Does it. It may be called twice, when the first one was undone.
    fn run(&mut self, write: &mut Write<'_>) -> Result<()>;

    /// It is on disk, or it failed.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

pub(crate) enum Op {
    Enqueue(Box<NewItem>, Reply<Receipt>),
    /// Answered when there is something, and with nothing when the credential is to be looked at anew.
    Take(Wanted, Reply<Vec<Handed>>),
    Settle(Lease, Verdict, Option<Reply<bool>>),
    Change(Box<dyn Change>),
    Look(Box<dyn FnOnce(&mut Store) + Send>),
    Health(Reply<Health>),
    Await(Awaited),
    /// Answered when it is time to ask what became of them.
    Unconfirmed(Reply<Vec<(Item, String)>>),
    Confirm(i64, Confirmation),
    /// A look through the whole file has ended.
    Checked(Result<()>),
    Close(Reply<()>),
}

impl Op {
    pub(crate) fn enqueue(new: NewItem, reply: Reply<Receipt>) -> Self {
        Self::Enqueue(Box::new(new), reply)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Enqueue(new, _) => new.body.in_memory(),
            _ => 0,
        }
    }
}

/// Somebody waits for the end of an item.
pub(crate) struct Awaited {
    pub(crate) seq: i64,
    /// By the monotonic clock.
    pub(crate) until: i64,
    pub(crate) reply: Reply<Status>,
}

/// Where something stands that was enqueued.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Status {
    /// It has ended.
    Ended(Past),
    /// It is in the queue.
    Open(Box<Item>),
    /// Nothing is known of it: its receipt was too old to be kept.
    Unknown,
}

/// A leased item on its way to who delivers it. Dropped without a word, it is given back.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) leased: Leased,
    inbox: Option<Arc<Inbox>>,
}

impl Handed {
    pub(crate) fn new(leased: Leased, inbox: &Arc<Inbox>) -> Self {
        Self {
            leased,
            inbox: Some(Arc::clone(inbox)),
        }
    }

    /// Says what became of it.
    pub(crate) fn settle(mut self, verdict: Verdict, reply: Option<Reply<bool>>) {
        if let Some(inbox) = self.inbox.take() {
            inbox.push(Op::Settle(self.leased.lease, verdict, reply));
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some(inbox) = self.inbox.take() {
            inbox.push(Op::Settle(self.leased.lease, Verdict::GivenBack, None));
        }
    }
}

/// More than this is not taken in: the disk stands still, and memory is no queue.
const MOST_OPS: usize = 65_536;
const MOST_BYTES: usize = 256 << 20;

#[derive(Default)]
struct Waiting {
    ops: VecDeque<Op>,
    bytes: usize,
    closed: bool,
}

#[derive(Default)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}

impl Inbox {
    /// Whether more may be asked for.
    pub(crate) fn room(&self) -> Result<()> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (what, limit) = if waiting.ops.len() >= MOST_OPS {
            ("operations under way", MOST_OPS)
        } else if waiting.bytes >= MOST_BYTES {
            ("bytes under way to the disk", MOST_BYTES)
        } else {
            return Ok(());
        };
        Err(Error::Full {
            what,
            limit: limit as u64,
        })
    }

    /// Asks for something. When nobody takes it any more, its reply is dropped, which says so.
    pub(crate) fn push(&self, op: Op) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            drop(waiting);
            drop(op);
            return;
        }
        waiting.bytes = waiting.bytes.saturating_add(op.bytes());
        waiting.ops.push_back(op);
        drop(waiting);
        self.filled.notify_one();
    }

    /// All that is there, within the bounds of a group; after this time nothing. None when it is closed and empty.
    pub(crate) fn next(
        &self,
        time: Option<Duration>,
        most: usize,
        bytes: usize,
    ) -> Option<Vec<Op>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.ops.is_empty() && !waiting.closed {
            waiting = if let Some(time) = time {
                let woken = self.filled.wait_timeout(waiting, time);
                woken.unwrap_or_else(PoisonError::into_inner).0
            } else {
                let woken = self.filled.wait(waiting);
                woken.unwrap_or_else(PoisonError::into_inner)
            };
        }
        if waiting.ops.is_empty() && waiting.closed {
            return None;
        }
        let (mut taken, mut size) = (Vec::new(), 0_usize);
        while taken.len() < most && size < bytes {
            let Some(op) = waiting.ops.pop_front() else {
                break;
            };
            size = size.saturating_add(op.bytes());
            taken.push(op);
        }
        waiting.bytes = waiting.bytes.saturating_sub(size);
        Some(taken)
    }

    /// Nothing more is taken in; what is there is done.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.closed = true;
        drop(waiting);
        self.filled.notify_all();
    }

    /// What nobody will do any more: the replies are dropped, which says so.
    pub(crate) fn abandon(&self) {
        self.close();
        let left = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut waiting.ops)
        };
        drop(left);
    }
}
