//! One shard: entries, policy and counts, for a single thread at a time.
//!
//! Nothing here locks, tells the time or calls back; what goes out is put into an [`Removals`]. The only code of the user
//! that runs is `Eq` of keys, and `Clone` of a value by the caller.

mod expire;
mod pending;
mod sweep;

use crate::entry::{Entry, Meta, NEVER, Tick};
use crate::loaded::EntryOptions;
use crate::policy::{Evict, Policy, PolicyImpl};
use crate::removal::{RemovalCause, Removals};
use crate::stats::Writes;
use crate::table::{AtHome, EntryExtra, Table};
use expire::Ended;
use pending::PendingLoads;
pub(crate) use pending::{PendingTags, Stamp};
use std::borrow::Borrow;
use sweep::Cursor;

/// What a shard may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) entries: usize,
    pub(crate) weight: u64,
}

/// What a shard is told about its entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    /// Time to idle; 0 is none.
    pub(crate) idle: Tick,
    /// How long an entry is kept after its time, to be served stale.
    pub(crate) stale: Tick,
    /// Whether entries have an [`EntryExtra`].
    pub(crate) extras: bool,
}

/// The fields of a look-up come first, so that they share a cache line with the lock.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Shard<K, V> {
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    /// A plain hit has a rank of more than this after now: it is of the present generation, and fresh. It is higher than any
    /// where a hit changes more than the entry: the order of the policy, or the time to idle.
    margin: u64,
    table: Table<K, V>,
    policy: PolicyImpl,
    rules: Rules,
    weight: Sum,
    /// Counts inserts and updates; its low bits are the version of an entry.
    writes: u64,
    /// The least rank of the present generation.
    first_rank: u64,
    ended: Ended,
    cursor: Cursor,
    counts: Writes,
    pub(crate) pending: PendingLoads<K>,
}

/// An entry to insert.
#[derive(Debug)]
pub(crate) struct New<K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
    /// When it stops being fresh.
    pub(crate) fresh_until: Tick,
}

/// What a look-up finds where a key mostly stands.
#[derive(Debug)]
pub(crate) enum Look<V> {
    Hit(V),
    Absent,
    /// That takes more than a look: [`Shard::get`] tells.
    Open,
}

/// Higher than all ranks.
const NO_PLAIN_HIT: u64 = 1 << 48;

/// A sum of weights, and so wider than what it is made of; in two words, because the alignment of one wide word would push
/// a field of the look-up out of the first cache line.
#[derive(Debug, Default)]
struct Sum([u64; 2]);

impl Sum {
    fn get(&self) -> u128 {
        (u128::from(self.0[1]) << 64) | u128::from(self.0[0])
    }

    fn set(&mut self, sum: u128) {
        self.0 = [sum as u64, (sum >> 64) as u64];
    }
}

/// Why a look-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Miss {
    Absent,
    /// There is an entry, but its time is over.
    Late {
        slot: u32,
    },
}

