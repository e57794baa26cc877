//! How long an entry lives and what it weighs: everything that is decided before the lock is taken.

use crate::clock::{Reading, Time, ticks};
use crate::config::CacheConfig;
use crate::entry::{LATEST, NEVER, Tick};
use crate::loaded::EntryOptions;
use crate::shard::New;
use crate::table::EntryExtra;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

pub(crate) type Weigher<K, V> = Arc<dyn Fn(&K, &V) -> u64 + Send + Sync>;
pub(crate) type Negative<V> = (Duration, Arc<dyn Fn(&V) -> bool + Send + Sync>);

pub(crate) struct Expiry<K, V> {
    default_ttl: Tick,
    jitter: f64,
    /// Whether every value lives for the default time, to the tick.
    is_plain: bool,
    refresh_ahead: Option<f64>,
    pub(crate) stale_while_revalidate: Tick,
    pub(crate) stale_if_error: Tick,
    weigher: Option<Weigher<K, V>>,
    negative: Option<Negative<V>>,
    extras: bool,
    /// Whether an entry's own times are kept, because the entry may be refreshed, or served, after its end.
    keeps_times: bool,
    /// Seeded at random, so that caches of one process do not agree on the jitter.
    seed: u64,
}

/// A share is a number from 0 to 1, whatever the user gave.
fn share(of: f64) -> f64 {
    if of.is_nan() { 0.0 } else { of.clamp(0.0, 1.0) }
}

impl<K, V> Expiry<K, V> {
    pub(crate) fn new(
        config: &CacheConfig,
        weigher: Option<Weigher<K, V>>,
        negative: Option<Negative<V>>,
    ) -> Self {
        Self {
            default_ttl: config.default_ttl.map_or(NEVER, ticks),
            jitter: share(config.ttl_jitter),
            is_plain: negative.is_none() && share(config.ttl_jitter) == 0.0,
            refresh_ahead: config.refresh_ahead.map(share),
            stale_while_revalidate: ticks(config.stale_while_revalidate),
            stale_if_error: ticks(config.stale_if_error),
            extras: weigher.is_some()
                || config.time_to_idle.is_some()
                || config.refresh_ahead.is_some(),
            keeps_times: !(config.stale_while_revalidate.is_zero()
                && config.stale_if_error.is_zero()),
            weigher,
            negative,
            seed: std::hash::RandomState::new().build_hasher().finish(),
        }
    }

    /// Whether every entry needs an [`EntryExtra`]; tagged ones bring theirs.
    pub(crate) fn extras(&self) -> bool {
        self.extras
    }

    pub(crate) fn stale(&self) -> Tick {
        self.stale_while_revalidate
            .max(self.stale_if_error)
            .min(LATEST)
    }

    pub(crate) fn refreshes(&self) -> bool {
        self.refresh_ahead.is_some()
    }

    /// How long a value stays fresh: its own time to live, or else the one that the entry it refreshes was given, or else
    /// the default. Calls the user's predicate, so it must be called without a lock.
    #[inline]
    pub(crate) fn fresh_until(
        &self,
        value: &V,
        own: Option<Tick>,
        refreshed: Option<Tick>,
        hash: u32,
        reading: Reading,
        time: &Time,
    ) -> Tick {
        let ttl = match own.or(refreshed) {
            None if self.is_plain => self.default_ttl,
            _ => self.ttl_of(value, own, refreshed, hash, reading.now),
        };
        if ttl == NEVER {
            NEVER
        } else if ttl == 0 {
            // Over at once, so there is nothing to be rounded up.
            reading.now
        } else {
            // Both are far below the largest number.
            (time.begin(reading, ttl) + ttl).min(NEVER - 1)
        }
    }

    #[inline(never)]
    fn ttl_of(
        &self,
        value: &V,
        own: Option<Tick>,
        refreshed: Option<Tick>,
        hash: u32,
        now: Tick,
    ) -> Tick {
        let ttl = match (own, &self.negative) {
            (Some(ttl), _) => ttl,
            (None, Some((ttl, is_negative))) if is_negative(value) => ticks(*ttl),
            (None, _) => refreshed.unwrap_or(self.default_ttl),
        };
        if self.jitter > 0.0 && ttl > 0 && ttl < NEVER {
            self.jittered(ttl, hash, now)
        } else {
            ttl
        }
    }

    /// What else is kept for an entry, if anything: always where it has tags. Calls the user's weigher, so it must be
    /// called without a lock.
    #[inline]
    pub(crate) fn extra(
        &self,
        new: &New<K, V>,
        has_times: bool,
        has_tags: bool,
        given: impl FnOnce() -> EntryOptions,
        now: Tick,
    ) -> Option<EntryExtra> {
        if self.extras || has_tags || (self.keeps_times && has_times) {
            Some(self.make_extra(new, given(), now))
        } else {
            None
        }
    }

    #[inline(never)]
    fn make_extra(&self, new: &New<K, V>, given: EntryOptions, now: Tick) -> EntryExtra {
        let refresh_at = match self.refresh_ahead {
            Some(share) if new.fresh_until < NEVER => {
                let ttl = new.fresh_until.saturating_sub(now);
                now.saturating_add(((ttl as f64) * share) as Tick)
            }
            _ => 0,
        };
        let weigh = self.weigher.as_ref();
        EntryExtra {
            lives_until: new.fresh_until,
            refresh_at,
            weight: weigh.map_or(1, |weigh| weigh(&new.key, &new.value)),
            given,
        }
    }

    fn jittered(&self, ttl: Tick, hash: u32, now: Tick) -> Tick {
        let mixed =
            (u64::from(hash) ^ self.seed ^ now.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let fraction = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
        let shorter = (ttl as f64 * self.jitter * fraction) as Tick;
        (ttl - shorter.min(ttl)).max(1)
    }
}
