//! Time: the public [`Clock`], the one for tests, and how a cache reads it.
//!
//! A cache counts in [`Tick`]s, milliseconds since an origin of the clock. By default it reads a coarse tick that a
//! thread advances every 10 ms and that is never ahead, because a precise reading costs more than the whole rest of a
//! hit. So that nothing ends early for it, a life begins at a precise reading, or a bit later: see [`Time::begin`].

use crate::entry::{LATEST, NEVER, Tick};
use crate::removal::Panics;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use wats_background::clock;

/// Lives shorter than this begin at a precise reading of the system's clock, which costs 25 ns.
const SHORT: Tick = 5_000;

/// Longer ones begin this much after the coarse time: one tick, and what the thread that turns it may be late.
const LAG: Tick = 50;

/// A source of time for caches.
///
/// Time may stand still or jump ahead. A clock that goes backwards is read as one that stands still until it has caught
/// up, so nothing that expired comes back.
///
/// It is read by the callers of the cache and by threads of this crate, which belong to no runtime, so it must tell the
/// same time on all of them; [`TokioClock`] remembers its runtime for that. A clock that blocks or panics keeps up who
/// reads it: a caller, or the sweeps of this one cache.
pub trait Clock: Send + Sync + 'static {
    /// Time passed since an origin that stays the same for the life of the clock. Caches use whole milliseconds of it.
    fn now(&self) -> Duration;

    /// Takes a listener that wants to know when the time was moved by hand; only clocks for tests need to keep it.
    ///
    /// A cache asks so that it is swept as soon as the time was moved. With any other clock of the user it is looked at
    /// every `sweep_interval` of real time, while there is something to expire.
    fn subscribe(&self, listener: Weak<dyn TimeListener>) {
        drop(listener);
    }
}

/// Told by a [`Clock`] that the time was moved; see [`Clock::subscribe`].
pub trait TimeListener: Send + Sync {
    /// The time of the clock was moved.
    fn time_moved(&self);
}

/// A clock for tests: it stands still until it is moved.
///
/// ```
/// use std::time::Duration;
/// use wats_cache::{ManualClock, TtlCache};
///
/// let clock = ManualClock::new();
/// let cache = TtlCache::builder().clock(clock.clone()).default_ttl(Duration::from_secs(60)).build();
/// cache.insert("station", 7);
/// clock.advance(Duration::from_secs(59));
/// assert_eq!(cache.get("station"), Some(7));
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(cache.get("station"), None);
/// ```
#[derive(Clone, Default)]
pub struct ManualClock {
    inner: Arc<Manual>,
}

#[derive(Default)]
struct Manual {
    nanos: AtomicU64,
    listeners: Mutex<Vec<Weak<dyn TimeListener>>>,
}

impl ManualClock {
    /// A clock at zero. Clones share the time.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the time ahead; it stops at 584 years.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().saturating_add(by));
    }

    /// Moves the time to a point, also one in the past.
    pub fn set(&self, to: Duration) {
        let nanos = u64::try_from(to.as_nanos()).unwrap_or(u64::MAX);
        self.inner.nanos.store(nanos, Ordering::SeqCst);
        let mut listeners = self
            .inner
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        let alive: Vec<_> = listeners.iter().filter_map(Weak::upgrade).collect();
        drop(listeners);
        let mut panics = Panics::default();
        for listener in alive {
            panics.catch(|| listener.time_moved());
        }
        panics.resume();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.inner.nanos.load(Ordering::SeqCst))
    }

    fn subscribe(&self, listener: Weak<dyn TimeListener>) {
        self.inner
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock")
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}

/// The monotonic clock of the system, read at every use: exact to a millisecond, and slower than the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct PreciseClock;

impl Clock for PreciseClock {
    fn now(&self) -> Duration {
        clock::since_origin()
    }
}

/// The clock of a runtime of tokio, which stands still under `tokio::time::pause` and moves by `tokio::time::advance`.
///
/// It is that of the runtime it was made in, wherever it is read: by other threads, other runtimes and the sweeper. It
/// starts no timer, so a cache never makes a paused clock move.
#[cfg(feature = "async")]
#[derive(Debug, Clone)]
pub struct TokioClock {
    origin: tokio::time::Instant,
    runtime: Option<tokio::runtime::Handle>,
}

#[cfg(feature = "async")]
impl TokioClock {
    /// A clock at zero. Made outside of a runtime, it is the clock of the system, which nobody can pause.
    pub fn new() -> Self {
        Self {
            origin: tokio::time::Instant::now(),
            runtime: tokio::runtime::Handle::try_current().ok(),
        }
    }
}

