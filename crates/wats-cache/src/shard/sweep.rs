//! Walking over the entries of a shard in slices: for expired ones, and for those a user chooses.

use super::Shard;
use crate::entry::{Entry, NEVER, Tick, VERSIONS};
use crate::policy::PolicyImpl;
use crate::removal::{RemovalCause, Removals};
use crate::table::Table;

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

    /// The entries have moved: the round begins anew, and what was known of the earliest expiry still holds.
    pub(super) fn restart(&mut self) {
        self.slot = 0;
        self.soonest_of_round = NEVER;
    }

    /// At the end of a round everything was seen, or was noted while it went on.
    fn wrap(&mut self) {
        self.slot = 0;
        self.soonest = std::mem::replace(&mut self.soonest_of_round, NEVER);
    }
}

impl<K, V> Shard<K, V> {
    /// No entry expires before this; that of a shard in which nothing expires is `NEVER`.
    #[inline]
    pub(crate) fn soonest(&self) -> Tick {
        self.cursor.soonest
    }

    /// Whether a sweep could find anything.
    pub(crate) fn may_hold_expired(&self, now: Tick) -> bool {
        self.cursor.soonest <= now
    }

    pub(crate) fn slots(&self) -> usize {
        self.table.slots()
    }

    /// The next expired entry after at most [`VICTIM_SLOTS`] slots.
    pub(super) fn next_expired(&mut self, now: Tick) -> Option<u32> {
        if !self.may_hold_expired(now) {
            return None;
        }
        (0..VICTIM_SLOTS.min(self.slots())).find_map(|_| self.step(now))
    }

    /// Looks at one slot; tells it if it is expired.
    #[inline]
    fn step(&mut self, now: Tick) -> Option<u32> {
        let slot = self.cursor.slot as u32;
        let expiry = self.table.get(slot).map(|entry| self.expiry(entry.meta));
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

    /// Calls `see` with entries from this hash on, about `slots` of them; tells the hash to go on with, if any.
    pub(crate) fn walk(
        &self,
        from: u32,
        slots: usize,
        see: impl FnMut(u32, &Entry<K, V>),
    ) -> Option<u32> {
        self.table.walk(from, slots, see)
    }

    pub(crate) fn hash(&self, slot: u32) -> u32 {
        self.table.hash(slot)
    }

    #[inline]
    pub(crate) fn is_fresh(&self, entry: &Entry<K, V>, now: Tick) -> bool {
        self.fresh_until(entry.meta.expiry()) > now && !self.is_declared_over(entry.meta)
    }

    /// A stamp for [`versions_hold`](Self::versions_hold).
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Whether versions noted at `writes` still tell one entry from another.
    pub(crate) fn versions_hold(&self, writes: u64) -> bool {
        self.writes - writes < VERSIONS
    }

    pub(super) fn has_tag(&self, slot: u32, tag: u64) -> bool {
        let tags = self
            .table
            .extra(slot)
            .and_then(|extra| extra.given.tags.as_deref());
        tags.is_some_and(|tags| tags.contains(&tag))
    }
}

impl<K: Eq, V> Shard<K, V> {
    /// Looks at the next slots for expired entries and removes them.
    pub(crate) fn sweep(&mut self, slots: usize, now: Tick, out: &mut Removals<K, V>) {
        for _ in 0..slots {
            if let Some(slot) = self.step(now) {
                self.remove_slot(slot, RemovalCause::Expired, out);
            }
        }
    }

    /// Removes an entry if it is still the one that was seen.
    pub(crate) fn remove_seen(
        &mut self,
        hash: u32,
        key: &K,
        version: u64,
        out: &mut Removals<K, V>,
    ) {
        let Some(slot) = self.table.find(hash, key) else {
            return;
        };
        if self
            .table
            .get(slot)
            .is_some_and(|entry| entry.meta.version() == version)
        {
            self.remove_slot(slot, RemovalCause::Invalidated, out);
        }
    }

    /// Removes the entries from this hash on that carry a tag, of about `slots`; tells the hash to go on with, if any.
    pub(crate) fn remove_tagged(
        &mut self,
        tag: u64,
        from: u32,
        slots: usize,
        out: &mut Removals<K, V>,
    ) -> Option<u32> {
        let mut seen = Vec::new();
        let next = self.table.walk(from, slots, |slot, _| {
            if self.has_tag(slot, tag) {
                seen.push(slot);
            }
        });
        for slot in seen {
            self.remove_slot(slot, RemovalCause::Invalidated, out);
        }
        next
    }

    /// Gives memory back that a sweep has left empty, and begins anew. What it takes out is empty and only wants to be dropped.
    pub(crate) fn pack(&mut self) -> Option<(Table<K, V>, PolicyImpl)> {
        if self.table.len() > 0 || self.slots() == 0 {
            return None;
        }
        self.cursor = Cursor::default();
        self.restart_generations();
        let table = std::mem::replace(&mut self.table, Table::new(self.rules.extras));
        let policy = std::mem::replace(&mut self.policy, PolicyImpl::new(self.rules.policy));
        Some((table, policy))
    }
}
