//! The one background thread of the process: it advances the coarse clock and runs the chores of the caches.
//!
//! It starts with the first cache and ends with the last one. The clock ticks only while somebody reads it: a tick that
//! nobody read for half a second stops, and the next reader starts it again after one precise reading.

use crate::clock::{TimeListener, tick_of};
use crate::entry::Tick;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Length of a tick: an entry may be handed out this much longer than it lives.
const TICK: Duration = Duration::from_millis(10);

/// Ticks nobody read after which the clock stops.
const IDLE_TICKS: u32 = 50;

/// Set in [`NOW`] while nobody has read the present tick.
const UNREAD: u64 = 1;

/// The coarse time, shifted left by one, with [`UNREAD`] in the lowest bit. Just [`UNREAD`] while the clock stands.
static NOW: AtomicU64 = AtomicU64::new(UNREAD);

/// The origin of the process's clocks: the first time anybody asked.
pub(crate) fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

fn precise_now() -> Tick {
    let origin = origin();
    tick_of(Instant::now().saturating_duration_since(origin))
}

/// The coarse time. One load, except for the first reader of a tick.
#[inline]
pub(crate) fn coarse_now() -> Tick {
    let now = NOW.load(Ordering::Relaxed);
    if now & UNREAD == 0 {
        now >> 1
    } else {
        first_reading(now)
    }
}

#[cold]
fn first_reading(now: u64) -> Tick {
    if now == UNREAD {
        Background::global().start_clock();
        return precise_now();
    }
    // It may fail because the tick has moved on meanwhile; then that one is unread, rightly.
    let _ = NOW.compare_exchange(now, now & !UNREAD, Ordering::Relaxed, Ordering::Relaxed);
    now >> 1
}

/// Something to be done for a cache from time to time.
pub(crate) trait Chore: Send + Sync {
    /// Does it in steps of some microseconds, calling `breathe` in between.
    fn run(&self, breathe: &mut dyn FnMut());
}

struct Job {
    chore: Weak<dyn Chore>,
    every: Duration,
    due: Instant,
    /// Set when the clock of the chore was moved by hand.
    poked: Arc<AtomicBool>,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    users: usize,
    running: bool,
    ticking: bool,
    poked: bool,
}

/// The thread and what it has to do.
pub(crate) struct Background {
    state: Mutex<State>,
    changed: Condvar,
    /// Whether this one advances the clock of the process; those of tests do not.
    owns_clock: bool,
}

/// Keeps the background thread alive while it exists.
pub(crate) struct User {
    background: Arc<Background>,
}

impl Drop for User {
    fn drop(&mut self) {
        let mut state = self.background.lock();
        state.users -= 1;
        let last = state.users == 0;
        drop(state);
        if last {
            self.background.changed.notify_all();
        }
    }
}

/// Wakes the thread when a clock was moved by hand. Lives as long as its cache.
pub(crate) struct Poke {
    background: Arc<Background>,
    poked: Arc<AtomicBool>,
}

impl TimeListener for Poke {
    fn time_moved(&self) {
        self.poked.store(true, Ordering::Release);
        self.background.lock().poked = true;
        self.background.changed.notify_all();
    }
}

