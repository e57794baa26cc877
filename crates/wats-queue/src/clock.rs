//! What time it is. Injected, so that tests can move it.

use std::fmt;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Two clocks: one that people set, and one that only goes forward.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Milliseconds since 1970, by the wall clock. It may jump.
    fn wall(&self) -> i64;

    /// Milliseconds since some start. It never goes back.
    fn monotonic(&self) -> i64;
}

/// The clocks of the system.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    fn monotonic(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// Clocks that a test sets.
#[cfg(feature = "test-util")]
#[derive(Debug)]
pub struct ManualClock {
    wall: std::sync::atomic::AtomicI64,
    monotonic: std::sync::atomic::AtomicI64,
}

#[cfg(feature = "test-util")]
impl ManualClock {
    /// At this wall time.
    pub fn at(wall: i64) -> Self {
        Self {
            wall: wall.into(),
            monotonic: 0.into(),
        }
    }

    /// Time passes.
    pub fn advance(&self, milliseconds: i64) {
        use std::sync::atomic::Ordering::SeqCst;
        self.wall.fetch_add(milliseconds, SeqCst);
        self.monotonic.fetch_add(milliseconds.max(0), SeqCst);
    }

    /// Somebody sets the wall clock: by so much forward, or back.
    pub fn jump(&self, milliseconds: i64) {
        use std::sync::atomic::Ordering::SeqCst;
        self.wall.fetch_add(milliseconds, SeqCst);
    }
}

#[cfg(feature = "test-util")]
impl Clock for ManualClock {
    fn wall(&self) -> i64 {
        self.wall.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn monotonic(&self) -> i64 {
        self.monotonic.load(std::sync::atomic::Ordering::SeqCst)
    }
}