#[cfg(feature = "async")]
impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "async")]
impl Clock for TokioClock {
    fn now(&self) -> Duration {
        let now = match &self.runtime {
            Some(runtime) => {
                let _inside = runtime.enter();
                tokio::time::Instant::now()
            }
            None => std::time::Instant::now().into(),
        };
        now.saturating_duration_since(self.origin)
    }
}

/// How a cache reads its clock.
#[derive(Clone)]
pub(crate) enum Time {
    Coarse,
    Custom(Arc<Custom>),
}

/// What a clock said once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) now: Tick,
    /// Not before it really was.
    rounded_up: Tick,
}

impl Reading {
    #[inline]
    pub(crate) fn coarse(now: Tick) -> Self {
        Self {
            now,
            rounded_up: now + LAG,
        }
    }
}

pub(crate) struct Custom {
    clock: Arc<dyn Clock>,
    /// The latest time seen.
    latest: AtomicU64,
}

impl Time {
    pub(crate) fn custom(clock: Arc<dyn Clock>) -> Self {
        let latest = AtomicU64::new(0);
        Self::Custom(Arc::new(Custom { clock, latest }))
    }

    #[inline]
    pub(crate) fn now(&self) -> Tick {
        match self {
            Self::Coarse => clock::coarse(),
            Self::Custom(custom) => custom.now(),
        }
    }

    /// [`now`](Self::now) where that is nothing but a load.
    #[inline]
    pub(crate) fn at_once(&self) -> Option<Tick> {
        match self {
            Self::Coarse => clock::coarse_at_once(),
            Self::Custom(_) => None,
        }
    }

    /// [`now`](Self::now) for something that begins now and lasts. One reading of the clock gives both.
    #[inline]
    pub(crate) fn read(&self) -> Reading {
        match self {
            Self::Coarse => Reading::coarse(clock::coarse()),
            Self::Custom(custom) => custom.read(),
        }
    }

    /// The tick that something begins with that lasts for `length`. Not earlier than it really is, so that nothing ends
    /// early.
    #[inline]
    pub(crate) fn begin(&self, reading: Reading, length: Tick) -> Tick {
        if length < SHORT && matches!(self, Self::Coarse) {
            clock::precise() + 1
        } else {
            reading.rounded_up
        }
    }

    /// What a time reckoned from a coarse reading needs on top, so that it does not end early.
    pub(crate) fn lag(&self) -> Tick {
        match self {
            Self::Coarse => LAG,
            Self::Custom(_) => 0,
        }
    }

    pub(crate) fn subscribe(&self, listener: Weak<dyn TimeListener>) {
        if let Self::Custom(custom) = self {
            custom.clock.subscribe(listener);
        }
    }
}

impl Custom {
    #[inline(never)]
    fn now(&self) -> Tick {
        self.latest(tick_of(self.clock.now()))
    }

    #[inline(never)]
    fn read(&self) -> Reading {
        let time = self.clock.now();
        let now = self.latest(tick_of(time));
        // Into a millisecond that has begun it is the next one. A clock that went back stands at what it said.
        let begun = !time.subsec_nanos().is_multiple_of(1_000_000) && now == tick_of(time);
        Reading {
            now,
            rounded_up: now + u64::from(begun),
        }
    }

    #[inline]
    fn latest(&self, now: Tick) -> Tick {
        let latest = self.latest.load(Ordering::Relaxed);
        // Most readings find the millisecond of the one before, and write nothing.
        if now <= latest {
            latest
        } else {
            now.max(self.latest.fetch_max(now, Ordering::Relaxed))
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coarse => "Coarse",
            Self::Custom(_) => "Custom",
        })
    }
}

/// The tick of a time since the origin: the first millisecond is tick 1.
pub(crate) fn tick_of(since_origin: Duration) -> Tick {
    clock::tick_of(since_origin).min(LATEST)
}

/// A length of time in ticks, rounded up: an entry lives at least as long as it was told to.
pub(crate) fn ticks(length: Duration) -> Tick {
    let millis = length
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(length.subsec_nanos().div_ceil(1_000_000)));
    millis.min(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_rounded_up_and_never_overflow() {
        assert_eq!(ticks(Duration::from_nanos(1)), 1);
        assert_eq!(ticks(Duration::from_millis(1500)), 1500);
        assert_eq!(ticks(Duration::MAX), NEVER);
        assert_eq!(tick_of(Duration::MAX), LATEST);
        assert_eq!(tick_of(Duration::ZERO), 1);
    }

    #[test]
    fn a_clock_that_goes_back_stands_still() {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        clock.set(Duration::from_secs(10));
        let late = time.now();
        clock.set(Duration::from_secs(3));
        assert_eq!(time.now(), late);
    }
}
