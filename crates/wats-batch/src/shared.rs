//! The queue under its lock, the answers under theirs, and all that must happen outside of both:
//! waking, dropping, spawning.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::task::Waker;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::add::State;
use crate::answers::{Answers, Caller};
use crate::bulk::Bulk;
use crate::core::slab::Key;
use crate::core::{Core, Manner, Receipt, Todo};
use crate::dedupe::Dedupe;
use crate::metrics::Meter;
use crate::recovery::Recovery;
use crate::sync::Lock;
use crate::{BatchConfig, BatchError, BatchStats, Policy, Priority, TryAddError};

/// Gives an item's ordering key.
pub(crate) type OrderBy<T> = Box<dyn Fn(&T) -> Key + Send + Sync>;

/// What a batcher may do beyond its config; see the builder.
pub(crate) struct Options<T, R, E> {
    pub(crate) order_by: Option<OrderBy<T>>,
    pub(crate) dedupe: Option<Box<dyn Dedupe<T, R, E>>>,
    pub(crate) recovery: Option<Recovery<T, E>>,
    pub(crate) meter: Meter,
}

/// Whether an item may wait for room in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    WaitForRoom,
    BeRefused,
}

/// How to start the two kinds of tasks. Function pointers, so that only making a batcher needs the
/// bounds of `spawn`, and not every type that mentions one.
pub(crate) struct Starters<T, R, E> {
    pub(crate) worker: fn(&Arc<Shared<T, R, E>>),
    pub(crate) timer: fn(&Arc<Shared<T, R, E>>),
}

pub(crate) struct Shared<T, R, E> {
    pub(crate) core: Lock<Core<T>>,
    pub(crate) answers: Answers<R, E>,
    pub(crate) bulk: Bulk<T, R, E>,
    pub(crate) policy: Policy,
    pub(crate) order_by: Option<OrderBy<T>>,
    pub(crate) dedupe: Option<Box<dyn Dedupe<T, R, E>>>,
    pub(crate) recovery: Option<Recovery<T, E>>,
    pub(crate) meter: Meter,
    starters: Starters<T, R, E>,
    /// The runtime of the first caller, for a flush from outside of any.
    runtime: OnceLock<Handle>,
    workers: Lock<Vec<AbortHandle>>,
    timer: Lock<Option<AbortHandle>>,
    /// Told when a closed batcher has answered everything.
    pub(crate) idle: Notify,
}

impl<T, R, E> fmt::Debug for Shared<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<T, R, E> Shared<T, R, E> {
    pub(crate) fn new(
        config: BatchConfig,
        bulk: Bulk<T, R, E>,
        options: Options<T, R, E>,
        starters: Starters<T, R, E>,
    ) -> Self {
        Self {
            policy: config.policy,
            core: Lock::new(Core::new(config)),
            answers: Answers::new(),
            bulk,
            order_by: options.order_by,
            dedupe: options.dedupe,
            recovery: options.recovery,
            meter: options.meter,
            starters,
            runtime: OnceLock::new(),
            workers: Lock::default(),
            timer: Lock::default(),
            idle: Notify::new(),
        }
    }

    /// Takes an item in: by itself, or by joining one with the same key.
    #[inline]
    pub(crate) fn begin(
        self: &Arc<Self>,
        item: T,
        priority: Priority,
        waker: Option<Waker>,
        may: May,
    ) -> Result<State<T, R, E>, TryAddError<T>> {
        // The user's key functions run here, never under the lock.
        let key = self.order_by.as_ref().map(|order_by| order_by(&item));
        let manner = Manner { priority, key };
        if let Some(dedupe) = &self.dedupe {
            return dedupe.join(self, item, manner, may).map(State::Joined);
        }
        let (receipt, todo) = self.enter(item, waker, manner, may)?;
        self.act(todo);
        Ok(State::Waiting(receipt))
    }

    /// Takes an item into the queue. What it asks for is still to be done.
    #[inline]
    pub(crate) fn enter(
        &self,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may: May,
    ) -> Result<(Receipt, Todo), TryAddError<T>> {
        let more = || self.answers.open();
        let mut core = self.core.lock();
        core.enter(item, waker, manner, may == May::WaitForRoom, more)
    }

