//! The queue and its rules: what waits and what is being sent. It knows no lock and no user code;
//! `Shared` holds it under one short mutex and does what it asks for ([`Effects`]) after unlocking.
//!
//! One item's life: [`enter`](Core::enter) → (blocked →) lane → [`take`](Core::take) →
//! [`settle`](Core::settle), which names the callers to be answered; or [`leave`](Core::leave) at
//! any point. The callers' side is here, the workers' in `sending`; which runtime does what is in
//! `site` and `errands`.

mod errands;
mod keys;
mod sending;
pub(crate) mod site;
pub(crate) mod slab;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::task::Waker;

use tokio::time::Instant;

pub(crate) use self::errands::Errand;
use self::keys::Keys;
use self::site::{Clock, Post, Site, SiteId, Sites};
use self::slab::{Key, Place, Slab, Slot, Stage};
use crate::answers::Waiter;
use crate::foreign::let_go;
use crate::intake::IntakeBuffer;
use crate::list::{Index, Links, List};
use crate::policy::View;
use crate::stats::Counters;
use crate::{BatchConfig, Priority, TryAddError};

/// What has to happen once the lock is free.
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// Ask for the [`Errand`]s.
    pub(crate) errands: bool,
    /// Everything accepted was answered and the batcher is closed: tell those who wait for it.
    pub(crate) idle: bool,
}

/// How an item enters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AddOptions {
    pub(crate) priority: Priority,
    pub(crate) key: Option<Key>,
    /// Which flight of a de-duplicating batcher the item belongs to; 0 without one.
    pub(crate) flight: u32,
}

/// What becomes of an item whose caller went away.
#[must_use]
#[derive(Debug)]
pub(crate) struct Removed<T> {
    /// It was not sent and will not be, so no answer will come.
    pub(crate) withdrawn: bool,
    pub(crate) effects: Effects,
    /// Only held to be dropped after unlocking.
    _remains: (Stage<T>, Option<Waker>),
}

impl<T> Removed<T> {
    /// Its answer came, or is on its way.
    fn sent(waker: Option<Waker>) -> Self {
        Self {
            withdrawn: false,
            effects: Effects::default(),
            _remains: (Stage::Vacant, waker),
        }
    }
}

/// Items that will not be sent, and their callers: to be told and dropped after unlocking.
#[derive(Debug)]
pub(crate) struct Drained<T> {
    pub(crate) callers: Vec<Waiter>,
    items: Vec<T>,
}

impl<T> Default for Drained<T> {
    fn default() -> Self {
        Self {
            callers: Vec::new(),
            items: Vec::new(),
        }
    }
}

/// Destructors of items are foreign code.
impl<T> Drop for Drained<T> {
    fn drop(&mut self) {
        let_go(self.items.drain(..));
    }
}

impl<T> Drained<T> {
    fn push(&mut self, item: T, cell: Index, waker: Option<Waker>) {
        self.callers.push(Waiter { cell, waker });
        self.items.push(item);
    }
}

#[derive(Debug)]
pub(crate) struct Core<T> {
    config: BatchConfig,
    /// `max_wait` in nanoseconds.
    wait: i64,
    /// The most items of a key in a batch. Where items may be sent again it is one, so that none is
    /// overtaken by a later one of its key.
    per_key: usize,
    slab: Slab<T>,
    /// Cells for the next items.
    cells: Range<Index>,
    sites: Sites,
    /// Accepted items that were not sent.
    accepted: usize,
    /// The items for which there is no room yet.
    blocked: List,
    keys: Keys,
    /// A flush has promised to send the items before this number.
    promised: u64,
    /// Bulk calls under way, and how many of them hold no slot.
    calls: usize,
    lent: usize,
    closed: bool,
    /// What was not answered by then was cut off.
    cut_off: bool,
    clock: Clock,
    pub(crate) counters: Counters,
}

impl<T> Core<T> {
    pub(crate) fn new(config: BatchConfig, retries: bool) -> Self {
        Self {
            per_key: if retries { 1 } else { usize::MAX },
            wait: i64::try_from(config.max_wait.as_nanos()).unwrap_or(i64::MAX),
            config,
            slab: Slab::new(),
            cells: 0..0,
            sites: Sites::default(),
            accepted: 0,
            blocked: List::EMPTY,
            keys: Keys::default(),
            promised: 0,
            calls: 0,
            lent: 0,
            closed: false,
            cut_off: false,
            clock: Clock::new(),
            counters: Counters::default(),
        }
    }

