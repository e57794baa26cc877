//! What the pool holds and who gets what: every decision of the pool, without IO.
//!
//! A call first takes a slot. Then [`find`](PoolState::find) looks, under one lock, for what is there: a stream of a shared
//! (HTTP/2) connection, an idle exclusive (HTTP/1.1) one, the right to dial, or a position in the queue.
//! Only the head of the queue waits for [`freed`](PoolState::freed), and looks again each time; the others wait for their
//! turn, and nobody who comes later gets in between, unless there are streams for all of them and him. So a notification never reaches
//! a waiter that cannot use it, and a cancelled waiter only hands over its place at the head of the queue.
//!
//! What may make a decision other than "wait" possible signals `freed` *after* it has changed the state: a stream ends,
//! settings arrive, a connection ends or is drained, a dial ends however it ends, a connection is kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::connect_error::SharedConnectError;
use super::idle::{Exclusive, Idle};
use super::streams::{Stream, Streams};
use super::sync::{Lock, LockGuard, Notify, Semaphore};
use crate::config::{PoolConfig, or_forever};

/// A handle on a connection that calls share.
pub(super) trait Shared: Clone {
    fn streams(&self) -> &Arc<Streams>;
    /// Whether it takes no further calls.
    fn is_over(&self) -> bool;
    /// When a call last took it.
    fn used(&mut self) -> &mut Instant;
}

#[derive(Debug)]
pub(super) struct PoolState<X, S> {
    slots: Arc<Semaphore>,
    most: usize,
    most_shared: usize,
    /// Whether a new connection may turn out to be a shared one.
    may_share: bool,
    state: Lock<State<X, S>>,
    /// Held by the head of the queue.
    head: Arc<Semaphore>,
    /// Wakes the head of the queue.
    freed: Arc<Notify>,
}

#[derive(Debug)]
struct State<X, S> {
    idle: Idle<X>,
    /// Shared connections that take calls.
    shared: Vec<S>,
    /// Whether one is being dialled that may be shared.
    connecting: bool,
    /// Whether the last dial ended in a shared connection; `None` before the first.
    last_was_shared: Option<bool>,
    /// Until when no connection is shared, whatever it could be: the server asked for that.
    alone_until: Option<Instant>,
    /// How many are queued.
    queued: usize,
    /// How many dials failed so far, and how the last one did.
    failed_dials: u64,
    last_failure: Option<SharedConnectError>,
    /// The reaper, while there is anything for it. A runtime that ends takes it along.
    reaper: Option<AbortHandle>,
}

/// What there is for a call that has a slot.
#[derive(Debug)]
pub(super) enum Checkout<'a, X, S> {
    /// A place on a shared connection.
    Shared(S, Stream),
    /// A connection for this call alone.
    Exclusive(X),
    /// Has to be closed, which takes a slot until its socket is.
    Expired(X),
    /// A connection has to be dialled; with the sole right to it if it may be shared.
    Dial(Option<ConnectPermit<'a, X, S>>),
    /// The dial that was waited for failed.
    ConnectFailed(SharedConnectError),
    /// Nothing now.
    Wait(QueuePosition<'a, X, S>),
}

impl<X, S> PoolState<X, S> {
    fn lock(&self) -> LockGuard<'_, State<X, S>> {
        self.state.lock()
    }
}