    #[cold]
    pub(crate) fn leave(self: &Arc<Self>, receipt: Receipt) {
        let gone = self.core.lock().leave(receipt);
        if gone.withdrawn {
            self.answers.cancel(receipt.cell);
        } else {
            self.answers.leave(receipt.cell);
        }
        self.act(gone.todo);
    }

    /// Does what the core asked for. Never under the lock.
    #[inline]
    pub(crate) fn act(self: &Arc<Self>, todo: Todo) {
        if todo == Todo::default() {
            return;
        }
        if todo.start {
            (self.starters.worker)(self);
        }
        if todo.arm {
            (self.starters.timer)(self);
        }
        if todo.idle {
            self.idle.notify_waiters();
        }
    }

    /// The runtime to spawn on: the current one, else the one first seen.
    pub(crate) fn runtime(&self) -> Option<Handle> {
        match Handle::try_current() {
            Ok(handle) => {
                self.runtime.get_or_init(|| handle.clone());
                Some(handle)
            }
            Err(_) => self.runtime.get().cloned(),
        }
    }

    /// Keeps a worker's handle, for a close with a deadline.
    pub(crate) fn remember(&self, worker: AbortHandle) {
        let mut workers = self.workers.lock();
        workers.retain(|worker| !worker.is_finished());
        workers.push(worker);
    }

    /// Keeps the timer's handle, so that closing ends it.
    pub(crate) fn remember_timer(&self, timer: AbortHandle) {
        let closed = self.core.lock().is_closed();
        if closed {
            timer.abort();
        } else {
            *self.timer.lock() = Some(timer);
        }
    }

    pub(crate) fn flush(self: &Arc<Self>) -> usize {
        let (items, todo) = self.core.lock().flush();
        self.act(todo);
        items
    }

    /// Waits until a closed batcher has answered everything.
    pub(crate) async fn until_idle(&self) {
        loop {
            // Registered before the look, so that no notice falls in between.
            let mut notice = std::pin::pin!(self.idle.notified());
            notice.as_mut().enable();
            if self.core.lock().is_idle() {
                return;
            }
            notice.await;
        }
    }

    /// Stops the intake, sends what waits, and ends the timer.
    pub(crate) fn close(self: &Arc<Self>) {
        let todo = {
            let mut core = self.core.lock();
            core.close();
            core.todo()
        };
        self.act(todo);
        if let Some(timer) = self.timer.lock().take() {
            timer.abort();
        }
    }

    /// Answers everything at once: what was not sent fails as closed, what was sent as interrupted.
    pub(crate) fn cut_off(self: &Arc<Self>) -> (usize, usize) {
        let (mut unsent, mut sent, mut items) = (Vec::new(), Vec::new(), Vec::new());
        {
            let mut core = self.core.lock();
            core.close();
            core.take_unsent(&mut unsent, &mut items);
            core.take_sent(&mut sent);
        }
        let failed = (unsent.len(), sent.len());
        self.fail(unsent, &BatchError::Closed);
        self.fail(sent, &BatchError::Interrupted);
        let workers = std::mem::take(&mut *self.workers.lock());
        workers.iter().for_each(AbortHandle::abort);
        failed
    }

    /// Answers what was not sent with an error: there is nobody left to send it.
    pub(crate) fn give_up(self: &Arc<Self>, error: &BatchError<E>) {
        let (mut callers, mut items) = (Vec::new(), Vec::new());
        let todo = {
            let mut core = self.core.lock();
            core.take_unsent(&mut callers, &mut items);
            core.todo()
        };
        self.fail(callers, error);
        self.act(todo);
    }

    /// Answers these callers with the same error.
    pub(crate) fn fail(&self, callers: Vec<Caller>, error: &BatchError<E>) {
        let (mut wakers, mut leftovers) = (Vec::new(), Vec::new());
        let answers = callers
            .into_iter()
            .map(|caller| (caller, Err(error.clone())));
        self.answers.deliver(answers, &mut wakers, &mut leftovers);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn stats(&self) -> BatchStats {
        let failed = self.answers.failed();
        let core = self.core.lock();
        let mut stats = core.counters.snapshot();
        stats.failed = failed;
        stats.pending = core.pending() as u64;
        stats.in_flight = core.in_flight() as u64;
        stats.deduplicated = self.dedupe.as_ref().map_or(0, |dedupe| dedupe.joined());
        stats
    }
}