impl<K, V> Shard<K, V> {
    pub(crate) fn new(rules: Rules) -> Self {
        let notes_hits = rules.policy == Policy::Lru || rules.idle != 0;
        Self {
            hits: 0,
            misses: 0,
            margin: if notes_hits {
                NO_PLAIN_HIT
            } else {
                rules.stale
            },
            table: Table::new(rules.extras),
            policy: PolicyImpl::new(rules.policy),
            rules,
            weight: Sum::default(),
            writes: 0,
            first_rank: 0,
            ended: Ended::default(),
            cursor: Cursor::default(),
            counts: Writes::default(),
            pending: PendingLoads::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn weight(&self) -> u64 {
        if self.rules.extras {
            // Never more than the limit, outside of an insert.
            u64::try_from(self.weight.get()).unwrap_or(u64::MAX)
        } else {
            self.table.len() as u64
        }
    }

    pub(crate) fn counts(&self) -> Writes {
        self.counts
    }

    /// Takes everything out at once.
    pub(crate) fn clear(&mut self) -> Table<K, V> {
        self.counts.invalidated += self.table.len() as u64;
        self.weight = Sum::default();
        self.policy = PolicyImpl::new(self.rules.policy);
        self.cursor = Cursor::default();
        self.pending.invalidate_all();
        self.restart_generations();
        std::mem::replace(&mut self.table, Table::new(self.rules.extras))
    }

    /// The first tagged entry came.
    #[cold]
    fn enable_extras(&mut self) {
        self.table.enable_extras();
        self.rules.extras = true;
        self.weight.set(self.table.len() as u128);
    }

    #[inline]
    fn fresh_until(&self, expiry: Tick) -> Tick {
        if expiry == NEVER {
            NEVER
        } else {
            expiry.saturating_sub(self.rules.stale)
        }
    }

    fn kept_until(&self, fresh_until: Tick) -> Tick {
        if fresh_until >= NEVER {
            NEVER
        } else {
            fresh_until.saturating_add(self.rules.stale).min(NEVER - 1)
        }
    }

    #[inline]
    fn remove_slot(&mut self, slot: u32, cause: RemovalCause, out: &mut Removals<K, V>) {
        self.policy.unlink(&mut self.table, slot);
        self.take_out(slot, cause, out);
    }

    /// Removes an entry that the policy does not link any more.
    #[inline]
    fn take_out(&mut self, slot: u32, cause: RemovalCause, out: &mut Removals<K, V>) {
        if self.rules.extras {
            let weight = self.table.extra(slot).map_or(0, |extra| extra.weight);
            self.weight.set(self.weight.get() - u128::from(weight));
        }
        let Some(entry) = self.table.take(slot) else {
            return;
        };
        match cause {
            RemovalCause::Expired => self.counts.expired += 1,
            RemovalCause::Evicted => self.counts.evicted += 1,
            RemovalCause::Invalidated => self.counts.invalidated += 1,
            RemovalCause::Replaced => {}
        }
        out.push(entry.key, entry.value, cause);
    }
}

impl<K: Eq, V> Shard<K, V> {
    /// Looks a key up, notes the use and counts the hit, if that is quickly done.
    #[inline]
    pub(crate) fn look<Q: Eq + ?Sized>(&mut self, hash: u32, key: &Q, now: Tick) -> Look<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        // NEVER of the present generation lies beyond every horizon but that of a shard in which no hit is plain.
        let horizon = now + self.margin;
        let found = self.table.at_home(hash, key, |entry| {
            if entry.meta.rank() <= horizon {
                return None;
            }
            entry.note_use();
            Some(entry.value.clone())
        });
        match found {
            AtHome::Here(Some(value)) => {
                self.hits += 1;
                Look::Hit(value)
            }
            AtHome::Absent => Look::Absent,
            AtHome::Here(None) | AtHome::Beyond => Look::Open,
        }
    }

    /// Looks a key up and notes the use; counting is the caller's.
    pub(crate) fn get<Q: Eq + ?Sized>(&mut self, hash: u32, key: &Q, now: Tick) -> Result<&V, Miss>
    where
        K: Borrow<Q>,
    {
        let slot = self.table.find(hash, key).ok_or(Miss::Absent)?;
        let fresh = self
            .table
            .get(slot)
            .is_some_and(|entry| self.is_fresh(entry, now));
        if !fresh {
            return Err(Miss::Late { slot });
        }
        self.note_use(slot, now);
        let entry = self.table.get_mut(slot).ok_or(Miss::Absent)?;
        entry.note_use();
        Ok(&entry.value)
    }

    fn note_use(&mut self, slot: u32, now: Tick) {
        self.policy.hit(&mut self.table, slot);
        if self.rules.idle != 0 {
            let lives_until = self
                .table
                .extra(slot)
                .map_or(NEVER, |extra| extra.lives_until);
            let idle_until = now.saturating_add(self.rules.idle).min(lives_until);
            let expiry = self.kept_until(idle_until);
            if let Some(entry) = self.table.get_mut(slot) {
                entry.meta = entry.meta.with_expiry(expiry);
            }
        }
    }

    /// Looks a key up without noting anything.
    pub(crate) fn peek<Q: Eq + ?Sized>(&self, hash: u32, key: &Q, now: Tick) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let slot = self.table.find(hash, key)?;
        let entry = self.table.get(slot)?;
        self.is_fresh(entry, now).then_some(&entry.value)
    }

    /// Whether a fresh entry has come to the time of its early refresh.
    pub(crate) fn wants_refresh<Q: Eq + ?Sized>(&self, hash: u32, key: &Q, now: Tick) -> bool
    where
        K: Borrow<Q>,
    {
        let extra = self
            .table
            .find(hash, key)
            .and_then(|slot| self.table.extra(slot));
        extra.is_some_and(|extra| extra.refresh_at != 0 && extra.refresh_at <= now)
    }

    /// What the entry of a key was given, if it is still there.
    pub(crate) fn given<Q: Eq + ?Sized>(&self, hash: u32, key: &Q) -> EntryOptions
    where
        K: Borrow<Q>,
    {
        if !self.rules.extras {
            return EntryOptions::default();
        }
        let slot = self.table.find(hash, key);
        let extra = slot.and_then(|slot| self.table.extra(slot));
        extra.map(|extra| extra.given.clone()).unwrap_or_default()
    }

    /// Removes what a failed look-up met, if it is not even kept to be served stale.
    pub(crate) fn remove_late(&mut self, slot: u32, now: Tick, out: &mut Removals<K, V>) {
        if self
            .table
            .get(slot)
            .is_some_and(|entry| self.expiry(entry.meta) <= now)
        {
            self.remove_slot(slot, RemovalCause::Expired, out);
        }
    }

    /// Removes a key; what was not fresh any more counts as expired.
    pub(crate) fn remove<Q: Eq + ?Sized>(
        &mut self,
        hash: u32,
        key: &Q,
        now: Tick,
        out: &mut Removals<K, V>,
    ) -> bool
    where
        K: Borrow<Q>,
    {
        let Some(slot) = self.table.find(hash, key) else {
            return false;
        };
        let fresh = self
            .table
            .get(slot)
            .is_some_and(|entry| self.is_fresh(entry, now));
        let cause = if fresh {
            RemovalCause::Invalidated
        } else {
            RemovalCause::Expired
        };
        self.remove_slot(slot, cause, out);
        fresh
    }

