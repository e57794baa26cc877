//! The queue and its rules: what waits, what is being sent, and the answers until their callers come for
//! them. It knows no lock and runs no user code; `Shared` holds it under one short mutex, does what it
//! asks for ([`Effects`]) after unlocking, and drops what it hands out ([`Deferred`]) then, too.
//!
//! One entry's life: [`enter`](Queue::enter) → (blocked →) lane → [`take`](Queue::take) →
//! [`settle`](Queue::settle) → [`poll`](Queue::poll); or [`leave`](Queue::leave) at any point. The
//! callers' side is here, the workers' in `sending`; which runtime does what is in `site` and
//! `runtimes`.

mod clock;
mod keys;
mod runtimes;
mod sending;
mod site;
mod slot;
#[cfg(test)]
mod tests;

use std::task::{Poll, Waker};

use tokio::time::Instant;

use self::clock::{Clock, is_over};
use self::keys::{KeyState, Keys};
pub(crate) use self::runtimes::{Errand, Task};
pub(crate) use self::site::Post;
use self::site::{Site, Sites};
pub(crate) use self::slot::Deferred;
use self::slot::{Lane, Link, QueuePosition, Slot, Slots, Stage, Waiter};
use crate::entry::{AddOptions, Index, Key, SiteId, WhenFull};
use crate::error::Answer;
use crate::policy::View;
use crate::{BatchConfig, BatchError, BatchStats, TryAddError};

/// What has to happen once the lock is free.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// Ask for the [`Errand`]s.
    pub(crate) errands: bool,
    /// Everything accepted was answered and the batcher is closed: tell those who wait for it.
    pub(crate) idle: bool,
}

#[derive(Debug)]
pub(crate) struct Queue<T, R, E> {
    config: BatchConfig,
    /// `max_wait` in nanoseconds.
    wait: i64,
    /// The most items of a key in a batch. Where items may be sent again it is one, so that none is
    /// overtaken by a later one of its key.
    per_key: usize,
    slots: Slots<T, R, E>,
    sites: Sites,
    /// Accepted items that were not sent.
    accepted: usize,
    /// The items for which there is no room yet.
    blocked: Lane,
    keys: Keys,
    /// A flush has promised to send the items before this number.
    promised: u64,
    /// Bulk calls under way, and how many of them hold no slot.
    calls: usize,
    lent: usize,
    closed: bool,
    /// What was not answered by then was aborted.
    aborted: bool,
    clock: Clock,
    pub(crate) stats: BatchStats,
}

impl<T, R, E> Queue<T, R, E> {
    pub(crate) fn new(config: BatchConfig, retries: bool) -> Self {
        Self {
            per_key: if retries { 1 } else { usize::MAX },
            wait: i64::try_from(config.max_wait.as_nanos()).unwrap_or(i64::MAX),
            config,
            slots: Slots::new(),
            sites: Sites::default(),
            accepted: 0,
            blocked: Lane::default(),
            keys: Keys::default(),
            promised: 0,
            calls: 0,
            lent: 0,
            closed: false,
            aborted: false,
            clock: Clock::new(),
            stats: BatchStats::default(),
        }
    }

    // ---- an item's way in and out ------------------------------------------------------------

