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
use crate::core::{Core, Manner, Todo, Unsent};
use crate::dedupe::Dedupe;
use crate::list::Index;
use crate::metrics::Meter;
use crate::recovery::Recovery;
use crate::sync::{Lock, LockGuard};
use crate::trays::{Left, Tray, TrayId, Trays};
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

/// What a caller holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    /// The item's number: its slot in the queue, and the cell its answer will be in.
    pub(crate) index: Index,
    /// The tray it was left in; it may be in the queue by now.
    tray: Option<TrayId>,
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
    pub(crate) trays: Trays<T>,
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
        // What is sent again must not be overtaken.
        let sends_again = options.recovery.is_some();
        Self {
            policy: config.policy,
            core: Lock::new(Core::new(config, sends_again)),
            answers: Answers::new(),
            trays: Trays::new(),
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
        let manner = Manner {
            priority,
            key,
            flight: 0,
        };
        if let Some(dedupe) = &self.dedupe {
            return dedupe.join(self, item, manner, may).map(State::Joined);
        }
        let (receipt, todo) = self.enter(item, waker, manner, may)?;
        self.act(todo);
        Ok(State::Waiting(receipt))
    }

    /// Takes an item in: into the queue, or into the tray of this thread if it is open. What it asks
    /// for is still to be done.
    #[inline]
    pub(crate) fn enter(
        &self,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may: May,
    ) -> Result<(Receipt, Todo), TryAddError<T>> {
        if let Some(id) = self.trays.here() {
            return self.enter_by_tray(id, item, waker, manner, may);
        }
        let core = self.core.lock();
        self.enter_queue(core, item, waker, manner, may)
    }

    /// As [`enter`](Self::enter), where the tray of this thread looks open.
    #[inline]
    fn enter_by_tray(
        &self,
        id: TrayId,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may: May,
    ) -> Result<(Receipt, Todo), TryAddError<T>> {
        let mut tray = self.trays.lock(id);
        let waker = match waker {
            // Who may be refused has to ask the queue.
            Some(waker) if may == May::WaitForRoom => {
                let Some(index) = tray.admit(|| self.answers.open()) else {
                    return self.enter_behind(tray, item, Some(waker), manner, may);
                };
                tray.leave(Left {
                    item,
                    waker,
                    priority: manner.priority,
                    index,
                });
                let receipt = Receipt {
                    index,
                    tray: Some(id),
                };
                return Ok((receipt, Todo::default()));
            }
            waker => waker,
        };
        self.enter_behind(tray, item, waker, manner, may)
    }

    /// Takes an item into the queue, behind what lies in the tray of its thread.
    #[cold]
    fn enter_behind(
        &self,
        mut tray: LockGuard<'_, Tray<T>>,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may: May,
    ) -> Result<(Receipt, Todo), TryAddError<T>> {
        let mut refused = Unsent::default();
        let mut core = self.core.lock();
        core.take_in(&mut tray, &mut refused);
        drop(tray);
        let entered = self.enter_queue(core, item, waker, manner, may);
        self.fail(refused.callers, &BatchError::Closed);
        entered
    }

    #[inline]
    fn enter_queue(
        &self,
        mut core: LockGuard<'_, Core<T>>,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may: May,
    ) -> Result<(Receipt, Todo), TryAddError<T>> {
        let more = || self.answers.open();
        let (index, todo) = core.enter(item, waker, manner, may == May::WaitForRoom, more)?;
        Ok((Receipt { index, tray: None }, todo))
    }

    /// Closes a worker's tray, and gives the queue with what lay in it taken in.
    pub(crate) fn take_in(
        &self,
        tray: Option<TrayId>,
        refused: &mut Unsent<T>,
    ) -> LockGuard<'_, Core<T>> {
        let Some(id) = tray else {
            return self.core.lock();
        };
        self.trays.close(id, |tray| {
            let mut core = self.core.lock();
            core.take_in(tray, refused);
            core
        })
    }

    /// Brings what lies in all trays into the queue, which then still has to be asked what to do.
    fn empty_trays(&self) {
        let mut refused = Unsent::default();
        for id in self.trays.open_ones() {
            let mut tray = self.trays.lock(id);
            self.core.lock().take_in(&mut tray, &mut refused);
        }
        self.fail(refused.callers, &BatchError::Closed);
    }

    #[cold]
    pub(crate) fn leave(self: &Arc<Self>, receipt: Receipt) {
        let Receipt { index, tray } = receipt;
        // In the tray, or else it has come into the queue: never in between, see `take_in`.
        let left = tray.and_then(|id| self.trays.lock(id).withdraw(index));
        if left.is_some() {
            self.core.lock().counters.withdrawn_early();
            self.answers.cancel(index);
            return;
        }
        let gone = self.core.lock().leave(index);
        if gone.withdrawn {
            self.answers.cancel(index);
        } else {
            self.answers.leave(index);
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
        self.empty_trays();
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
        self.empty_trays();
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
        self.empty_trays();
        let (mut unsent, mut sent) = (Unsent::default(), Vec::new());
        {
            let mut core = self.core.lock();
            core.close();
            core.take_unsent(&mut unsent);
            core.take_sent(&mut sent);
        }
        let failed = (unsent.callers.len(), sent.len());
        self.fail(unsent.callers, &BatchError::Closed);
        self.fail(sent, &BatchError::Interrupted);
        let workers = std::mem::take(&mut *self.workers.lock());
        workers.iter().for_each(AbortHandle::abort);
        failed
    }

    /// Answers what was not sent with an error: there is nobody left to send it.
    pub(crate) fn give_up(self: &Arc<Self>, error: &BatchError<E>) {
        let mut unsent = Unsent::default();
        let todo = {
            let mut core = self.core.lock();
            core.take_unsent(&mut unsent);
            core.todo()
        };
        self.fail(unsent.callers, error);
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

    pub(crate) fn stats(self: &Arc<Self>) -> BatchStats {
        self.empty_trays();
        let failed = self.answers.failed();
        let mut core = self.core.lock();
        let todo = core.todo();
        let mut stats = core.counters.snapshot();
        stats.failed = failed;
        stats.pending = core.pending() as u64;
        stats.in_flight = core.in_flight() as u64;
        stats.deduplicated = self.dedupe.as_ref().map_or(0, |dedupe| dedupe.joined());
        drop(core);
        self.act(todo);
        stats
    }
}
