//! The thread that stores the time of the coarse clock and does nothing else.
//!
//! ```text
//!               a reader finds it stopped
//!   STOPPED ───────────────────────────────► ticking: every TICK the thread stores the time, marked UNREAD
//!      ▲                                         │ the first reader of a tick takes the mark away
//!      └── a fork, or IDLE_TICKS ticks unread ───┘
//! ```
//! While it is stopped, readers ask the system, so without the thread readings are slower, and still right.

use crate::now::{self, TICK};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// Ticks nobody read after which the clock stops.
const IDLE_TICKS: u32 = 50;

/// How long the thread of a stopped clock waits before it ends.
const LINGER: Duration = Duration::from_secs(5);

/// The clock thread of a process.
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

/// Stops the clock when the thread ends by a panic, so that the next reader starts another.
struct Running<'a>(&'a Ticker);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().runs = false;
        now::stop();
    }
}

impl Ticker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start(&'static self) {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another reader starts it.
            Err(TryLockError::WouldBlock) => return,
        };
        if !state.runs {
            let thread = std::thread::Builder::new().name("wats-clock".to_owned());
            state.runs = thread.spawn(|| self.run()).is_ok();
        }
        if state.runs {
            state.wanted = true;
            now::start();
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
                unread = if now::store() { 0 } else { unread + 1 };
                if unread > IDLE_TICKS && now::stop_unread() {
                    break;
                }
            }
        }
        // `is_wanted` has done what the guard does.
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