    /// Inserts or replaces, and makes room for it.
    #[inline]
    pub(crate) fn insert(
        &mut self,
        hash: u32,
        new: New<K, V>,
        extra: Option<EntryExtra>,
        now: Tick,
        out: &mut Removals<K, V>,
    ) {
        let weight = extra.as_ref().map_or(1, |extra| extra.weight);
        if weight > self.rules.limits.weight || self.rules.limits.entries == 0 {
            return self.refuse(hash, new, now, out);
        }
        if extra.is_some() && !self.rules.extras {
            self.enable_extras();
        }
        self.writes += 1;
        let mut fresh_until = new.fresh_until;
        if self.rules.idle != 0 {
            fresh_until = fresh_until.min(now.saturating_add(self.rules.idle));
        }
        let expiry = self.kept_until(fresh_until);
        let meta = Meta::new(self.first_rank, expiry, self.writes);
        if let Some(slot) = self.table.find(hash, &new.key) {
            self.replace(slot, meta, new, extra, now, out);
            self.cursor.note(expiry);
            // A heavier value under the same key may need room, too. Without extras all weigh the same.
            if self.rules.extras {
                self.shrink(now, out);
            }
            return;
        }
        self.counts.inserts += 1;
        self.make_room(1, weight, now, out);
        if self.table.is_full() {
            self.grow();
        }
        let entry = Entry {
            meta,
            key: new.key,
            value: new.value,
        };
        let slot = self.table.add(hash, entry);
        // Not earlier: making room may have begun a new round, which has to hear of this entry.
        self.cursor.note(expiry);
        self.policy.admit(&mut self.table, slot);
        if self.rules.extras {
            self.weight.set(self.weight.get() + u128::from(weight));
            self.table.set_extra(slot, extra.unwrap_or_default());
        }
    }

    #[cold]
    fn grow(&mut self) {
        let moved = self.table.grow(self.rules.limits.entries);
        self.policy.moved(&mut self.table, &moved);
        self.cursor.restart();
    }

    #[inline(never)]
    fn replace(
        &mut self,
        slot: u32,
        meta: Meta,
        new: New<K, V>,
        extra: Option<EntryExtra>,
        now: Tick,
        out: &mut Removals<K, V>,
    ) {
        if self.rules.extras {
            let old_weight = self.table.extra(slot).map_or(0, |extra| extra.weight);
            let extra = extra.unwrap_or_default();
            let others = self.weight.get() - u128::from(old_weight);
            self.weight.set(others + u128::from(extra.weight));
            self.table.set_extra(slot, extra);
        }
        self.policy.hit(&mut self.table, slot);
        let expired = self
            .table
            .get(slot)
            .is_some_and(|entry| !self.is_fresh(entry, now));
        let Some(entry) = self.table.get_mut(slot) else {
            return;
        };
        let was = entry.meta;
        entry.meta = meta.with_main(was.is_main()).with_uses(was.uses()).used();
        let key = std::mem::replace(&mut entry.key, new.key);
        let value = std::mem::replace(&mut entry.value, new.value);
        if expired {
            self.counts.expired += 1;
            self.counts.inserts += 1;
            out.push(key, value, RemovalCause::Expired);
        } else {
            self.counts.updates += 1;
            out.push(key, value, RemovalCause::Replaced);
        }
    }

    /// [`make_room`](Self::make_room) for nothing new, rarely needed.
    #[inline(never)]
    fn shrink(&mut self, now: Tick, out: &mut Removals<K, V>) {
        self.make_room(0, 0, now, out);
    }

    /// Too heavy, or nothing may stay: counted as taken in and evicted. An older value must not survive it.
    fn refuse(&mut self, hash: u32, new: New<K, V>, now: Tick, out: &mut Removals<K, V>) {
        self.remove(hash, &new.key, now, out);
        self.counts.inserts += 1;
        self.counts.evicted += 1;
        out.push(new.key, new.value, RemovalCause::Evicted);
    }

    /// Removes entries until `entries` more of `weight` fit: expired ones first, then as the policy says.
    #[inline]
    fn make_room(&mut self, entries: usize, weight: u64, now: Tick, out: &mut Removals<K, V>) {
        while self.table.len() + entries > self.rules.limits.entries || self.outweighs(weight) {
            if let Some(slot) = self.next_expired(now) {
                self.remove_slot(slot, RemovalCause::Expired, out);
                continue;
            }
            let Some(slot) = self.policy.evict(&mut self.table) else {
                return;
            };
            self.take_out(slot, RemovalCause::Evicted, out);
        }
    }

    /// Whether so much more weight does not fit. Without extras every entry weighs 1, and their number is what is bounded.
    #[inline]
    fn outweighs(&self, more: u64) -> bool {
        self.rules.extras
            && self.weight.get() + u128::from(more) > u128::from(self.rules.limits.weight)
    }
}