    // ---- an item's way in and out ------------------------------------------------------------

    /// Takes an item in. `Err` gives it back: the batcher is closed, or has no room and the caller
    /// does not want to wait for it. `more` issues cells.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        site: SiteId,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        may_block: bool,
        more: impl FnOnce() -> Range<Index>,
    ) -> Result<(Index, Effects), TryAddError<T>> {
        if self.closed {
            return Err(TryAddError::Closed(item));
        }
        if self.cells.is_empty() {
            self.cells = more();
        }
        if (self.is_full() && !may_block) || self.cells.is_empty() {
            self.counters.refused += 1;
            // The room may be taken by one that is not driven.
            self.sites.get_mut(site).guest |= !self.sites.is_one();
            return Err(TryAddError::Full(item));
        }
        let index = self.cells.start;
        self.cells.start += 1;
        self.insert(site, index, item, waker, options, None);
        Ok((index, self.effects()))
    }

    /// Takes in what lies in a buffer, as if each item had come by itself. If the batcher is closed, the
    /// items and their callers are handed out instead.
    pub(crate) fn take_in(&mut self, buffer: &mut IntakeBuffer<T>, refused: &mut Drained<T>) {
        let site = buffer.site;
        let Some((since, left)) = buffer.take() else {
            return;
        };
        let since = self.clock.nanos(since);
        for left in left {
            if self.closed {
                self.counters.items += 1;
                refused.push(left.item, left.index, Some(left.waker));
                continue;
            }
            let options = AddOptions {
                priority: left.priority,
                ..AddOptions::default()
            };
            let (index, item, waker) = (left.index, left.item, Some(left.waker));
            self.insert(site, index, item, waker, options, Some(since));
        }
    }

    /// The caller is gone. An item that was not sent is not sent any more.
    pub(crate) fn leave(&mut self, index: Index) -> Removed<T> {
        let Some(slot) = self.slab.get_mut(index) else {
            return Removed::sent(None);
        };
        match slot.stage {
            Stage::Sent => {
                slot.stage = Stage::Abandoned;
                self.counters.abandoned += 1;
                Removed::sent(slot.waker.take())
            }
            Stage::Waiting(_) => {
                self.unlink(index);
                self.counters.cancelled += 1;
                let remains = self.slab.remove(index);
                self.fill_from_blocked();
                Removed {
                    withdrawn: true,
                    effects: self.effects(),
                    _remains: remains,
                }
            }
            Stage::Abandoned | Stage::Vacant => Removed::sent(None),
        }
    }

    // ---- the timer ---------------------------------------------------------------------------

    /// When the timer of a site has to look next; `None` ends it. Notes what has become due.
    pub(crate) fn tick(&mut self, post: Post) -> (Option<Instant>, Effects) {
        self.answered(post.place);
        let now = self.clock.now();
        let (wait, closed) = (self.wait, self.closed);
        let site = self.sites.get_mut(post.site);
        match oldest(site, &self.slab) {
            Some(since) if !is_over(since, now, wait) && !closed => {
                let at = self.clock.instant(since.saturating_add(wait));
                return (Some(at), Effects::default());
            }
            Some(_) => site.due = true,
            None => {}
        }
        site.timer = false;
        (None, self.effects())
    }

    /// The runtime of a timer has no time.
    pub(crate) fn no_time(&mut self, post: Post) -> Effects {
        self.sites.get_mut(post.place).timeless = true;
        self.sites.get_mut(post.site).timer = false;
        self.effects()
    }

    /// The timer ended in an unusual way.
    pub(crate) fn timer_lost(&mut self, post: Post) {
        self.sites.get_mut(post.site).timer = false;
    }

    // ---- flush and close ---------------------------------------------------------------------

    /// Promises to send what waits now, for room too; says how many items that is.
    pub(crate) fn flush(&mut self) -> (usize, Effects) {
        self.promised = self.counters.items;
        for site in self.sites.iter_mut() {
            site.owed = site.waiting;
        }
        let owed = self.sites.iter().map(|site| site.owed).sum();
        (owed, self.effects())
    }

    /// No new items; all that wait are to be sent now.
    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Everything accepted was answered, or is being told so.
    pub(crate) fn is_idle(&self) -> bool {
        (self.calls == 0 || self.cut_off) && self.pending() == 0 && self.blocked.is_empty()
    }

    pub(crate) fn was_cut_off(&self) -> bool {
        self.cut_off
    }

    /// Takes out all items that were not sent, and names their callers.
    pub(crate) fn take_unsent(&mut self, unsent: &mut Drained<T>) {
        for site in self.sites.ids() {
            self.take_unsent_of(site, unsent);
        }
    }

    /// The same for the items of one site.
    fn take_unsent_of(&mut self, site: SiteId, unsent: &mut Drained<T>) {
        if self.sites.get(site).waiting == 0 {
            return;
        }
        for index in self.slab.indices() {
            let Some(slot) = self.slab.get(index).filter(|slot| slot.site == site) else {
                continue;
            };
            let Stage::Waiting(_) = slot.stage else {
                continue;
            };
            if slot.place == Place::Blocked {
                self.blocked.remove(&mut self.slab, index);
            } else {
                self.accepted -= 1;
            }
            if let (Stage::Waiting(item), waker) = self.slab.remove(index) {
                unsent.push(item, index, waker);
            }
        }
        self.keys.forget_waiting(site);
        let site = self.sites.get_mut(site);
        site.lanes = [List::EMPTY; 3];
        (site.waiting, site.queued, site.owed, site.due) = (0, 0, 0, false);
        self.fill_from_blocked();
    }

    /// Names the callers of all items that a bulk call has; they get no other answer. Only after
    /// [`close`](Self::close): a slot must not be used anew before its worker has let go of it.
    pub(crate) fn take_sent(&mut self, callers: &mut Vec<Waiter>) {
        self.cut_off = true;
        for index in self.slab.indices() {
            if let Some(slot) = self.slab.get(index)
                && let Stage::Sent = slot.stage
            {
                let (_, waker) = self.slab.remove(index);
                callers.push(Waiter { cell: index, waker });
            }
        }
    }

    // ---- figures -----------------------------------------------------------------------------

    /// Accepted items that were not sent.
    #[inline]
    pub(crate) fn pending(&self) -> usize {
        self.accepted
    }

    /// Bulk calls under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.calls
    }

    /// Room for how many items and keys is kept.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> (usize, usize) {
        (self.slab.capacity(), self.keys.capacity())
    }

    // ---- inside ------------------------------------------------------------------------------

    #[inline]
    fn view(&self, site: &Site) -> View {
        View {
            policy: self.config.policy,
            batch: self.config.max_batch_size.get(),
            queued: site.queued,
            owed: if self.closed {
                site.queued
            } else {
                site.owed.min(site.queued)
            },
            due: site.due,
        }
    }

    fn is_full(&self) -> bool {
        self.pending() >= self.config.max_pending.get()
    }

    /// `since` is the start of the window; without it that is now.
    #[inline]
    fn insert(
        &mut self,
        id: SiteId,
        index: Index,
        item: T,
        waker: Option<Waker>,
        options: AddOptions,
        since: Option<i64>,
    ) {
        let nth = self.counters.items;
        let is_full = self.is_full();
        let site = self.sites.get_mut(id);
        let batch = self.config.max_batch_size.get();
        let since = since.unwrap_or_else(|| site.stamp(self.clock, nth, batch));
        self.counters.items += 1;
        site.waiting += 1;
        let lane = options.priority as u8;
        let is_usual = !is_full && options.key.is_none();
        let (place, links) = if is_usual {
            // Joins its lane at once, so that the slot and the site are looked up no more than once.
            self.accepted += 1;
            site.count_queued();
            let lane = &mut site.lanes[usize::from(lane)];
            (Place::Lane, lane.grow(&mut self.slab, index))
        } else {
            (Place::Blocked, Links::NONE)
        };
        let slot = Slot {
            nth,
            site: id,
            stage: Stage::Waiting(item),
            waker,
            key: options.key,
            since,
            links,
            flight: options.flight,
            lane,
            place,
        };
        self.slab.insert(index, slot);
        if !is_usual {
            self.insert_apart(index, is_full);
        }
    }

    /// For an item without room, or with a key.
    #[cold]
    fn insert_apart(&mut self, index: Index, is_full: bool) {
        if is_full {
            self.counters.blocked += 1;
            self.blocked.push_back(&mut self.slab, index);
        } else {
            self.admit(index);
        }
    }

    /// Moves an unlinked item to its lane, or behind the others of its key.
    fn admit(&mut self, index: Index) {
        let Some(slot) = self.slab.get_mut(index) else {
            return;
        };
        slot.place = Place::Lane;
        self.accepted += 1;
        let (site, lane) = (slot.site, usize::from(slot.lane));
        if let Some(key) = slot.key
            && self.has_to_follow(index, key, site)
        {
            return;
        }
        let site = self.sites.get_mut(site);
        site.count_queued();
        site.lanes[lane].push_back(&mut self.slab, index);
    }

    /// Puts an item behind the others of its key, if there are any.
    #[cold]
    fn has_to_follow(&mut self, index: Index, key: Key, site: SiteId) -> bool {
        let state = self.keys.enter(key, site);
        if !state.has_head && state.followers.is_empty() {
            state.site = site;
            if state.sending == 0 {
                state.has_head = true;
                return false;
            }
        }
        let (home, parked) = (state.site, state.sending > 0);
        state.followers.push_back(&mut self.slab, index);
        if let Some(slot) = self.slab.get_mut(index) {
            slot.place = Place::Follower;
            slot.site = home;
        }
        if home != site {
            let owed = usize::from(self.is_owed(index));
            let own = self.sites.get_mut(site);
            own.waiting -= 1;
            own.owed -= owed;
            own.guest = true;
            self.sites.get_mut(home).waiting += 1;
            self.sites.get_mut(home).owed += owed;
        }
        if !parked {
            self.sites.get_mut(home).queued += 1;
        }
        true
    }

    fn fill_from_blocked(&mut self) {
        while !self.blocked.is_empty() && !self.is_full() {
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
        let (site, lane) = (slot.site, usize::from(slot.lane));
        self.sites.get_mut(site).lanes[lane].push_back(&mut self.slab, index);
    }

    /// A flush has promised to send this item.
    fn is_owed(&self, index: Index) -> bool {
        let slot = self.slab.get(index);
        slot.is_some_and(|slot| slot.nth < self.promised)
    }

    /// Takes a waiting item out of the list it is in.
    fn unlink(&mut self, index: Index) {
        let Some(slot) = self.slab.get(index) else {
            return;
        };
        let (key, lane, place, id) = (slot.key, usize::from(slot.lane), slot.place, slot.site);
        let owed = self.is_owed(index);
        let site = self.sites.get_mut(id);
        site.waiting -= 1;
        site.owed -= usize::from(owed);
        self.accepted -= usize::from(place != Place::Blocked);
        match (place, key) {
            (Place::Blocked, _) => self.blocked.remove(&mut self.slab, index),
            (Place::Lane, key) => {
                site.lanes[lane].remove(&mut self.slab, index);
                site.queued -= 1;
                if let Some(key) = key {
                    self.promote(key);
                    self.keys.prune(key);
                }
            }
            (Place::Follower, Some(key)) => {
                if let Some(state) = self.keys.get(key) {
                    state.followers.remove(&mut self.slab, index);
                    if state.sending == 0 {
                        site.queued -= 1;
                    }
                    self.keys.prune(key);
                }
            }
            (Place::Follower, None) => {}
        }
    }
}

/// The start of the oldest window among the queued items of a site.
fn oldest<T>(site: &Site, slab: &Slab<T>) -> Option<i64> {
    let since = |lane: &List| Some(slab.get(lane.front()?)?.since);
    site.lanes.iter().filter_map(since).min()
}

/// Whether a window has ended. One that begins in the future was begun by another clock.
fn is_over(since: i64, now: i64, wait: i64) -> bool {
    since > now || now.saturating_sub(since) >= wait
}