impl<X: Exclusive, S: Shared> PoolState<X, S> {
    pub(super) fn new(config: &PoolConfig, may_share: bool) -> Self {
        let most = config.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(most)),
            most,
            most_shared: config.http2_connections,
            may_share,
            state: Lock::new(State {
                idle: Idle::default(),
                shared: Vec::new(),
                connecting: false,
                last_was_shared: None,
                alone_until: None,
                queued: 0,
                failed_dials: 0,
                last_failure: None,
                reaper: None,
            }),
            head: Arc::new(Semaphore::new(1)),
            freed: Arc::default(),
        }
    }

    pub(super) fn slots(&self) -> &Arc<Semaphore> {
        &self.slots
    }

    /// What is to be signalled when a stream is free.
    pub(super) fn freed(&self) -> &Arc<Notify> {
        &self.freed
    }

    /// How many slots are taken.
    pub(super) fn taken(&self) -> usize {
        self.most.saturating_sub(self.slots.available_permits())
    }

    /// How many exclusive connections are idle.
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    /// How many shared connections take calls.
    #[cfg(test)]
    #[cfg(not(wats_loom))]
    pub(super) fn shared(&self) -> usize {
        self.lock().shared.len()
    }

    /// How many are queued.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.lock().queued
    }

    /// What there is for a call that has a slot and has not waited yet.
    pub(super) fn find(&self) -> Checkout<'_, X, S> {
        let mut state = self.lock();
        let found = if state.queued == 0 || state.has_room_beside_the_queue() {
            state.pick(self)
        } else {
            Candidate::Wait
        };
        match found {
            Candidate::Shared(shared, stream) => Checkout::Shared(shared, stream),
            Candidate::Exclusive(exclusive) => Checkout::Exclusive(exclusive),
            Candidate::Expired(exclusive) => Checkout::Expired(exclusive),
            Candidate::Dial { alone } => Checkout::Dial(alone.then(|| ConnectPermit(self))),
            Candidate::Wait => {
                state.queued += 1;
                Checkout::Wait(QueuePosition {
                    pool_state: self,
                    failed_before: state.failed_dials,
                    for_dial: state.shared.is_empty(),
                })
            }
        }
    }

    /// Queues for anything but [`Checkout::Wait`].
    pub(super) async fn wait<'a>(
        &'a self,
        position: QueuePosition<'a, X, S>,
    ) -> Checkout<'a, X, S> {
        let _head = Arc::clone(&self.head).acquire_owned().await;
        loop {
            if let Some(found) = self.find_as_head(position.failed_before) {
                return found;
            }
            self.freed.notified().await;
        }
    }

    fn find_as_head(&self, failed_before: u64) -> Option<Checkout<'_, X, S>> {
        let mut state = self.lock();
        // One dial decides for all who wait for it, whether it succeeds or fails.
        let failed = state.failed_dials != failed_before;
        if failed
            && !state.has_any()
            && let Some(failure) = &state.last_failure
        {
            return Some(Checkout::ConnectFailed(failure.clone()));
        }
        match state.pick(self) {
            Candidate::Shared(shared, stream) => Some(Checkout::Shared(shared, stream)),
            Candidate::Exclusive(exclusive) => Some(Checkout::Exclusive(exclusive)),
            Candidate::Expired(exclusive) => Some(Checkout::Expired(exclusive)),
            Candidate::Dial { alone } => Some(Checkout::Dial(alone.then(|| ConnectPermit(self)))),
            Candidate::Wait => None,
        }
    }

    /// Adds a shared connection that was dialled and gives its first stream. Beyond what may be open it serves that
    /// one call only.
    pub(super) fn add(&self, shared: &S, permit: Option<ConnectPermit<'_, X, S>>) -> Stream {
        let mut state = self.lock();
        let stream = shared.streams().take();
        state.last_was_shared = Some(true);
        let expected = usize::from(state.connecting && permit.is_none());
        if state.shared.len() + expected < self.most_shared && !state.shares_nothing() {
            state.shared.push(shared.clone());
        }
        drop(state);
        drop(permit);
        self.freed.notify_one();
        stream
    }

    /// Hears that a dial ended in an exclusive connection.
    pub(super) fn dialled_exclusive(&self) {
        self.lock().last_was_shared = Some(false);
    }

    pub(super) fn dial_failed(&self, failure: SharedConnectError) {
        let mut state = self.lock();
        state.failed_dials += 1;
        state.last_failure = Some(failure);
    }

    /// Makes a connection available to other calls.
    pub(super) fn keep(&self, exclusive: X) {
        let slot = exclusive.take_slot();
        let mut state = self.lock();
        state.idle.push(exclusive);
        let somebody_waits = state.queued > 0;
        drop(state);
        if somebody_waits {
            self.freed.notify_one();
        }
        // Only now: whoever gets the slot must find the connection.
        drop(slot);
    }

    /// Gives no further calls to a shared connection; it may stay open for those it still serves.
    pub(super) fn drain(&self, streams: &Arc<Streams>) {
        let mut state = self.lock();
        state
            .shared
            .retain(|other| !Arc::ptr_eq(other.streams(), streams));
        drop(state);
        self.freed.notify_one();
    }

    /// Gives no further calls to any shared connection, old or new, before this time.
    pub(super) fn share_nothing_until(&self, time: Instant) {
        let mut state = self.lock();
        state.alone_until = Some(time);
        state.last_was_shared = Some(false);
        let drained = std::mem::take(&mut state.shared);
        drop(state);
        drop(drained);
        self.freed.notify_one();
    }

    /// Whether a connection that is dialled now may be a shared one.
    pub(super) fn may_share(&self) -> bool {
        self.may_share && !self.lock().shares_nothing()
    }

    /// Does not use the exclusive connections any more that have been idle since before `time`: they may be dead.
    pub(super) fn mark_stale(&self, time: Instant) {
        self.lock().idle.mark_stale(time);
    }

    /// For a call that has a slot and wants a new connection: if all of the cap are open, the one that has been idle
    /// for longest, which has to make room.
    pub(super) fn surplus(&self) -> Option<X> {
        let mut state = self.lock();
        let full = state.idle.len() + self.taken() > self.most;
        full.then(|| state.idle.pop_oldest()).flatten()
    }

    /// Starts the reaper unless it runs.
    pub(super) fn ensure_reaper(&self, start: impl FnOnce() -> AbortHandle) {
        let mut state = self.lock();
        if state.reaper.as_ref().is_none_or(AbortHandle::is_finished) {
            state.reaper = Some(start());
        }
    }

    /// Takes out what is due to be closed; `None` when nothing is left and the reaper ends.
    ///
    /// A socket that is being closed still counts for the server, so each holds a slot until then; a connection for
    /// which none is free stays for the next time.
    pub(super) fn reap(&self, config: &PoolConfig, now: Instant) -> Option<(Vec<X>, Vec<S>)> {
        let mut state = self.lock();
        let due = state.idle.take_due(config, now, || {
            Arc::clone(&self.slots).try_acquire_owned().ok()
        });
        let shared: Vec<S> = state
            .shared
            .extract_if(.., |shared| {
                shared.is_over() || is_unused(shared, or_forever(config.idle_timeout), now)
            })
            .collect();
        let ends = state.idle.len() == 0 && state.shared.is_empty();
        if ends {
            state.reaper = None;
        }
        drop(state);
        if !shared.is_empty() {
            self.freed.notify_one();
        }
        (!ends || !due.is_empty() || !shared.is_empty()).then_some((due, shared))
    }
}

