//! The queue under its lock, the answers under theirs, and all that must happen outside of both:
//! waking, dropping, spawning.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::answers::{Answers, Waiter};
use crate::bulk::Bulk;
use crate::core::site::SiteId;
use crate::core::slab::Key;
use crate::core::{AddOptions, Core, Drained, Effects, Errand};
use crate::entry::{Dedupe, EntryId, State, WhenFull};
use crate::foreign::{let_go, wake_all};
use crate::intake::{BufferId, Buffered, IntakeBuffer, IntakeBuffers};
use crate::metrics::Meter;
use crate::recovery::Recovery;
use crate::runtime::{self, Runtime};
use crate::sync::{AtomicBool, AtomicUsize, Lock, LockGuard, Ordering};
use crate::{BatchConfig, BatchError, BatchStats, Policy, Priority, TryAddError};

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
pub(crate) type Starter<T, R, E> = fn(&Arc<Shared<T, R, E>>, Errand);

pub(crate) struct Shared<T, R, E> {
    pub(crate) core: Lock<Core<T>>,
    pub(crate) answers: Answers<R, E>,
    pub(crate) buffers: IntakeBuffers<T>,
    pub(crate) bulk: Bulk<T, R, E>,
    pub(crate) policy: Policy,
    pub(crate) order_by: Option<OrderBy<T>>,
    pub(crate) dedupe: Option<DedupeBy<T, R, E>>,
    pub(crate) recovery: Option<Recovery<T, E>>,
    pub(crate) meter: Meter,
    starter: Starter<T, R, E>,
    workers: Lock<Vec<AbortHandle>>,
    timers: Lock<Vec<AbortHandle>>,
    /// Workers that are telling the callers of an ended call.
    telling: AtomicUsize,
    closed: AtomicBool,
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
        starter: Starter<T, R, E>,
    ) -> Self {
        // What is sent again must not be overtaken.
        let sends_again = options.recovery.is_some();
        Self {
            policy: config.policy,
            core: Lock::new(Core::new(config, sends_again)),
            answers: Answers::new(),
            buffers: IntakeBuffers::new(),
            bulk,
            order_by: options.order_by,
            dedupe: options.dedupe,
            recovery: options.recovery,
            meter: options.meter,
            starter,
            workers: Lock::default(),
            timers: Lock::default(),
            telling: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
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
        when_full: WhenFull,
    ) -> Result<State<T, R, E>, TryAddError<T>> {
        // The user's key functions run here, never under the lock.
        let key = self.order_by.as_ref().map(|order_by| order_by(&item));
        let options = AddOptions {
            priority,
            key,
            flight: 0,
        };
        if let Some(dedupe) = &self.dedupe {
            return dedupe
                .join(self, item, options, when_full)
                .map(State::Joined);
        }
        let (entry, effects) = self.enter(item, waker, options, when_full)?;
        self.act(effects);
        Ok(State::Waiting(entry))
    }

    /// Takes an item in: into the queue, or into the buffer of this thread if it is open. What it asks
    /// for is still to be done.
    #[inline]
    pub(crate) fn enter(
        &self,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<(EntryId, Effects), TryAddError<T>> {
        let runtime = runtime::here();
        if let Some(id) = self.buffers.here() {
            return self.enter_by_buffer(id, runtime, item, waker, options, when_full);
        }
        let core = self.core.lock();
        self.enter_queue(core, runtime, item, waker, options, when_full)
    }

    /// As [`enter`](Self::enter), where the buffer of this thread looks open.
    #[inline]
    fn enter_by_buffer(
        &self,
        id: BufferId,
        runtime: Runtime,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<(EntryId, Effects), TryAddError<T>> {
        let mut buffer = self.buffers.lock(id);
        let waker = match waker {
            // Who may be refused has to ask the queue.
            Some(waker) if when_full == WhenFull::Wait => {
                let Some(index) = buffer.admit(runtime, || self.answers.open()) else {
                    return self.enter_behind(
                        buffer,
                        runtime,
                        item,
                        Some(waker),
                        options,
                        when_full,
                    );
                };
                buffer.leave(Buffered {
                    item,
                    waker,
                    priority: options.priority,
                    index,
                });
                let entry = EntryId {
                    index,
                    buffer: Some(id),
                    runtime,
                };
                return Ok((entry, Effects::default()));
            }
            waker => waker,
        };
        self.enter_behind(buffer, runtime, item, waker, options, when_full)
    }

    /// Takes an item into the queue, behind what lies in the buffer of its thread.
    #[cold]
    fn enter_behind(
        &self,
        mut buffer: LockGuard<'_, IntakeBuffer<T>>,
        runtime: Runtime,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<(EntryId, Effects), TryAddError<T>> {
        let mut refused = Drained::default();
        let mut core = self.core.lock();
        core.take_in(&mut buffer, &mut refused);
        drop(buffer);
        let entered = self.enter_queue(core, runtime, item, waker, options, when_full);
        self.fail(std::mem::take(&mut refused.callers), &BatchError::Closed);
        entered
    }

    #[inline]
    fn enter_queue(
        &self,
        core: LockGuard<'_, Core<T>>,
        runtime: Runtime,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<(EntryId, Effects), TryAddError<T>> {
        let (mut core, site) = match core.site_of(runtime) {
            Some(site) => (core, site),
            None => self.register(core),
        };
        let more = || self.answers.open();
        let (index, effects) = core.enter(
            site,
            item,
            waker,
            options,
            when_full == WhenFull::Wait,
            more,
        )?;
        let entry = EntryId {
            index,
            buffer: None,
            runtime,
        };
        Ok((entry, effects))
    }

    /// Makes the runtime of this code known to the queue.
    #[cold]
    fn register<'a>(&'a self, core: LockGuard<'a, Core<T>>) -> (LockGuard<'a, Core<T>>, SiteId) {
        // Only a handle is surely the runtime in which a task would be started from here.
        drop(core);
        let handle = Handle::try_current().ok();
        let runtime = handle.as_ref().map(Handle::id);
        let mut core = self.core.lock();
        if let Some(site) = core.site_of(runtime) {
            drop(core);
            drop(handle);
            return (self.core.lock(), site);
        }
        let (site, old) = core.register(runtime, handle);
        if old.is_some() {
            // The last hold on a runtime that has ended may run foreign code.
            drop(core);
            drop(old);
            core = self.core.lock();
        }
        (core, site)
    }

    /// This runtime asks for what has been added elsewhere.
    fn ask(&self) -> LockGuard<'_, Core<T>> {
        let core = self.core.lock();
        let runtime = runtime::here();
        if runtime.is_none() {
            return core;
        }
        let (mut core, site) = match core.site_of(runtime) {
            Some(site) => (core, site),
            None => self.register(core),
        };
        core.ask(site);
        core
    }

    /// The caller of this item waits for it. If it does so in another runtime than the one that has asked
    /// for it, that one asks for it, too.
    #[inline]
    pub(crate) fn await_here(self: &Arc<Self>, entry: &mut EntryId) {
        let runtime = runtime::here();
        if runtime != entry.runtime && runtime.is_some() {
            entry.runtime = runtime;
            self.ask_here();
        }
    }

    #[cold]
    fn ask_here(self: &Arc<Self>) {
        self.empty_buffers();
        let effects = self.ask().effects();
        self.act(effects);
    }

    /// Closes a worker's buffer, and gives the queue with what lay in it taken in.
    pub(crate) fn take_in(
        &self,
        buffer: Option<BufferId>,
        refused: &mut Drained<T>,
    ) -> LockGuard<'_, Core<T>> {
        let Some(id) = buffer else {
            return self.core.lock();
        };
        self.buffers.close(id, |buffer| {
            let mut core = self.core.lock();
            core.take_in(buffer, refused);
            core
        })
    }

    /// Brings what lies in all buffers into the queue, which then still has to be asked what to do.
    fn empty_buffers(&self) {
        let mut refused = Drained::default();
        for id in self.buffers.open_ones() {
            let mut buffer = self.buffers.lock(id);
            self.core.lock().take_in(&mut buffer, &mut refused);
        }
        self.fail(std::mem::take(&mut refused.callers), &BatchError::Closed);
    }

    #[cold]
    pub(crate) fn leave(self: &Arc<Self>, entry: EntryId) {
        let EntryId { index, buffer, .. } = entry;
        // In the buffer, or else it has come into the queue: never in between, see `take_in`.
        let left = buffer.and_then(|id| self.buffers.lock(id).withdraw(index));
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
        self.act(gone.effects);
    }

    /// Does what the core asked for. Never under the lock.
    #[inline]
    pub(crate) fn act(self: &Arc<Self>, effects: Effects) {
        if effects.errands {
            self.run_errands();
        }
        if effects.idle {
            self.idle.notify_waiters();
        }
    }

    #[cold]
    fn run_errands(self: &Arc<Self>) {
        loop {
            let errand = self.core.lock().errand();
            let Some(errand) = errand else { return };
            (self.starter)(self, errand);
        }
    }

    /// The runtime of this site has ended.
    #[cold]
    pub(crate) fn ended(self: &Arc<Self>, site: SiteId) {
        let mut unsent = Drained::default();
        let (handle, effects) = self.core.lock().ended(site, &mut unsent);
        drop(handle);
        self.fail(std::mem::take(&mut unsent.callers), &BatchError::NoRuntime);
        self.act(effects);
    }

    /// Keeps a worker's handle, for a close with a deadline.
    pub(crate) fn remember(&self, worker: AbortHandle) {
        let mut workers = self.workers.lock();
        workers.retain(|worker| !worker.is_finished());
        workers.push(worker);
    }

    /// Keeps a timer's handle, so that closing ends it.
    pub(crate) fn remember_timer(&self, timer: AbortHandle) {
        let mut timers = self.timers.lock();
        if self.closed.load(Ordering::SeqCst) {
            return timer.abort();
        }
        timers.retain(|timer| !timer.is_finished());
        timers.push(timer);
    }

    pub(crate) fn flush(self: &Arc<Self>) -> usize {
        self.empty_buffers();
        let (items, effects) = self.ask().flush();
        self.act(effects);
        items
    }

    /// Waits until a closed batcher has answered everything.
    pub(crate) async fn until_idle(&self) {
        loop {
            // Registered before the look, so that no notice falls in between.
            let mut notice = std::pin::pin!(self.idle.notified());
            notice.as_mut().enable();
            // First what is being told: it is counted before its call counts as ended.
            let idle = self.core.lock().is_idle();
            if idle && self.telling.load(Ordering::SeqCst) == 0 {
                return;
            }
            notice.await;
        }
    }

    /// Stops the intake, sends what waits, and ends the timer.
    pub(crate) fn close(self: &Arc<Self>) {
        self.empty_buffers();
        let effects = {
            let mut core = self.ask();
            core.close();
            core.effects()
        };
        self.closed.store(true, Ordering::SeqCst);
        self.act(effects);
        let timers = std::mem::take(&mut *self.timers.lock());
        timers.iter().for_each(AbortHandle::abort);
    }

    /// Runs what tells the callers of a call, which is no call under way any more by then.
    pub(crate) fn telling<O>(&self, tell: impl FnOnce() -> O) -> O {
        struct Told<'a>(&'a AtomicUsize, &'a AtomicBool, &'a Notify);
        impl Drop for Told<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
                if self.1.load(Ordering::SeqCst) {
                    self.2.notify_waiters();
                }
            }
        }
        self.telling.fetch_add(1, Ordering::SeqCst);
        let _told = Told(&self.telling, &self.closed, &self.idle);
        tell()
    }

    /// Answers everything at once: what was not sent fails as closed, what was sent as interrupted.
    pub(crate) fn cut_off(self: &Arc<Self>) -> (usize, usize) {
        self.empty_buffers();
        let (mut unsent, mut sent) = (Drained::default(), Vec::new());
        {
            let mut core = self.core.lock();
            core.close();
            core.take_unsent(&mut unsent);
            core.take_sent(&mut sent);
        }
        let failed = (unsent.callers.len(), sent.len());
        self.fail(std::mem::take(&mut unsent.callers), &BatchError::Closed);
        self.fail(sent, &BatchError::Interrupted);
        let workers = std::mem::take(&mut *self.workers.lock());
        workers.iter().for_each(AbortHandle::abort);
        failed
    }

    /// Answers these callers with the same error.
    pub(crate) fn fail(&self, callers: Vec<Waiter>, error: &BatchError<E>) {
        let (mut wakers, mut leftovers) = (Vec::new(), Vec::new());
        let answers = callers
            .into_iter()
            .map(|caller| (caller, Err(error.clone())));
        self.answers.deliver(answers, &mut wakers, &mut leftovers);
        wake_all(wakers);
        let_go(leftovers);
    }

    pub(crate) fn stats(self: &Arc<Self>) -> BatchStats {
        self.empty_buffers();
        let failed = self.answers.failed();
        let mut core = self.core.lock();
        let effects = core.effects();
        let mut stats = core.counters.snapshot();
        stats.failed = failed;
        stats.pending = core.pending() as u64;
        stats.in_flight = core.in_flight() as u64;
        stats.deduplicated = self.dedupe.as_ref().map_or(0, |dedupe| dedupe.joined());
        drop(core);
        self.act(effects);
        stats
    }
}