impl Background {
    fn new(owns_clock: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            owns_clock,
        })
    }

    pub(crate) fn global() -> &'static Arc<Self> {
        static GLOBAL: OnceLock<Arc<Background>> = OnceLock::new();
        GLOBAL.get_or_init(|| Self::new(true))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn user(self: &Arc<Self>) -> User {
        self.lock().users += 1;
        User {
            background: Arc::clone(self),
        }
    }

    /// Runs the chore at this interval, and when the [`Poke`] is told that time was moved.
    pub(crate) fn add(self: &Arc<Self>, chore: Weak<dyn Chore>, every: Duration) -> Arc<Poke> {
        let poked = Arc::new(AtomicBool::new(false));
        let every = every.max(TICK);
        let due = Instant::now() + every;
        let mut state = self.lock();
        state.jobs.push(Job {
            chore,
            every,
            due,
            poked: Arc::clone(&poked),
        });
        self.ensure_thread(&mut state);
        drop(state);
        self.changed.notify_all();
        Arc::new(Poke {
            background: Arc::clone(self),
            poked,
        })
    }

    #[cold]
    fn start_clock(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.ticking || state.users == 0 {
            return;
        }
        self.ensure_thread(&mut state);
        if state.running {
            state.ticking = true;
            NOW.store(precise_now() << 1, Ordering::Relaxed);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Where no thread can be made, clocks are read precisely and sweeping is left to the callers.
    fn ensure_thread(self: &Arc<Self>, state: &mut State) {
        if !state.running {
            let this = Arc::clone(self);
            let builder = std::thread::Builder::new().name("wats-cache".to_owned());
            state.running = builder.spawn(move || this.work()).is_ok();
        }
    }

    fn work(&self) {
        let mut unread = 0;
        let mut state = self.lock();
        loop {
            state.jobs.retain(|job| job.chore.strong_count() > 0);
            if state.users == 0 && state.jobs.is_empty() {
                state.running = false;
                state.ticking = false;
                self.stop_clock();
                return;
            }
            if state.ticking {
                unread = if self.tick() { 0 } else { unread + 1 };
                if unread > IDLE_TICKS {
                    unread = 0;
                    state.ticking = false;
                    self.stop_clock();
                }
            }
            state.poked = false;
            let chores = due_chores(&mut state);
            if !chores.is_empty() {
                drop(state);
                for chore in chores {
                    // A listener of the user may panic; the other caches still want to be swept.
                    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| {
                        chore.run(&mut || self.breathe());
                    }));
                }
                state = self.lock();
                // Anything may have changed meanwhile, and told so to nobody.
                continue;
            }
            let wait = next_wait(&state);
            if !state.poked {
                state = match wait {
                    Some(wait) => self
                        .changed
                        .wait_timeout(state, wait)
                        .map_or_else(|e| e.into_inner().0, |w| w.0),
                    None => self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner),
                };
            }
        }
    }

    /// Advances the clock; tells whether the last tick was read.
    fn tick(&self) -> bool {
        let now = (precise_now() << 1) | UNREAD;
        self.owns_clock && NOW.swap(now, Ordering::Relaxed) & UNREAD == 0
    }

    fn stop_clock(&self) {
        if self.owns_clock {
            NOW.store(UNREAD, Ordering::Relaxed);
        }
    }

    /// Keeps the clock going through a long chore.
    fn breathe(&self) {
        let standing = NOW.load(Ordering::Relaxed) == UNREAD;
        if self.owns_clock && !standing {
            let read = NOW.load(Ordering::Relaxed) & UNREAD;
            NOW.store((precise_now() << 1) | read, Ordering::Relaxed);
        }
    }
}

fn due_chores(state: &mut State) -> Vec<Arc<dyn Chore>> {
    let now = Instant::now();
    let mut due = Vec::new();
    for job in &mut state.jobs {
        if job.poked.swap(false, Ordering::Acquire) || job.due <= now {
            job.due = now + job.every;
            due.extend(job.chore.upgrade());
        }
    }
    due
}

fn next_wait(state: &State) -> Option<Duration> {
    let now = Instant::now();
    let job = state
        .jobs
        .iter()
        .map(|job| job.due.saturating_duration_since(now))
        .min();
    let tick = state.ticking.then_some(TICK);
    job.into_iter().chain(tick).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Told(mpsc::Sender<()>);

    impl Chore for Told {
        fn run(&self, breathe: &mut dyn FnMut()) {
            breathe();
            let _ = self.0.send(());
        }
    }

    #[test]
    fn the_thread_ends_with_its_last_user() {
        let background = Background::new(false);
        let user = background.user();
        let (sender, told) = mpsc::channel();
        let chore: Arc<dyn Chore> = Arc::new(Told(sender));
        let poke = background.add(Arc::downgrade(&chore), Duration::from_secs(3600));
        poke.time_moved();
        told.recv().unwrap();
        assert!(background.lock().running);
        drop(chore);
        drop(user);
        // The chore held the sender: the channel closes with it, and the thread takes its last look after that.
        assert!(told.recv().is_err());
        drop(poke);
        let mut state = background.lock();
        while state.running {
            drop(state);
            std::thread::yield_now();
            state = background.lock();
        }
        drop(state);
        assert_eq!(Arc::strong_count(&background), 1);
    }

    #[test]
    fn the_coarse_clock_never_runs_ahead_of_the_precise_one() {
        let _user = Background::global().user();
        let mut last = 0;
        for _ in 0..100_000 {
            let coarse = coarse_now();
            assert!(coarse >= last && coarse <= precise_now());
            last = coarse;
        }
    }
}