/// Whether no call runs over a connection and none began for as long as `idle`.
fn is_unused<S: Shared>(shared: &mut S, idle: Duration, now: Instant) -> bool {
    shared.streams().open() == 0 && now.duration_since(*shared.used()) >= idle
}

/// [`Checkout`] without what needs the whole state.
enum Candidate<X, S> {
    Shared(S, Stream),
    Exclusive(X),
    Expired(X),
    Dial { alone: bool },
    Wait,
}

impl<X: Exclusive, S: Shared> State<X, S> {
    fn pick(&mut self, pool_state: &PoolState<X, S>) -> Candidate<X, S> {
        if !self.shared.is_empty() {
            self.shared.retain(|shared| !shared.is_over());
            let with_room = self.shared.iter_mut();
            let emptiest = with_room
                .filter(|shared| shared.streams().has_room())
                .min_by_key(|shared| shared.streams().open());
            if let Some(shared) = emptiest {
                *shared.used() = Instant::now();
                return Candidate::Shared(shared.clone(), shared.streams().take());
            }
        }
        match self.idle.pop() {
            Some((exclusive, true)) => return Candidate::Exclusive(exclusive),
            Some((exclusive, false)) => return Candidate::Expired(exclusive),
            None => {}
        }
        if !pool_state.may_share
            || self.shares_nothing()
            || (self.shared.is_empty() && self.last_was_shared == Some(false))
        {
            return Candidate::Dial { alone: false };
        }
        // Of one whose settings are on their way it is not known yet whether it is full.
        let unsettled = || self.shared.iter().any(|one| !one.streams().is_settled());
        if self.connecting || self.shared.len() >= pool_state.most_shared || unsettled() {
            return Candidate::Wait;
        }
        self.connecting = true;
        Candidate::Dial { alone: true }
    }

    /// Whether there are streams for all who queue and one more. They have only not come round to it yet, and whoever came
    /// now would wait for nothing, and be waited for by the next: such a queue would never end.
    fn has_room_beside_the_queue(&self) -> bool {
        let open = self.shared.iter().filter(|shared| !shared.is_over());
        let room = open.fold(0_usize, |room, shared| {
            room.saturating_add(shared.streams().room())
        });
        room > self.queued
    }

    fn shares_nothing(&self) -> bool {
        self.alone_until.is_some_and(|time| Instant::now() < time)
    }

    /// Whether there is a connection, or will be, so that there is more to wait for than a dial that failed.
    fn has_any(&self) -> bool {
        self.connecting || self.idle.len() > 0 || self.shared.iter().any(|one| !one.is_over())
    }
}

/// The sole right to dial a connection that may be shared. It ends with the dial, however that ends.
#[derive(Debug)]
pub(super) struct ConnectPermit<'a, X, S>(&'a PoolState<X, S>);

impl<X, S> Drop for ConnectPermit<'_, X, S> {
    fn drop(&mut self) {
        self.0.lock().connecting = false;
        self.0.freed.notify_one();
    }
}

/// A position in the queue.
#[derive(Debug)]
pub(super) struct QueuePosition<'a, X, S> {
    pool_state: &'a PoolState<X, S>,
    failed_before: u64,
    /// Whether it waits for the outcome of a dial, and not for a stream.
    pub(super) for_dial: bool,
}

impl<X, S> Drop for QueuePosition<'_, X, S> {
    fn drop(&mut self) {
        self.pool_state.lock().queued -= 1;
    }
}
