//! The coarse clock, and the thread that turns it and does nothing else.
//!
//! ```text
//!               a reader finds it stopped
//!   STOPPED ───────────────────────────────► ticking: every TICK the thread stores the time, marked UNREAD
//!      ▲                                         │ the first reader of a tick takes the mark away
//!      └── a fork, or IDLE_TICKS ticks unread ───┘
//! ```
//! While it is stopped, readers ask the system, so a thread that cannot be made costs speed and not truth.

use crate::clock;
use crate::process::Process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// How often the coarse clock is turned.
pub const TICK: Duration = Duration::from_millis(10);

/// Ticks nobody read after which the clock stops.
const IDLE_TICKS: u32 = 50;

/// How long the thread of a stopped clock waits before it ends.
const LINGER: Duration = Duration::from_secs(5);

/// Set in [`NOW`] while nobody has read the present tick.
const UNREAD: u64 = 1;

/// No tick is 0, so this is no time.
const STOPPED: u64 = UNREAD;

/// The tick, shifted left by one, with [`UNREAD`] in the lowest bit; or [`STOPPED`].
static NOW: AtomicU64 = AtomicU64::new(STOPPED);

/// The time as the clock thread stored it last. One load, except for the first reader of a tick.
#[inline]
pub fn coarse() -> u64 {
    let now = NOW.load(Ordering::Relaxed);
    if now & UNREAD == 0 {
        now >> 1
    } else {
        first_reading(now)
    }
}

#[cold]
fn first_reading(now: u64) -> u64 {
    if now == STOPPED {
        Process::current().ticker.start();
        return clock::precise();
    }
    // It may fail because the tick has moved on meanwhile; then that one is unread, rightly.
    let _ = NOW.compare_exchange(now, now & !UNREAD, Ordering::Relaxed, Ordering::Relaxed);
    now >> 1
}

/// Brings the clock forward if it is behind. One that is stopped stays so: nobody would turn it.
pub(crate) fn advance(tick: u64) {
    let forward = |now| (now != STOPPED && now >> 1 < tick).then_some((tick << 1) | (now & UNREAD));
    let _ = NOW.fetch_update(Ordering::Relaxed, Ordering::Relaxed, forward);
}

/// Stops the clock; also called in the child of a fork, so it does nothing but store.
pub(crate) fn stop() {
    NOW.store(STOPPED, Ordering::Relaxed);
}

/// The thread of a process that turns the clock.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    state: Mutex<State>,
    wanted: Condvar,
}

#[derive(Debug, Default)]
struct State {
    runs: bool,
    wanted: bool,
}

/// Whatever ends the thread: the clock does not stand, and the next reader starts another.
struct Running<'a>(&'a Ticker);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().runs = false;
        stop();
    }
}

impl Ticker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&'static self) {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another reader is at it.
            Err(TryLockError::WouldBlock) => return,
        };
        if !state.runs {
            let thread = std::thread::Builder::new().name("wats-clock".to_owned());
            state.runs = thread.spawn(|| self.run()).is_ok();
        }
        if state.runs {
            state.wanted = true;
            let now = clock::tick_of(clock::since_origin()) << 1;
            let _ = NOW.compare_exchange(STOPPED, now, Ordering::Relaxed, Ordering::Relaxed);
        }
        drop(state);
        self.wanted.notify_one();
    }

    fn run(&self) {
        let running = Running(self);
        while self.is_wanted() {
            let mut unread = 0;
            loop {
                std::thread::sleep(TICK);
                let last = turn();
                unread = if last & UNREAD == 0 { 0 } else { unread + 1 };
                if unread > IDLE_TICKS && stop_unread() {
                    break;
                }
            }
        }
        // It has said so itself.
        std::mem::forget(running);
    }

    /// Waits for a reader, for some time.
    fn is_wanted(&self) -> bool {
        let state = self.lock();
        let waited = self
            .wanted
            .wait_timeout_while(state, LINGER, |state| !state.wanted);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !state.wanted {
            // Under the lock: whoever wants the clock from here on starts another thread.
            state.runs = false;
        }
        std::mem::take(&mut state.wanted)
    }
}

/// Stores the time; tells what was there.
fn turn() -> u64 {
    let tick = clock::tick_of(clock::since_origin());
    // A reader may have brought it further meanwhile.
    let forward = |now: u64| Some(((now >> 1).max(tick) << 1) | UNREAD);
    NOW.fetch_update(Ordering::Relaxed, Ordering::Relaxed, forward)
        .unwrap_or_else(|now| now)
}

/// Stops the clock, unless somebody has read the present tick.
fn stop_unread() -> bool {
    let now = NOW.load(Ordering::Relaxed);
    now & UNREAD != 0
        && NOW
            .compare_exchange(now, STOPPED, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_clock_never_runs_ahead_nor_back() {
        let mut last = 0;
        for _ in 0..100_000 {
            let coarse = coarse();
            let precise = clock::precise();
            assert!(
                coarse >= last && coarse <= precise,
                "{last} {coarse} {precise}"
            );
            last = coarse;
        }
    }

    #[test]
    fn a_precise_reading_brings_the_coarse_clock_forward() {
        for _ in 0..1000 {
            let precise = clock::precise();
            assert!(coarse() >= precise);
        }
    }
}
