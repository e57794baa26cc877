//! Entries whose time is declared to be over: they are not fresh any more, and are kept as long as the stale options say.
//!
//! All of a shard at once costs one step, however many they are: each entry knows in which generation it was written, the
//! shard when each generation ended, and a look-up takes the earlier one of both ends. Only when the numbers of
//! generations are used up, once in [`GENERATIONS`] times, is it noted with each entry.

use super::{NO_PLAIN_HIT, Shard};
use crate::entry::{Entry, GENERATIONS, Meta, Tick, first_rank};
use crate::policy::Policy;
use crate::removal::{RemovalCause, Removals};
use std::borrow::Borrow;

/// When each generation of entries but the present one ended.
#[derive(Debug, Default)]
pub(super) struct Ended(Vec<Tick>);

impl Ended {
    /// The number of the present generation.
    fn generation(&self) -> usize {
        self.0.len()
    }

    /// When the generation of an entry ended, if it did.
    #[inline]
    fn end_of(&self, meta: Meta) -> Option<Tick> {
        self.0.get(meta.generation()).copied()
    }
}

/// A value whose time is over.
#[derive(Debug)]
pub(crate) struct Stale<'a, V> {
    pub(crate) value: &'a V,
    /// For how long it is over.
    pub(crate) late_by: Tick,
    /// Whether that was declared, before it was.
    pub(crate) declared: bool,
}

impl<K, V> Shard<K, V> {
    /// When an entry is removed, its generation considered.
    #[inline]
    pub(super) fn expiry(&self, meta: Meta) -> Tick {
        if self.ended.0.is_empty() {
            // In the first generation it is the rank.
            return meta.rank();
        }
        match self.ended.end_of(meta) {
            Some(end) => meta.expiry().min(self.kept_until(end)),
            None => meta.expiry(),
        }
    }

    /// Whether the time of an entry was declared to be over.
    #[inline]
    pub(super) fn is_declared_over(&self, meta: Meta) -> bool {
        meta.is_expired() || self.ended.end_of(meta).is_some()
    }

    /// Begins with the first generation; nothing is left of others.
    pub(super) fn restart_generations(&mut self) {
        if self.ended.generation() > 0 {
            self.ended = Ended::default();
            self.note_generation();
        }
    }

    fn note_generation(&mut self) {
        self.first_rank = first_rank(self.ended.generation());
        self.margin = if self.rules.policy == Policy::Lru || self.rules.idle != 0 {
            NO_PLAIN_HIT
        } else {
            self.first_rank + self.rules.stale
        };
    }

    /// Declares the time of all entries to be over.
    pub(crate) fn expire_all(&mut self, now: Tick) {
        self.pending.invalidate_all();
        if self.table.len() == 0 {
            return;
        }
        if self.ended.generation() + 1 == GENERATIONS {
            self.note_ends();
        }
        self.ended.0.push(now);
        self.note_generation();
        self.cursor.note(self.kept_until(now));
    }

    /// Notes with each entry when its generation ended, and begins with the first one.
    #[cold]
    fn note_ends(&mut self) {
        for slot in 0..self.slots() as u32 {
            let Some(meta) = self.table.get(slot).map(|entry| entry.meta) else {
                continue;
            };
            let noted = if self.is_declared_over(meta) {
                meta.expire(self.expiry(meta))
            } else {
                meta
            };
            if let Some(entry) = self.table.get_mut(slot) {
                entry.meta = noted.with_generation(0);
            }
        }
        self.restart_generations();
    }

    /// Declares the time of an entry to be over; where nothing stale is kept, it goes. Tells whether it was fresh.
    fn expire_slot(&mut self, slot: u32, now: Tick, out: &mut Removals<K, V>) -> bool {
        let Some(entry) = self.table.get(slot) else {
            return false;
        };
        let fresh = self.is_fresh(entry, now);
        if self.rules.stale == 0 {
            let cause = if fresh {
                RemovalCause::Invalidated
            } else {
                RemovalCause::Expired
            };
            self.remove_slot(slot, cause, out);
            return fresh;
        }
        let until = self.expiry(entry.meta).min(self.kept_until(now));
        if let Some(entry) = self.table.get_mut(slot) {
            entry.meta = entry.meta.expire(until);
        }
        self.cursor.note(until);
        fresh
    }

    /// Declares the time of the entries from this hash on that carry a tag to be over, of about `slots`. Tells the hash to go
    /// on with, if any, and how many of them were fresh.
    pub(crate) fn expire_tagged(
        &mut self,
        tag: u64,
        from: u32,
        slots: usize,
        now: Tick,
        out: &mut Removals<K, V>,
    ) -> (Option<u32>, usize) {
        let mut seen = Vec::new();
        let next = self.table.walk(from, slots, |slot, _| {
            if self.has_tag(slot, tag) {
                seen.push(slot);
            }
        });
        let fresh = seen
            .into_iter()
            .filter(|slot| self.expire_slot(*slot, now, out));
        (next, fresh.count())
    }
}

impl<K: Eq, V> Shard<K, V> {
    /// Declares the time of an entry to be over. Tells whether it was fresh.
    pub(crate) fn expire<Q: Eq + ?Sized>(
        &mut self,
        hash: u32,
        key: &Q,
        now: Tick,
        out: &mut Removals<K, V>,
    ) -> bool
    where
        K: Borrow<Q>,
    {
        let found = self.table.find(hash, key);
        found.is_some_and(|slot| self.expire_slot(slot, now, out))
    }

    /// A value past its time but kept to be served stale.
    pub(crate) fn stale<Q: Eq + ?Sized>(
        &self,
        hash: u32,
        key: &Q,
        now: Tick,
    ) -> Option<Stale<'_, V>>
    where
        K: Borrow<Q>,
    {
        let slot = self.table.find(hash, key)?;
        let Entry { meta, value, .. } = self.table.get(slot)?;
        let expiry = self.expiry(*meta);
        let declared = self.is_declared_over(*meta);
        let late_by = match now.checked_sub(self.fresh_until(expiry)) {
            // Declared at a time that this caller has not seen yet.
            None if declared => 0,
            late_by => late_by?,
        };
        let reserve = self
            .table
            .extra(slot)
            .and_then(|extra| extra.given.reserve.get());
        let kept = expiry > now && reserve.is_none_or(|reserve| late_by < reserve);
        kept.then_some(Stale {
            value,
            late_by,
            declared,
        })
    }
}
