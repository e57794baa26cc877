//! The workers' side of the queue: taking batches, and answering them.

use tokio::time::Instant;

use super::Queue;
use super::clock::is_over;
use super::site::{Post, State};
use super::slot::{Deferred, Stage, Waiter};
use crate::entry::{Index, Key, SiteId};
use crate::error::Answer;

/// A priority may be passed over by this many batches in a row.
pub(super) const MAX_PASSED_OVER: u32 = 7;

/// A batch in the making.
struct Batch<'a, T> {
    items: Vec<T>,
    entries: &'a mut Vec<Index>,
    now: i64,
    /// How long its items waited, in nanoseconds: all together, and the longest.
    waited: (u64, u64),
    /// Those that a flush has promised to send.
    flushed: usize,
}

impl<T, R, E> Queue<T, R, E> {
    /// A worker that has yet to take a batch of its site does so, or ends. With the batch comes the time.
    pub(crate) fn take(
        &mut self,
        post: Post,
        entries: &mut Vec<Index>,
    ) -> Option<(Vec<T>, Instant)> {
        self.polled(post.place);
        entries.clear();
        let site = self.sites.get_mut(post.site);
        site.starting -= 1;
        let room = site.queued.min(self.config.max_batch_size);
        if !(self.should_send(post.site) && self.has_slot(post.site)) {
            return None;
        }
        let now = Instant::now();
        let mut batch = Batch {
            items: Vec::with_capacity(room),
            entries,
            now: self.clock.number(now),
            waited: (0, 0),
            flushed: 0,
        };
        let lowest_first = self.sites.get(post.site).passed_over >= MAX_PASSED_OVER;
        for step in 0..3 {
            let lane = if lowest_first { step } else { 2 - step };
            self.take_from_lane(post.site, lane, &mut batch);
        }
        let taken = batch.items.len();
        let oldest = self.oldest(post.site);
        self.accepted -= taken;
        let site = self.sites.get_mut(post.site);
        site.queued -= taken;
        site.waiting -= taken;
        site.flushing -= batch.flushed;
        let passed_over = !lowest_first && site.lanes[..2].iter().any(|lane| !lane.is_empty());
        site.passed_over = if passed_over { site.passed_over + 1 } else { 0 };
        site.due = oldest.is_some_and(|since| is_over(since, batch.now, self.wait));
        self.sites.get_mut(post.place).sending += 1;
        self.calls += 1;
        self.stats.batch_taken(taken, self.calls, batch.waited);
        self.sites.get_mut(post.site).served = self.stats.batches;
        self.fill_from_blocked();
        Some((batch.items, now))
    }

    /// Answers these entries, in this order; says how many callers got an error.
    #[inline]
    pub(crate) fn settle(
        &mut self,
        entries: impl Iterator<Item = Index>,
        answers: impl IntoIterator<Item = Answer<R, E>>,
        deferred: &mut Deferred<T, R, E>,
    ) -> u64 {
        let before = self.stats.failed;
        deferred.wakers.reserve(entries.size_hint().0);
        for (index, answer) in entries.zip(answers) {
            if let Some(key) = self.answer(index, answer, deferred) {
                self.release(key);
            }
        }
        self.stats.failed - before
    }

    /// Whether what was sent is still wanted.
    pub(crate) fn is_wanted(&self, index: Index) -> bool {
        self.slots
            .get(index)
            .is_some_and(|slot| matches!(slot.stage, Stage::Sent) && slot.waiter != Waiter::Removed)
    }

    /// The worker's call has ended, and it stays for another look.
    pub(crate) fn look_again(&mut self, post: Post) {
        self.call_ended(post);
        self.sites.get_mut(post.site).starting += 1;
    }

    /// A worker ended in an unusual way.
    pub(crate) fn worker_lost(&mut self, post: Post, is_starting: bool) {
        if is_starting {
            self.sites.get_mut(post.site).starting -= 1;
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

    fn take_from_lane(&mut self, site: SiteId, lane: usize, batch: &mut Batch<'_, T>) {
        let mut links = std::mem::take(&mut self.sites.get_mut(site).lanes[lane]);
        // Nothing in a lane is held back.
        while batch.items.len() < self.config.max_batch_size
            && let Some(link) = links.pop(&self.slots)
        {
            if let Some(key) = self.hand_out(link.index, batch) {
                self.take_followers(key, batch);
            }
        }
        self.sites.get_mut(site).lanes[lane] = links;
    }

    /// Puts an entry's item into the batch; gives its key.
    #[allow(clippy::inline_always, reason = "2 % of an `add`")]
    #[inline(always)]
    fn hand_out(&mut self, index: Index, batch: &mut Batch<'_, T>) -> Option<Key> {
        let slot = self.slots.get_mut(index)?;
        let Stage::Waiting(item) = std::mem::replace(&mut slot.stage, Stage::Sent) else {
            return None;
        };
        batch.items.push(item);
        batch.entries.push(index);
        // Otherwise the item went from one runtime to another, whose clocks may differ.
        let waited = u64::try_from(batch.now.wrapping_sub(slot.since)).unwrap_or(0);
        batch.waited.0 = batch.waited.0.saturating_add(waited);
        batch.waited.1 = batch.waited.1.max(waited);
        batch.flushed += usize::from(slot.nth < self.promised);
        slot.key
    }

    /// The items of one key go together, so that none of them waits for another's call; unless it may
    /// have to wait for another's retry.
    #[cold]
    fn take_followers(&mut self, key: Key, batch: &mut Batch<'_, T>) {
        let mut taken = 1;
        while taken < self.per_key
            && batch.items.len() < self.config.max_batch_size
            && let Some(state) = self.keys.get_mut(&key)
            && let Some(link) = state.followers.pop(&self.slots)
        {
            self.hand_out(link.index, batch);
            taken += 1;
        }
        if let Some(state) = self.keys.get_mut(&key) {
            (state.has_head, state.sending) = (false, taken);
            self.sites.get_mut(state.site).queued -= state.followers.len();
        }
    }

    /// One item of the key was answered; after the last, the next may go.
    #[cold]
    fn release(&mut self, key: Key) {
        let Some(state) = self.keys.get_mut(&key) else {
            return;
        };
        state.sending = state.sending.saturating_sub(1);
        if state.sending == 0 {
            self.sites.get_mut(state.site).queued += state.followers.len();
            self.promote(key);
        }
    }
}
