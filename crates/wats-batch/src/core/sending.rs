//! The workers' side of the core: taking batches, and naming the callers that
//! are to be answered.

use super::site::{Post, SiteId, State};
use super::slab::{Key, Stage};
use super::{Core, Effects, is_over, oldest};
use crate::answers::Waiter;
use crate::list::{Index, NIL};

/// A lane may be passed over by this many batches in a row.
pub(super) const PATIENCE: u32 = 7;

impl<T> Core<T> {
    /// A worker that counts as gathering takes a batch of its site, or stops counting.
    pub(crate) fn take(
        &mut self,
        post: Post,
        tickets: &mut Vec<Index>,
    ) -> (Option<Vec<T>>, Effects) {
        self.answered(post.place);
        tickets.clear();
        let site = self.sites.get_mut(post.site);
        site.gathering -= 1;
        if !(self.is_ripe(post.site) && self.has_turn(post.site)) {
            return (None, self.effects());
        }
        let now = self.clock.now();
        let site = self.sites.get_mut(post.site);
        let mut items = Vec::with_capacity(site.queued.min(self.config.max_batch_size.get()));
        let lowest_first = site.passed_over >= PATIENCE;
        for step in 0..3 {
            let lane = if lowest_first { step } else { 2 - step };
            self.take_from_lane(post.site, lane, now, &mut items, tickets);
        }
        let site = self.sites.get_mut(post.site);
        let passed_over = !lowest_first && site.lanes[..2].iter().any(|lane| !lane.is_empty());
        site.passed_over = if passed_over { site.passed_over + 1 } else { 0 };
        let oldest = oldest(site, &self.slab);
        site.due = oldest.is_some_and(|since| is_over(since, now, self.wait));
        self.sites.get_mut(post.place).sending += 1;
        self.calls += 1;
        self.sites.line.retain(|site| *site != post.site);
        self.counters.sent(items.len(), self.calls);
        self.fill_from_blocked();
        (Some(items), self.effects())
    }

    /// The items of these tickets are done with: names their callers, in the same order.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        tickets: impl Iterator<Item = Index>,
        callers: &mut Vec<Waiter>,
    ) {
        for index in tickets {
            let caller = match self.slab.get(index) {
                Some(slot) if matches!(slot.stage, Stage::Sent | Stage::Abandoned) => {
                    let key = slot.key;
                    let waker = self.slab.free(index);
                    if let Some(key) = key {
                        self.release(key);
                    }
                    Waiter { cell: index, waker }
                }
                // Cut off by a close with a deadline; its caller has been told.
                _ => Waiter::NOBODY,
            };
            callers.push(caller);
        }
    }

    /// Whether the item of this flight has no answer yet.
    pub(crate) fn is_open(&self, index: Index, flight: u32) -> bool {
        self.slab.get(index).is_some_and(|slot| {
            slot.flight == flight && matches!(slot.stage, Stage::Waiting(_) | Stage::Sent)
        })
    }

    /// Whether anybody still waits for what was sent.
    pub(crate) fn is_wanted(&self, index: Index) -> bool {
        self.slab
            .get(index)
            .is_some_and(|slot| matches!(slot.stage, Stage::Sent))
    }

    /// The worker's call has ended, and it stays for another look; until then it counts as gathering.
    pub(crate) fn gather_again(&mut self, post: Post) {
        self.call_ended(post);
        self.sites.get_mut(post.site).gathering += 1;
    }

    /// A worker ended in an unusual way.
    pub(crate) fn worker_lost(&mut self, post: Post, was_gathering: bool) {
        if was_gathering {
            self.sites.get_mut(post.site).gathering -= 1;
        } else {
            self.call_ended(post);
        }
    }

    // ---- inside ------------------------------------------------------------------------------

    fn call_ended(&mut self, post: Post) {
        let site = self.sites.get_mut(post.place);
        site.sending -= 1;
        self.calls -= 1;
        self.lent -= usize::from(site.state == State::Stalled);
    }

    fn take_from_lane(
        &mut self,
        site: SiteId,
        lane: usize,
        now: i64,
        items: &mut Vec<T>,
        tickets: &mut Vec<Index>,
    ) {
        let room = self.config.max_batch_size.get();
        let before = items.len();
        let mut followed = 0;
        let mut owed = 0;
        let mut next = self.sites.get(site).lanes[lane].front().unwrap_or(NIL);
        // Nothing in a lane is held back, so what is taken is its front, cut off at once.
        while items.len() < room
            && let Some(slot) = self.slab.get_mut(next)
        {
            let index = std::mem::replace(&mut next, slot.links.next);
            let key = slot.key;
            owed += usize::from(slot.nth < self.promised);
            if let Stage::Waiting(item) = std::mem::replace(&mut slot.stage, Stage::Sent) {
                self.counters.waited(slot.since, now);
                items.push(item);
                tickets.push(index);
            }
            if let Some(key) = key {
                let (count, promised) = self.take_followers(key, now, items, tickets);
                followed += count;
                owed += promised;
            }
        }
        let taken = items.len() - before;
        let site = self.sites.get_mut(site);
        site.lanes[lane].cut_front(&mut self.slab, next, taken - followed);
        site.queued -= taken;
        site.waiting -= taken;
        self.accepted -= taken;
        site.owed -= owed;
    }

    /// The items of one key go together, so that none of them waits for another's call; unless it may
    /// have to wait for another's retry.
    #[cold]
    fn take_followers(
        &mut self,
        key: Key,
        now: i64,
        items: &mut Vec<T>,
        tickets: &mut Vec<Index>,
    ) -> (usize, usize) {
        let Some(state) = self.keys.get(key) else {
            return (0, 0);
        };
        let (mut followers, site) = (state.followers, state.site);
        let (mut taken, mut owed) = (0, 0);
        while taken + 1 < self.per_key
            && items.len() < self.config.max_batch_size.get()
            && let Some(index) = followers.pop_front(&mut self.slab)
            && let Some(slot) = self.slab.get_mut(index)
        {
            if let Stage::Waiting(item) = std::mem::replace(&mut slot.stage, Stage::Sent) {
                self.counters.waited(slot.since, now);
                owed += usize::from(slot.nth < self.promised);
                items.push(item);
                tickets.push(index);
                taken += 1;
            }
        }
        self.sites.get_mut(site).queued -= followers.len();
        if let Some(state) = self.keys.get(key) {
            (state.followers, state.has_head, state.sending) = (followers, false, 1 + taken);
        }
        (taken, owed)
    }

    /// One item of the key was answered; after the last, the next may go.
    fn release(&mut self, key: Key) {
        let Some(state) = self.keys.get(key) else {
            return;
        };
        state.sending = state.sending.saturating_sub(1);
        if state.sending > 0 {
            return;
        }
        let (waiting, site) = (state.followers.len(), state.site);
        self.sites.get_mut(site).queued += waiting;
        self.promote(key);
        self.keys.prune(key);
    }
}