    /// Takes an item in, and says which entry it is. `Err` gives it back: the batcher is closed, or has
    /// no room and the caller does not want to wait for it.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        id: SiteId,
        item: T,
        waker: Option<Waker>,
        AddOptions { priority, key }: AddOptions,
        when_full: WhenFull,
    ) -> Result<(Index, u64), TryAddError<T>> {
        if self.closed {
            return Err(TryAddError::Closed(item));
        }
        let is_full = self.is_full();
        if is_full && when_full == WhenFull::Reject {
            self.stats.refused += 1;
            // The room may be taken by a runtime that is not driven.
            self.sites.get_mut(id).guest |= self.sites.only().is_none();
            return Err(TryAddError::Full(item));
        }
        let nth = self.stats.items;
        self.stats.items += 1;
        let site = self.sites.get_mut(id);
        let since = site.stamp(self.clock, nth, self.config.max_batch_size);
        let index = self.slots.insert(|| Slot {
            stage: Stage::Waiting(item),
            waiter: Waiter::Waits,
            waker,
            key,
            since,
            nth,
            site: id,
            priority,
            position: if is_full {
                QueuePosition::Blocked
            } else {
                QueuePosition::Lane
            },
        });
        site.waiting += 1;
        let link = Link { index, nth };
        if is_full {
            self.stats.blocked += 1;
            self.blocked.push(link);
        } else if key.is_some() {
            self.accept(link);
        } else {
            self.accepted += 1;
            site.count_queued();
            site.lanes[priority as usize].push(link);
        }
        Ok((index, nth))
    }

    /// The answer, if it is there.
    #[inline]
    pub(crate) fn take_answer(&mut self, index: Index) -> Poll<Answer<R, E>> {
        let slot = self.slots.get(index);
        if slot.is_some_and(|slot| matches!(slot.stage, Stage::Answered(_)))
            && let Some(slot) = self.slots.remove(index)
            && let Stage::Answered(answer) = slot.stage
        {
            return Poll::Ready(answer);
        }
        Poll::Pending
    }

    /// The waker of an entry's caller.
    pub(crate) fn waker(&mut self, index: Index) -> Option<&mut Option<Waker>> {
        Some(&mut self.slots.get_mut(index)?.waker)
    }

    /// The caller is gone. An item that was not sent is not sent any more.
    pub(crate) fn leave(&mut self, index: Index, deferred: &mut Deferred<T, R, E>) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        match slot.stage {
            Stage::Sent => {
                slot.waiter = Waiter::Removed;
                deferred.unused_wakers.extend(slot.waker.take());
                self.stats.abandoned += 1;
            }
            Stage::Answered(_) => self.remove(index, deferred),
            Stage::Waiting(_) => {
                self.stats.cancelled += 1;
                self.unlink(index);
                self.remove(index, deferred);
                self.fill_from_blocked();
            }
        }
    }

    /// The caller wants no answer, but the item sent.
    pub(crate) fn detach(&mut self, index: Index, deferred: &mut Deferred<T, R, E>) {
        match self.slots.get_mut(index) {
            Some(slot) if !matches!(slot.stage, Stage::Answered(_)) => {
                slot.waiter = Waiter::Detached;
            }
            _ => self.remove(index, deferred),
        }
    }

    /// Whether this entry has no answer yet, and somebody waits for it.
    pub(crate) fn is_open(&self, index: Index, nth: u64) -> bool {
        self.slots.get(index).is_some_and(|slot| {
            slot.nth == nth
                && slot.waiter != Waiter::Removed
                && !matches!(slot.stage, Stage::Answered(_))
        })
    }

    // ---- the timer ---------------------------------------------------------------------------

    /// When the timer of a site has to look next; `None` ends it. Notes what has become due.
    pub(crate) fn tick(&mut self, post: Post) -> Option<Instant> {
        self.polled(post.place);
        let now = self.clock.now();
        let oldest = self.oldest(post.site);
        let site = self.sites.get_mut(post.site);
        match oldest {
            Some(since) if !is_over(since, now, self.wait) && !self.closed => {
                return Some(self.clock.instant(since.saturating_add(self.wait)));
            }
            Some(_) => site.due = true,
            None => {}
        }
        site.timer = false;
        None
    }

    /// A timer ended in an unusual way: the runtime has no time, or no more.
    pub(crate) fn timer_lost(&mut self, post: Post) {
        self.sites.get_mut(post.place).timeless = true;
        self.sites.get_mut(post.site).timer = false;
    }

    // ---- flush and close ---------------------------------------------------------------------

    /// Promises to send what waits now, for room too; says how many items that is.
    pub(crate) fn flush(&mut self) -> usize {
        self.promised = self.stats.items;
        for site in self.sites.iter_mut() {
            site.flushing = site.waiting;
        }
        self.sites.iter().map(|site| site.flushing).sum()
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
        (self.calls == 0 || self.aborted) && self.accepted == 0 && self.blocked.is_empty()
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// Closes and answers everything at once; says how many items were not sent, and how many were.
    pub(crate) fn abort(&mut self, deferred: &mut Deferred<T, R, E>) -> (usize, usize) {
        self.closed = true;
        self.aborted = true;
        let sites = self.sites.ids();
        let unsent = sites
            .map(|site| self.fail_waiting(site, &BatchError::Closed, deferred))
            .sum();
        let is_interrupted = |slot: &Slot<T, R, E>| {
            matches!(slot.stage, Stage::Sent) && slot.waiter != Waiter::Removed
        };
        let sent = self.slots.find(is_interrupted);
        for index in &sent {
            self.answer(*index, Err(BatchError::Interrupted), deferred);
        }
        (unsent, sent.len())
    }

    // ---- figures -----------------------------------------------------------------------------

    pub(crate) fn snapshot(&self) -> BatchStats {
        BatchStats {
            pending: self.accepted as u64,
            in_flight: self.calls as u64,
            ..self.stats.clone()
        }
    }

    /// Room for how many entries and keys is kept.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> (usize, usize) {
        (self.slots.capacity(), self.keys.capacity())
    }

    // ---- inside ------------------------------------------------------------------------------

    #[inline]
    fn view(&self, site: &Site) -> View {
        View {
            policy: self.config.policy,
            batch: self.config.max_batch_size,
            queued: site.queued,
            flushing: if self.closed {
                site.queued
            } else {
                site.flushing.min(site.queued)
            },
            due: site.due,
        }
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.accepted >= self.config.max_pending
    }

    /// Puts an entry into its lane, or behind the others of its key.
    #[inline]
    fn accept(&mut self, link: Link) {
        let Some(slot) = self.slots.get_mut(link.index) else {
            return;
        };
        self.accepted += 1;
        slot.position = QueuePosition::Lane;
        let (site, priority) = (slot.site, slot.priority);
        if let Some(key) = slot.key
            && self.has_to_follow(link, key, site)
        {
            return;
        }
        let site = self.sites.get_mut(site);
        site.count_queued();
        site.lanes[priority as usize].push(link);
    }

    /// Puts an entry behind the others of its key, if there are any.
    #[cold]
    fn has_to_follow(&mut self, link: Link, key: Key, site: SiteId) -> bool {
        let state = self.keys.entry(key).or_insert_with(|| KeyState::new(site));
        if !state.has_head && state.followers.is_empty() {
            state.site = site;
            if state.sending == 0 {
                state.has_head = true;
                return false;
            }
        }
        let (home, parked) = (state.site, state.sending > 0);
        state.followers.push(link);
        if let Some(slot) = self.slots.get_mut(link.index) {
            slot.position = QueuePosition::Follower;
            slot.site = home;
        }
        if home != site {
            let flushing = usize::from(link.nth < self.promised);
            let own = self.sites.get_mut(site);
            own.waiting -= 1;
            own.flushing -= flushing;
            own.guest = true;
            self.sites.get_mut(home).waiting += 1;
            self.sites.get_mut(home).flushing += flushing;
        }
        if !parked {
            self.sites.get_mut(home).queued += 1;
        }
        true
    }

    #[inline]
    fn fill_from_blocked(&mut self) {
        while !self.blocked.is_empty()
            && !self.is_full()
            && let Some(link) = self.blocked.pop(&self.slots)
        {
            self.accept(link);
        }
    }

    /// Puts the first follower of a key into its lane; without one, and with nothing of it under way,
    /// the key is forgotten.
    fn promote(&mut self, key: Key) {
        let Some(state) = self.keys.get_mut(&key) else {
            return;
        };
        let next = state.followers.pop(&self.slots);
        state.has_head = next.is_some();
        if !state.is_used() {
            self.keys.remove(&key);
        }
        if let Some(link) = next
            && let Some(slot) = self.slots.get_mut(link.index)
        {
            slot.position = QueuePosition::Lane;
            self.sites.get_mut(slot.site).lanes[slot.priority as usize].push(link);
        }
    }

    /// Takes a waiting entry, which is removed next, off the list it is in.
    fn unlink(&mut self, index: Index) {
        let Some(slot) = self.slots.get(index) else {
            return;
        };
        let (key, position, id) = (slot.key, slot.position, slot.site);
        let site = self.sites.get_mut(id);
        site.waiting -= 1;
        site.flushing -= usize::from(slot.nth < self.promised);
        self.accepted -= usize::from(position != QueuePosition::Blocked);
        match (position, key) {
            (QueuePosition::Blocked, _) => self.blocked.forget_one(&self.slots),
            (QueuePosition::Lane, key) => {
                site.lanes[slot.priority as usize].forget_one(&self.slots);
                site.queued -= 1;
                if let Some(key) = key {
                    self.promote(key);
                }
            }
            (QueuePosition::Follower, key) => {
                if let Some(key) = key
                    && let Some(state) = self.keys.get_mut(&key)
                {
                    state.followers.forget_one(&self.slots);
                    site.queued -= usize::from(state.sending == 0);
                    if !state.is_used() {
                        self.keys.remove(&key);
                    }
                }
            }
        }
    }

    /// Frees a slot.
    fn remove(&mut self, index: Index, deferred: &mut Deferred<T, R, E>) {
        if let Some(slot) = self.slots.remove(index) {
            deferred.stages.push(slot.stage);
            deferred.unused_wakers.extend(slot.waker);
        }
    }

    /// Answers an entry, if its caller still waits; gives its key.
    #[allow(clippy::inline_always, reason = "3 % of an `add`")]
    #[inline(always)]
    fn answer(
        &mut self,
        index: Index,
        answer: Answer<R, E>,
        deferred: &mut Deferred<T, R, E>,
    ) -> Option<Key> {
        let slot = self.slots.get_mut(index);
        // One that an abort has answered gets no other answer.
        let Some(slot) = slot.filter(|slot| !matches!(slot.stage, Stage::Answered(_))) else {
            deferred.let_go(Stage::Answered(answer));
            return None;
        };
        let key = slot.key;
        if slot.waiter == Waiter::Waits {
            self.stats.failed += u64::from(answer.is_err());
            if let Some(waker) = slot.waker.take() {
                deferred.wakers.push(waker);
            }
            if let Stage::Waiting(_) = slot.stage {
                deferred.let_go(std::mem::replace(&mut slot.stage, Stage::Sent));
            }
            slot.stage = Stage::Answered(answer);
        } else {
            self.remove(index, deferred);
            deferred.let_go(Stage::Answered(answer));
        }
        key
    }

    /// Answers all entries of a site that were not sent; says how many that were.
    fn fail_waiting(
        &mut self,
        id: SiteId,
        error: &BatchError<E>,
        deferred: &mut Deferred<T, R, E>,
    ) -> usize {
        let is_waiting =
            |slot: &Slot<T, R, E>| slot.site == id && matches!(slot.stage, Stage::Waiting(_));
        let waiting = self.slots.find(is_waiting);
        for index in &waiting {
            let slot = self.slots.get(*index);
            let is_blocked = slot.is_some_and(|slot| slot.position == QueuePosition::Blocked);
            self.answer(*index, Err(error.clone()), deferred);
            if is_blocked {
                self.blocked.forget_one(&self.slots);
            } else {
                self.accepted -= 1;
            }
        }
        self.keys.retain(|_, state| {
            if state.site == id {
                state.has_head = false;
                state.followers = Lane::default();
            }
            state.is_used()
        });
        let site = self.sites.get_mut(id);
        site.lanes = Default::default();
        (site.waiting, site.queued, site.flushing, site.due) = (0, 0, 0, false);
        self.fill_from_blocked();
        waiting.len()
    }

    /// The start of the oldest window among the queued items of a site.
    fn oldest(&self, site: SiteId) -> Option<i64> {
        let lanes = self.sites.get(site).lanes.iter();
        lanes
            .filter_map(|lane| Some(lane.front(&self.slots)?.since))
            .min()
    }
}
