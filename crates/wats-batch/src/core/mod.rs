//! The queue and its rules: what waits and what is being sent. It knows no lock, no runtime and no
//! user code; `Shared` holds it under one short mutex and does what it asks for ([`Todo`]) after
//! unlocking.
//!
//! One item's life: [`enter`](Core::enter) → (blocked →) lane → [`take`](Core::take) →
//! [`settle`](Core::settle), which names the callers to be answered; or [`leave`](Core::leave) at
//! any point. The callers' side is here, the workers' in `sending`.

mod keys;
mod sending;
pub(crate) mod slab;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use self::keys::Keys;
use self::slab::{Key, Place, Slab, Slot, Stage};
use crate::answers::Caller;
use crate::list::{Index, Links, List};
use crate::policy::View;
use crate::stats::Counters;
use crate::trays::Tray;
use crate::{BatchConfig, Policy, Priority, TryAddError};

/// What has to happen once the lock is free.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Todo {
    /// Start a worker; it is already counted as running.
    pub(crate) start: bool,
    /// Start the timer; it is already counted as running.
    pub(crate) arm: bool,
    /// Everything accepted was answered and the batcher is closed: tell those who wait for it.
    pub(crate) idle: bool,
}

/// How an item enters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    pub(crate) priority: Priority,
    pub(crate) key: Option<Key>,
    /// Which flight of a de-duplicating batcher the item belongs to; 0 without one.
    pub(crate) flight: u32,
}

/// What becomes of an item whose caller went away.
#[must_use]
#[derive(Debug)]
pub(crate) struct Gone<T> {
    /// It was not sent and will not be, so no answer will come.
    pub(crate) withdrawn: bool,
    pub(crate) todo: Todo,
    /// Only held to be dropped after unlocking.
    _remains: (Stage<T>, Option<Waker>),
}

impl<T> Gone<T> {
    /// Its answer came, or is on its way.
    fn sent(waker: Option<Waker>) -> Self {
        Self {
            withdrawn: false,
            todo: Todo::default(),
            _remains: (Stage::Vacant, waker),
        }
    }
}

/// Items that will not be sent, and their callers: to be told and dropped after unlocking.
#[derive(Debug)]
pub(crate) struct Unsent<T> {
    pub(crate) callers: Vec<Caller>,
    items: Vec<T>,
}

impl<T> Default for Unsent<T> {
    fn default() -> Self {
        Self {
            callers: Vec::new(),
            items: Vec::new(),
        }
    }
}

impl<T> Unsent<T> {
    fn push(&mut self, item: T, cell: Index, waker: Option<Waker>) {
        self.callers.push(Caller { cell, waker });
        self.items.push(item);
    }
}

#[derive(Debug)]
pub(crate) struct Core<T> {
    config: BatchConfig,
    /// `max_wait` in nanoseconds.
    wait: u64,
    /// The most items of a key in a batch. Where items may be sent again it is one, so that none is
    /// overtaken by a later one of its key.
    per_key: usize,
    slab: Slab<T>,
    /// Cells for the next items.
    cells: Range<Index>,
    /// The accepted items by priority.
    lanes: [List; 3],
    /// The items for which there is no room yet.
    blocked: List,
    keys: Keys,
    /// Accepted items that may be taken now: those in the lanes and the followers of their keys.
    queued: usize,
    /// How many of the queued a flush has promised to send.
    owed: usize,
    /// The oldest queued item has waited its window.
    due: bool,
    /// Items of one would-be batch share the time stamp of the first, so the clock is read once a
    /// batch. (stamp, how many more may use it)
    stamp: (u64, usize),
    /// Workers alive, and how many of them have yet to take a batch.
    running: usize,
    gathering: usize,
    timer: bool,
    closed: bool,
    passed_over: u32,
    epoch: Instant,
    pub(crate) counters: Counters,
}

impl<T> Core<T> {
    pub(crate) fn new(config: BatchConfig, retries: bool) -> Self {
        Self {
            per_key: if retries { 1 } else { usize::MAX },
            wait: u64::try_from(config.max_wait.as_nanos()).unwrap_or(u64::MAX),
            config,
            slab: Slab::new(),
            cells: 0..0,
            lanes: [List::EMPTY; 3],
            blocked: List::EMPTY,
            keys: Keys::default(),
            queued: 0,
            owed: 0,
            due: false,
            stamp: (0, 0),
            running: 0,
            gathering: 0,
            timer: false,
            closed: false,
            passed_over: 0,
            epoch: Instant::now(),
            counters: Counters::default(),
        }
    }

    // ---- an item's way in and out ------------------------------------------------------------

