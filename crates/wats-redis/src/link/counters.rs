//! Counting, for the statistics and, behind the feature `metrics`, for the `metrics` facade.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::stats::LinkStats;

/// Upper bounds of the classes of round trips, in µs; the last class has none.
const CLASSES: [u64; 6] = [250, 1_000, 4_000, 16_000, 64_000, 256_000];

/// One for each process.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    sessions: AtomicU64,
    failed_attempts: AtomicU64,
    last_error: Mutex<Option<String>>,
    untrusted_micros: AtomicU64,
    heartbeats: AtomicU64,
    longest_micros: AtomicU64,
    round_trips: [AtomicU64; 7],
    pushes: AtomicU64,
    changed_keys: AtomicU64,
    changed_all: AtomicU64,
    operations: AtomicU64,
    timeouts: AtomicU64,
    refused: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

/// The same under a name of the facade.
macro_rules! metric {
    ($name:literal, $by:expr) => {
        #[cfg(feature = "metrics")]
        metrics::counter!($name).increment($by);
    };
}

impl Counters {
    pub(super) fn session(&self) {
        self.sessions.fetch_add(1, Relaxed);
        metric!("wats.redis.sessions", 1);
    }

    pub(super) fn failed_attempt(&self) {
        self.failed_attempts.fetch_add(1, Relaxed);
        metric!("wats.redis.failed_attempts", 1);
    }

    pub(super) fn error(&self, error: String) {
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(super) fn untrusted(&self, time: Duration) {
        self.untrusted_micros.fetch_add(micros(time), Relaxed);
        metric!("wats.redis.untrusted_micros", micros(time));
    }

    pub(super) fn heartbeat(&self, round_trip: Duration) {
        let micros = micros(round_trip);
        self.heartbeats.fetch_add(1, Relaxed);
        self.longest_micros.fetch_max(micros, Relaxed);
        let class = CLASSES.iter().filter(|bound| micros >= **bound).count();
        if let Some(count) = self.round_trips.get(class) {
            count.fetch_add(1, Relaxed);
        }
        #[cfg(feature = "metrics")]
        metrics::histogram!("wats.redis.heartbeat.duration").record(round_trip);
    }

    pub(super) fn push(&self, keys: u64) {
        self.pushes.fetch_add(1, Relaxed);
        self.changed_keys.fetch_add(keys, Relaxed);
        metric!("wats.redis.pushes", 1);
    }

    pub(super) fn push_of_all(&self) {
        self.pushes.fetch_add(1, Relaxed);
        self.changed_all.fetch_add(1, Relaxed);
        metric!("wats.redis.pushes", 1);
    }

    pub(super) fn operation(&self) {
        self.operations.fetch_add(1, Relaxed);
        metric!("wats.redis.operations", 1);
    }

    pub(super) fn timeout(&self) {
        self.timeouts.fetch_add(1, Relaxed);
        metric!("wats.redis.timeouts", 1);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
        metric!("wats.redis.refused", 1);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.bytes_in.fetch_add(bytes, Relaxed);
    }

    pub(super) fn written(&self, bytes: u64) {
        self.bytes_out.fetch_add(bytes, Relaxed);
    }

    /// All that is counted here.
    pub(super) fn stats(&self) -> LinkStats {
        LinkStats {
            sessions: self.sessions.load(Relaxed),
            failed_attempts: self.failed_attempts.load(Relaxed),
            last_error: self
                .last_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            untrusted: Duration::from_micros(self.untrusted_micros.load(Relaxed)),
            heartbeats: self.heartbeats.load(Relaxed),
            longest_round_trip: Duration::from_micros(self.longest_micros.load(Relaxed)),
            round_trips: std::array::from_fn(|class| {
                self.round_trips.get(class).map_or(0, |n| n.load(Relaxed))
            }),
            pushes: self.pushes.load(Relaxed),
            changed_keys: self.changed_keys.load(Relaxed),
            changed_all: self.changed_all.load(Relaxed),
            operations: self.operations.load(Relaxed),
            timeouts: self.timeouts.load(Relaxed),
            refused: self.refused.load(Relaxed),
            bytes_in: self.bytes_in.load(Relaxed),
            bytes_out: self.bytes_out.load(Relaxed),
            ..LinkStats::default()
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_are_counted_by_class() {
        let counters = Counters::default();
        for micros in [0, 249, 250, 999, 1_000, 255_999, 256_000, u64::MAX] {
            counters.heartbeat(Duration::from_micros(micros));
        }
        assert_eq!(counters.stats().round_trips, [2, 2, 1, 0, 0, 1, 2]);
    }
}
