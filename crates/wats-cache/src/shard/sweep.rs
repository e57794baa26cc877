//! Walking over the entries of a shard in slices: for expired ones, and for those a user chooses.

use super::Shard;
use crate::entry::{Entry, NEVER, Tick, VERSIONS};
use crate::removal::{Outbox, RemovalCause};
use crate::slab::Slab;

/// Slots looked at for an expired victim before the policy is asked.
const VICTIM_SLOTS: usize = 256;

/// Where the search for expired entries stands, and how early the next one can be.
#[derive(Debug)]
pub(super) struct Cursor {
    slot: usize,
    /// No entry expires before this.
    soonest: Tick,
    /// The same for what this round has seen so far.
    soonest_of_round: Tick,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            slot: 0,
            soonest: NEVER,
            soonest_of_round: NEVER,
        }
    }
}

impl Cursor {
    pub(super) fn note(&mut self, expiry: Tick) {
        self.soonest = self.soonest.min(expiry);
        self.soonest_of_round = self.soonest_of_round.min(expiry);
    }

    /// At the end of a round everything was seen, or was noted while it went on.
    fn wrap(&mut self) {
        self.slot = 0;
        self.soonest = std::mem::replace(&mut self.soonest_of_round, NEVER);
    }
}

impl<K, V> Shard<K, V> {
    /// Whether a sweep could find anything.
    pub(crate) fn may_hold_expired(&self, now: Tick) -> bool {
        self.cursor.soonest <= now
    }

    pub(crate) fn slots(&self) -> usize {
        self.slab.slots()
    }

    /// The next expired entry after at most [`VICTIM_SLOTS`] slots.
    pub(super) fn next_expired(&mut self, now: Tick) -> Option<u32> {
        if !self.may_hold_expired(now) {
            return None;
        }
        (0..VICTIM_SLOTS.min(self.slots())).find_map(|_| self.step(now))
    }

    /// Looks at one slot; tells it if it is expired.
    fn step(&mut self, now: Tick) -> Option<u32> {
        let slot = self.cursor.slot as u32;
        let expiry = self.slab.get(slot).map(|entry| entry.meta.expiry());
        self.cursor.slot += 1;
        let expired = expiry.is_some_and(|expiry| expiry <= now);
        if let (Some(expiry), false) = (expiry, expired) {
            self.cursor.soonest_of_round = self.cursor.soonest_of_round.min(expiry);
        }
        if self.cursor.slot >= self.slots() {
            self.cursor.wrap();
        }
        expired.then_some(slot)
    }

    /// Calls `see` with the entries of the next slots from `from` on; tells where to go on, if anywhere.
    pub(crate) fn walk(
        &self,
        from: usize,
        slots: usize,
        mut see: impl FnMut(u32, &Entry<K, V>),
    ) -> Option<usize> {
        let end = (from.saturating_add(slots)).min(self.slots());
        for slot in from as u32..end as u32 {
            if let Some(entry) = self.slab.get(slot) {
                see(slot, entry);
            }
        }
        (end < self.slots()).then_some(end)
    }

    pub(crate) fn is_fresh(&self, entry: &Entry<K, V>, now: Tick) -> bool {
        self.fresh_until(entry.meta.expiry()) > now
    }

    /// A stamp for [`unchanged`](Self::unchanged).
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Whether versions noted at `writes` still tell one entry from another.
    pub(crate) fn versions_hold(&self, writes: u64) -> bool {
        self.writes - writes < VERSIONS
    }

    pub(crate) fn has_tag(&self, slot: u32, tag: u64) -> bool {
        let tags = self
            .slab
            .extra(slot)
            .and_then(|extra| extra.tags.as_deref());
        tags.is_some_and(|tags| tags.contains(&tag))
    }
}

impl<K: Eq, V> Shard<K, V> {
    /// Looks at the next slots for expired entries and removes them.
    pub(crate) fn sweep(
        &mut self,
        slots: usize,
        now: Tick,
        tag_of: &impl Fn(&K) -> u32,
        out: &mut Outbox<K, V>,
    ) {
        for _ in 0..slots {
            if let Some(slot) = self.step(now) {
                self.remove_slot(slot, tag_of, RemovalCause::Expired, out);
            }
        }
    }

    /// Removes an entry if it is still the one that was seen.
    pub(crate) fn remove_seen(
        &mut self,
        slot: u32,
        version: u64,
        tag_of: &impl Fn(&K) -> u32,
        out: &mut Outbox<K, V>,
    ) {
        if self
            .slab
            .get(slot)
            .is_some_and(|entry| entry.meta.version() == version)
        {
            self.remove_slot(slot, tag_of, RemovalCause::Invalidated, out);
        }
    }

    /// Gives memory back that a sweep has left empty. What it takes out is empty and only wants to be dropped.
    pub(crate) fn pack(&mut self) -> Option<Slab<K, V>> {
        if self.slab.len() > 0 || self.slots() == 0 {
            return None;
        }
        self.index = crate::index::Index::new(self.rules.limits.entries);
        self.cursor = Cursor::default();
        Some(std::mem::replace(
            &mut self.slab,
            Slab::new(self.rules.extras),
        ))
    }
}
