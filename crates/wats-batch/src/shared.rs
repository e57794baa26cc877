//! The queue under its lock, and all that must happen outside of it: waking, dropping, spawning.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::bulk::Bulk;
use crate::entry::{AddOptions, Dedupe, EntryId, Index, Key, SiteId, State, WhenFull};
use crate::error::Answer;
use crate::metrics::Meter;
use crate::queue::{Deferred, Effects, Errand, Queue};
use crate::recovery::Recovery;
use crate::runtime::{self, Runtime};
use crate::sync::{Lock, LockGuard};
use crate::{BatchConfig, BatchStats, Policy, Priority, TryAddError};

/// Gives an item's ordering key.
pub(crate) type OrderBy<T> = Box<dyn Fn(&T) -> Key + Send + Sync>;

/// Tells which items are equal.
pub(crate) type DedupeBy<T, R, E> = Box<dyn Dedupe<Shared<T, R, E>, T, R, E>>;

/// What a batcher may do beyond its config; see the builder.
pub(crate) struct Options<T, R, E> {
    pub(crate) order_by: Option<OrderBy<T>>,
    pub(crate) dedupe: Option<DedupeBy<T, R, E>>,
    pub(crate) recovery: Option<Recovery<T, E>>,
    pub(crate) meter: Meter,
}

/// How to start a task of ours. A function pointer, so that only making a batcher needs the bounds of
/// `spawn`, and not every type that mentions one.
pub(crate) type SpawnFn<T, R, E> = fn(&Arc<Shared<T, R, E>>, Errand);

pub(crate) struct Shared<T, R, E> {
    pub(crate) queue: Lock<Queue<T, R, E>>,
    pub(crate) bulk: Bulk<T, R, E>,
    pub(crate) policy: Policy,
    pub(crate) options: Options<T, R, E>,
    spawn: SpawnFn<T, R, E>,
    workers: Lock<Vec<AbortHandle>>,
    /// Told when the batcher is closed, and when a closed one has answered everything.
    pub(crate) closing: Notify,
}

impl<T, R, E> Shared<T, R, E> {
    pub(crate) fn new(
        config: BatchConfig,
        bulk: Bulk<T, R, E>,
        options: Options<T, R, E>,
        spawn: SpawnFn<T, R, E>,
    ) -> Self {
        Self {
            policy: config.policy,
            // What is sent again must not be overtaken.
            queue: Lock::new(Queue::new(config, options.recovery.is_some())),
            bulk,
            options,
            spawn,
            workers: Lock::default(),
            closing: Notify::new(),
        }
    }

    /// Changes the queue, and does what that asks for.
    pub(crate) fn update<O>(
        self: &Arc<Self>,
        change: impl FnOnce(&mut Queue<T, R, E>, &mut Deferred<T, R, E>) -> O,
    ) -> O {
        let mut deferred = Deferred::default();
        let mut queue = self.queue.lock();
        let output = change(&mut queue, &mut deferred);
        let effects = queue.effects();
        drop(queue);
        deferred.wake();
        self.act(effects);
        output
    }

    /// Does what the queue asked for. Never under the lock.
    #[inline]
    pub(crate) fn act(self: &Arc<Self>, effects: Effects) {
        if effects.errands {
            self.run_errands();
        }
        if effects.idle {
            self.closing.notify_waiters();
        }
    }

    #[cold]
    fn run_errands(self: &Arc<Self>) {
        loop {
            let errand = self.queue.lock().errand();
            let Some(errand) = errand else { return };
            (self.spawn)(self, errand);
        }
    }

    // ---- callers -----------------------------------------------------------------------------

    /// Takes an item in: by itself, or by joining one with the same key.
    #[inline]
    pub(crate) fn begin(
        self: &Arc<Self>,
        item: T,
        priority: Priority,
        waker: Option<Waker>,
        when_full: WhenFull,
    ) -> Result<State<T, R, E>, TryAddError<T>> {
        // The user's key functions run here, never under the lock.
        let order_by = self.options.order_by.as_ref();
        let key = order_by.map(|order_by| order_by(&item));
        let options = AddOptions { priority, key };
        if let Some(dedupe) = &self.options.dedupe {
            return dedupe
                .join(self, item, options, when_full)
                .map(State::Joined);
        }
        let (entry, effects) = self.enter(item, waker, options, when_full)?;
        self.act(effects);
        Ok(State::Waiting(entry))
    }