    /// Takes an item in. `Err` gives it back: the batcher is closed, or has no room and the caller
    /// does not want to wait for it. `more` issues cells.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        item: T,
        waker: Option<Waker>,
        manner: Manner,
        may_block: bool,
        more: impl FnOnce() -> Range<Index>,
    ) -> Result<(Index, Todo), TryAddError<T>> {
        if self.closed {
            return Err(TryAddError::Closed(item));
        }
        if self.cells.is_empty() {
            self.cells = more();
        }
        if (self.is_full() && !may_block) || self.cells.is_empty() {
            self.counters.refused += 1;
            return Err(TryAddError::Full(item));
        }
        let index = self.cells.start;
        self.cells.start += 1;
        let since = self.stamp();
        self.insert(index, item, waker, manner, since);
        Ok((index, self.todo()))
    }

    /// Takes in what lies in a tray, as if each item had come by itself. If the batcher is closed, the
    /// items and their callers are handed out instead.
    pub(crate) fn take_in(&mut self, tray: &mut Tray<T>, refused: &mut Unsent<T>) {
        let Some((since, left)) = tray.take() else {
            return;
        };
        let since = self.nanos(since);
        for left in left {
            if self.closed {
                self.counters.items += 1;
                refused.push(left.item, left.index, Some(left.waker));
                continue;
            }
            let manner = Manner {
                priority: left.priority,
                ..Manner::default()
            };
            self.insert(left.index, left.item, Some(left.waker), manner, since);
        }
    }

    /// The caller is gone. An item that was not sent is not sent any more.
    pub(crate) fn leave(&mut self, index: Index) -> Gone<T> {
        let Some(slot) = self.slab.get_mut(index) else {
            return Gone::sent(None);
        };
        match slot.stage {
            Stage::Sent => {
                slot.stage = Stage::Abandoned;
                self.counters.abandoned += 1;
                Gone::sent(slot.waker.take())
            }
            Stage::Waiting(_) => {
                let (key, lane, place) = (slot.key, slot.lane, slot.place);
                self.unlink(index, key, lane, place);
                self.counters.cancelled += 1;
                let remains = self.slab.remove(index);
                self.fill_from_blocked();
                Gone {
                    withdrawn: true,
                    todo: self.todo(),
                    _remains: remains,
                }
            }
            Stage::Abandoned | Stage::Vacant => Gone::sent(None),
        }
    }

    // ---- the timer ---------------------------------------------------------------------------

    /// When the timer has to look next; `None` ends it. Notes what has become due.
    pub(crate) fn tick(&mut self) -> (Option<Instant>, Todo) {
        let now = self.now();
        match self.oldest() {
            Some(since) if !self.is_over(since, now) && !self.closed => {
                let at = Duration::from_nanos(since.saturating_add(self.wait));
                let far = Duration::from_secs(30 * 365 * 24 * 3600);
                let at = self
                    .epoch
                    .checked_add(at)
                    .unwrap_or_else(|| self.epoch + far);
                return (Some(at), Todo::default());
            }
            Some(_) => self.due = true,
            None => {}
        }
        self.timer = false;
        (None, self.todo())
    }

    /// The timer ended in an unusual way.
    pub(crate) fn timer_lost(&mut self) {
        self.timer = false;
    }

    // ---- flush and close ---------------------------------------------------------------------

    /// Promises to send what waits now; says how many items that is.
    pub(crate) fn flush(&mut self) -> (usize, Todo) {
        self.owed = self.queued;
        (self.owed, self.todo())
    }

    /// No new items; all that wait are to be sent now.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Everything accepted was answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.running == 0 && self.pending() == 0 && self.blocked.is_empty()
    }

    /// Takes out all items that were not sent, and names their callers.
    pub(crate) fn take_unsent(&mut self, unsent: &mut Unsent<T>) {
        for index in self.slab.indices() {
            if let Some(slot) = self.slab.get(index)
                && let Stage::Waiting(_) = slot.stage
                && let (Stage::Waiting(item), waker) = self.slab.remove(index)
            {
                unsent.push(item, index, waker);
            }
        }
        self.lanes = [List::EMPTY; 3];
        self.blocked = List::EMPTY;
        self.keys.forget_waiting();
        (self.queued, self.owed, self.due) = (0, 0, false);
    }

    /// Names the callers of all items that a bulk call has; they get no other answer. Only after
    /// [`close`](Self::close): a slot must not be used anew before its worker has let go of it.
    pub(crate) fn take_sent(&mut self, callers: &mut Vec<Caller>) {
        for index in self.slab.indices() {
            if let Some(slot) = self.slab.get(index)
                && let Stage::Sent = slot.stage
            {
                let (_, waker) = self.slab.remove(index);
                callers.push(Caller { cell: index, waker });
            }
        }
    }

    // ---- figures -----------------------------------------------------------------------------

    /// Accepted items that were not sent.
    pub(crate) fn pending(&self) -> usize {
        self.queued + self.keys.parked
    }

    /// Bulk calls under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.running - self.gathering
    }

    /// Room for how many items and keys is kept.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> (usize, usize) {
        (self.slab.capacity(), self.keys.capacity())
    }

    // ---- inside ------------------------------------------------------------------------------

    #[inline]
    fn view(&self) -> View {
        View {
            policy: self.config.policy,
            batch: self.config.max_batch_size.get(),
            queued: self.queued,
            owed: if self.closed {
                self.queued
            } else {
                self.owed.min(self.queued)
            },
            due: self.due,
        }
    }

    /// What the state asks for now. What it names is counted as done.
    #[inline]
    pub(crate) fn todo(&mut self) -> Todo {
        let start = self.running < self.config.max_concurrent_batches.get()
            && self.view().ripe_after(self.gathering);
        if start {
            self.running += 1;
            self.gathering += 1;
        }
        let arm = self.config.policy == Policy::Window
            && self.queued > 0
            && !(self.timer || self.due || self.closed);
        self.timer |= arm;
        Todo {
            start,
            arm,
            idle: self.closed && self.is_idle(),
        }
    }

    fn now(&self) -> u64 {
        self.nanos(Instant::now())
    }

    fn nanos(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.epoch).as_nanos() as u64
    }

    fn is_full(&self) -> bool {
        self.pending() >= self.config.max_pending.get()
    }

    #[inline]
    fn insert(&mut self, index: Index, item: T, waker: Option<Waker>, manner: Manner, since: u64) {
        let slot = Slot {
            stage: Stage::Waiting(item),
            waker,
            key: manner.key,
            since,
            links: Links::NONE,
            flight: manner.flight,
            lane: manner.priority as u8,
            place: Place::Blocked,
        };
        self.slab.insert(index, slot);
        self.counters.items += 1;
        if self.is_full() {
            self.counters.blocked += 1;
            self.blocked.push_back(&mut self.slab, index);
        } else {
            self.admit(index);
        }
    }

    #[inline]
    fn stamp(&mut self) -> u64 {
        let (stamp, left) = self.stamp;
        if self.queued > 0 && left > 0 {
            self.stamp.1 = left - 1;
            return stamp;
        }
        self.stamp = (self.now(), self.config.max_batch_size.get() - 1);
        self.stamp.0
    }

    fn is_over(&self, since: u64, now: u64) -> bool {
        now.saturating_sub(since) >= self.wait
    }

    /// The start of the oldest window among the queued items.
    fn oldest(&self) -> Option<u64> {
        let since = |lane: &List| Some(self.slab.get(lane.front()?)?.since);
        self.lanes.iter().filter_map(since).min()
    }

    /// Moves an unlinked item to its lane, or behind the others of its key.
    #[inline]
    fn admit(&mut self, index: Index) {
        if self.queued == 0 {
            self.due = false;
        }
        let Some(slot) = self.slab.get_mut(index) else {
            return;
        };
        slot.place = Place::Lane;
        let lane = usize::from(slot.lane);
        if let Some(key) = slot.key
            && self.has_to_follow(index, key)
        {
            return;
        }
        self.lanes[lane].push_back(&mut self.slab, index);
        self.queued += 1;
    }

    /// Puts an item behind the others of its key, if there are any.
    #[cold]
    fn has_to_follow(&mut self, index: Index, key: Key) -> bool {
        let state = self.keys.enter(key);
        if !state.has_head && state.sending == 0 {
            state.has_head = true;
            return false;
        }
        if let Some(slot) = self.slab.get_mut(index) {
            slot.place = Place::Follower;
        }
        let parked = state.sending > 0;
        state.followers.push_back(&mut self.slab, index);
        *(if parked {
            &mut self.keys.parked
        } else {
            &mut self.queued
        }) += 1;
        true
    }

    fn fill_from_blocked(&mut self) {
        while !self.blocked.is_empty() && self.pending() < self.config.max_pending.get() {
            let Some(index) = self.blocked.pop_front(&mut self.slab) else {
                return;
            };
            self.admit(index);
        }
    }

    /// Puts the first follower of a key into its lane.
    fn promote(&mut self, key: Key) {
        let Some(state) = self.keys.get(key) else {
            return;
        };
        state.has_head = false;
        let Some(index) = state.followers.pop_front(&mut self.slab) else {
            return;
        };
        state.has_head = true;
        let Some(slot) = self.slab.get_mut(index) else {
            return;
        };
        slot.place = Place::Lane;
        let lane = usize::from(slot.lane);
        self.lanes[lane].push_back(&mut self.slab, index);
    }

    /// Takes a waiting item out of the list it is in.
    fn unlink(&mut self, index: Index, key: Option<Key>, lane: u8, place: Place) {
        match (place, key) {
            (Place::Blocked, _) => self.blocked.remove(&mut self.slab, index),
            (Place::Lane, key) => {
                self.lanes[usize::from(lane)].remove(&mut self.slab, index);
                self.queued -= 1;
                if let Some(key) = key {
                    self.promote(key);
                    self.keys.prune(key);
                }
            }
            (Place::Follower, Some(key)) => {
                if let Some(state) = self.keys.get(key) {
                    state.followers.remove(&mut self.slab, index);
                    let parked = state.sending > 0;
                    *(if parked {
                        &mut self.keys.parked
                    } else {
                        &mut self.queued
                    }) -= 1;
                    self.keys.prune(key);
                }
            }
            (Place::Follower, None) => {}
        }
        self.owed = self.owed.min(self.queued);
    }
}
