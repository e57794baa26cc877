//! The number that is the coarse clock, and how it goes forward. The thread that stores it is in `ticker`.

use crate::moment::origin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the time of the coarse clock is stored.
pub const TICK: Duration = Duration::from_millis(10);

/// Set in [`NOW`] while nobody has read the present tick.
const UNREAD: u64 = 1;

/// No tick is 0, so this is no time.
const STOPPED: u64 = UNREAD;

/// The tick, shifted left by one, with [`UNREAD`] in the lowest bit; or [`STOPPED`].
static NOW: AtomicU64 = AtomicU64::new(STOPPED);

/// The time as it was stored last; nothing if the clock is stopped. One load, except for the first reader of a tick.
#[inline]
pub(crate) fn read() -> Option<u64> {
    let now = NOW.load(Ordering::Relaxed);
    if now & UNREAD == 0 {
        Some(now >> 1)
    } else {
        first_reading(now)
    }
}

/// [`read`] for all but the first reader of a tick.
#[inline]
pub(crate) fn read_again() -> Option<u64> {
    let now = NOW.load(Ordering::Relaxed);
    (now & UNREAD == 0).then_some(now >> 1)
}

#[cold]
fn first_reading(now: u64) -> Option<u64> {
    if now == STOPPED {
        return None;
    }
    // It may fail because the tick has moved on meanwhile; then that one is unread, rightly.
    let _ = NOW.compare_exchange(now, now & !UNREAD, Ordering::Relaxed, Ordering::Relaxed);
    Some(now >> 1)
}

/// The time, asked from the system.
pub fn precise() -> u64 {
    let now = tick_of(since_origin());
    advance(now);
    now
}

/// The tick of a time since the origin.
#[inline]
pub fn tick_of(since_origin: Duration) -> u64 {
    // Seconds and the rest apart: a division of 128 bits would cost more than the reading.
    since_origin
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(since_origin.subsec_millis()))
        .saturating_add(1)
}

/// Time since the origin of the process, asked from the system.
pub fn since_origin() -> Duration {
    Instant::now().saturating_duration_since(origin())
}

/// Brings the clock forward if it is behind. One that is stopped stays so: no thread stores the time.
pub(crate) fn advance(tick: u64) {
    let forward = |now| (now != STOPPED && now >> 1 < tick).then_some((tick << 1) | (now & UNREAD));
    let _ = NOW.fetch_update(Ordering::Relaxed, Ordering::Relaxed, forward);
}

/// Stops the clock; also called in the child of a fork, so it does nothing but store.
pub(crate) fn stop() {
    NOW.store(STOPPED, Ordering::Relaxed);
}

/// Starts the clock if it is stopped. The present tick counts as read.
pub(crate) fn start() {
    let now = tick_of(since_origin()) << 1;
    let _ = NOW.compare_exchange(STOPPED, now, Ordering::Relaxed, Ordering::Relaxed);
}

/// Stores the time; tells whether anybody has read what was there.
pub(crate) fn store() -> bool {
    let tick = tick_of(since_origin());
    // A reader may have brought it further meanwhile.
    let forward = |now: u64| Some(((now >> 1).max(tick) << 1) | UNREAD);
    let last = NOW
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, forward)
        .unwrap_or_else(|now| now);
    last & UNREAD == 0
}

/// Stops the clock, unless somebody has read the present tick.
pub(crate) fn stop_unread() -> bool {
    let now = NOW.load(Ordering::Relaxed);
    now & UNREAD != 0
        && NOW
            .compare_exchange(now, STOPPED, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
}