    /// Takes an item into the queue. What it asks for is still to be done.
    #[inline]
    pub(crate) fn enter(
        &self,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<(EntryId, Effects), TryAddError<T>> {
        let runtime = runtime::here();
        let (mut queue, site) = self.lock_at(runtime);
        let (index, nth) = queue.enter(site, item, waker, options, when_full)?;
        let entry = EntryId {
            index,
            nth,
            runtime,
        };
        Ok((entry, queue.effects()))
    }

    /// The queue, and the site of this runtime in it.
    #[allow(clippy::inline_always, reason = "2 % of an `add`")]
    #[inline(always)]
    fn lock_at(&self, runtime: Runtime) -> (LockGuard<'_, Queue<T, R, E>>, SiteId) {
        let queue = self.queue.lock();
        if let Some(site) = queue.site_of(runtime) {
            return (queue, site);
        }
        drop(queue);
        self.register()
    }

    /// Makes the runtime of this code known to the queue.
    #[cold]
    fn register(&self) -> (LockGuard<'_, Queue<T, R, E>>, SiteId) {
        loop {
            // Only a handle is surely the runtime in which a task would be started from here.
            let handle = Handle::try_current().ok();
            let runtime = handle.as_ref().map(Handle::id);
            let mut queue = self.queue.lock();
            if let Some(site) = queue.site_of(runtime) {
                // It is not the last: we are in this runtime.
                drop(handle);
                return (queue, site);
            }
            let old = queue.register(runtime, handle);
            // The last hold on a runtime that has ended may run foreign code.
            drop(queue);
            drop(old);
        }
    }

    /// The answer, if it is there; otherwise makes sure that the task is woken.
    #[inline]
    pub(crate) fn poll(&self, index: Index, current: &Waker) -> Poll<Answer<R, E>> {
        let mut queue = self.queue.lock();
        let answer = queue.take_answer(index);
        if answer.is_pending() {
            return self.wait(queue, index, current);
        }
        answer
    }

    #[cold]
    fn wait(
        &self,
        mut queue: LockGuard<'_, Queue<T, R, E>>,
        index: Index,
        current: &Waker,
    ) -> Poll<Answer<R, E>> {
        let known = queue.waker(index).and_then(|known| known.as_ref());
        if known.is_some_and(|known| known.will_wake(current)) {
            return Poll::Pending;
        }
        drop(queue);
        // Cloning and dropping wakers is foreign code: it runs while the queue is not locked.
        let mut waker = Some(current.clone());
        let mut queue = self.queue.lock();
        let answer = queue.take_answer(index);
        if let Some(known) = queue.waker(index) {
            std::mem::swap(known, &mut waker);
        }
        answer
    }

    /// The caller of this item waits for it. If it does so in another runtime than the one that has asked
    /// for it, that one asks for it, too.
    #[inline]
    pub(crate) fn await_here(self: &Arc<Self>, entry: &mut EntryId) {
        let runtime = runtime::here();
        if runtime != entry.runtime && runtime.is_some() {
            entry.runtime = runtime;
            self.ask();
        }
    }

    /// This runtime, if there is one, asks for what has been added elsewhere.
    #[cold]
    fn ask(self: &Arc<Self>) {
        let runtime = runtime::here();
        if runtime.is_some() {
            let effects = {
                let (mut queue, site) = self.lock_at(runtime);
                queue.ask(site);
                queue.effects()
            };
            self.act(effects);
        }
    }

    #[cold]
    pub(crate) fn leave(self: &Arc<Self>, index: Index) {
        self.update(|queue, deferred| queue.leave(index, deferred));
    }

    // ---- tasks -------------------------------------------------------------------------------

    /// Starts a worker in a runtime, and keeps its handle for a close with a deadline.
    pub(crate) fn start_worker(
        &self,
        runtime: &Handle,
        worker: impl Future<Output = ()> + Send + 'static,
    ) {
        let worker = runtime.spawn(worker).abort_handle();
        let mut workers = self.workers.lock();
        workers.retain(|worker| !worker.is_finished());
        workers.push(worker);
    }

    // ---- flush and close ---------------------------------------------------------------------

    pub(crate) fn flush(self: &Arc<Self>) -> usize {
        self.ask();
        self.update(|queue, _| queue.flush())
    }

    /// Stops the intake, sends what waits, and ends the timers.
    pub(crate) fn close(self: &Arc<Self>) {
        self.ask();
        self.update(|queue, _| queue.close());
        self.closing.notify_waiters();
    }

    /// Waits until a closed batcher has answered everything.
    pub(crate) async fn until_idle(&self) {
        loop {
            // Registered before the look, so that no notice falls in between.
            let mut notice = pin!(self.closing.notified());
            notice.as_mut().enable();
            if self.queue.lock().is_idle() {
                return;
            }
            notice.await;
        }
    }

    /// Answers everything at once: what was not sent fails as closed, what was sent as interrupted.
    pub(crate) fn abort(self: &Arc<Self>) -> (usize, usize) {
        let failed = self.update(Queue::abort);
        let workers = std::mem::take(&mut *self.workers.lock());
        workers.iter().for_each(AbortHandle::abort);
        failed
    }

    pub(crate) fn stats(&self) -> BatchStats {
        let dedupe = self.options.dedupe.as_ref();
        BatchStats {
            deduplicated: dedupe.map_or(0, |dedupe| dedupe.joined()),
            ..self.queue.lock().snapshot()
        }
    }
}
