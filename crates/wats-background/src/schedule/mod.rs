//! The one thread that knows when jobs are due. It hands them to the workers and runs no code of its users.

mod workers;

use crate::forks::forks;
use crate::moment::Moment;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use workers::Workers;

/// How long the thread waits for something to schedule before it ends.
const LINGER: Duration = Duration::from_secs(5);

/// Work is put off this long after a run that panicked.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// What a [`Job`](crate::Job) does.
pub trait Work: Send + Sync + 'static {
    /// Does what is due, and tells when it wants to be called again by itself: often never.
    ///
    /// It runs on a worker thread, outside of any runtime, never twice at the same time. It may block: that keeps up
    /// this job only. If it panics, it is called again a second later.
    fn run(&self) -> Option<Moment>;
}

/// A job as the scheduler knows it.
pub(crate) struct Inner {
    pub(crate) id: u64,
    pub(crate) work: Weak<dyn Work>,
    /// When it is due, in nanoseconds; written under the lock of the scheduler only.
    due: AtomicU64,
    /// In which process that was noted: a child of a fork does not have its parent's schedule.
    noted_in: AtomicU64,
}

impl Inner {
    pub(crate) fn new(work: Weak<dyn Work>) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            work,
            due: AtomicU64::new(Moment::NEVER.nanos()),
            noted_in: AtomicU64::new(forks()),
        }
    }

    #[inline]
    pub(crate) fn due(&self) -> u64 {
        if self.noted_in.load(Ordering::Acquire) == forks() {
            self.due.load(Ordering::Relaxed)
        } else {
            Moment::NEVER.nanos()
        }
    }

    fn note(&self, due: u64) {
        self.due.store(due, Ordering::Relaxed);
        self.noted_in.store(forks(), Ordering::Release);
    }
}

/// When what is due, and who does it.
pub(crate) struct Scheduler {
    /// The process it belongs to, by its forks.
    made_in: u64,
    state: Mutex<State>,
    /// For the thread of the scheduler.
    changed: Condvar,
    /// For the workers.
    pub(crate) ready: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// By time; the number tells those of one time apart.
    due: BTreeMap<(u64, u64), Arc<Inner>>,
    /// Jobs that workers have or are about to take, and whether they were asked for again meanwhile.
    busy: HashMap<u64, bool>,
    pub(crate) workers: Workers,
    runs: bool,
    /// Until when the thread sleeps; `None` while it does not, or has been woken: then it looks before it sleeps.
    wakes: Option<Moment>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            made_in: forks(),
            state: Mutex::default(),
            changed: Condvar::new(),
            ready: Condvar::new(),
        }
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").finish_non_exhaustive()
    }
}

/// Whatever ends the thread, the next job starts another.
struct Running<'a>(&'a Scheduler);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().runs = false;
    }
}

impl Scheduler {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this thread came here by a fork: a job forked, and its copy goes on in the child.
    pub(crate) fn is_of_parent(&self) -> bool {
        self.made_in != forks()
    }

    pub(crate) fn schedule(&'static self, job: &Arc<Inner>, due: Moment) {
        let mut state = self.lock();
        let sooner = state.put(job, due);
        if sooner && !self.ensure_thread(&mut state) {
            // Nobody would look: the next call tries again.
            state.take_off(job);
        }
        let sleeps_beyond = sooner && state.sleeps_beyond(due);
        drop(state);
        if sleeps_beyond {
            self.changed.notify_one();
        }
    }

    pub(crate) fn forget(&self, job: &Inner) {
        let gone = self.lock().take_off(job);
        drop(gone);
    }

    fn ensure_thread(&'static self, state: &mut State) -> bool {
        if !state.runs {
            let thread = std::thread::Builder::new().name("wats-schedule".to_owned());
            state.runs = thread.spawn(|| self.run()).is_ok();
        }
        state.runs
    }

    /// What a worker has done with a job: when it wants to run again, or that it panicked.
    pub(crate) fn done(&'static self, state: &mut State, job: &Arc<Inner>, next: Option<Moment>) {
        let asked_again = state.busy.remove(&job.id) == Some(true);
        let next = if asked_again {
            Some(Moment::from_millis(0))
        } else {
            next
        };
        if let Some(next) = next
            && state.put(job, next)
        {
            if !self.ensure_thread(state) {
                state.take_off(job);
            }
            if state.sleeps_beyond(next) {
                self.changed.notify_one();
            }
        }
    }

    fn run(&'static self) {
        let running = Running(self);
        let mut idle_since = None;
        let mut state = self.lock();
        loop {
            let now = Moment::now();
            state.hand_out(now);
            let look_again = self.ensure_workers(&mut state, now);
            let first = state.due.keys().next().map(|&(due, _)| due);
            let wake = match (first.map(Moment::from_nanos), look_again) {
                (Some(first), Some(again)) => first.min(again),
                (Some(wake), None) | (None, Some(wake)) => wake,
                (None, None) => {
                    let end = idle_since.get_or_insert(now).after(LINGER);
                    if end <= now {
                        break;
                    }
                    end
                }
            };
            if first.is_some() || look_again.is_some() {
                idle_since = None;
            }
            state.wakes = Some(wake);
            let waited = self.changed.wait_timeout(state, now.until(wake));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.wakes = None;
        }
        state.runs = false;
        drop(state);
        std::mem::forget(running);
    }
}

impl State {
    /// Notes when a job is due, if that is sooner than what is noted.
    fn put(&mut self, job: &Arc<Inner>, due: Moment) -> bool {
        let sooner = due.nanos() < job.due();
        if sooner {
            self.take_off(job);
            job.note(due.nanos());
            self.due.insert((due.nanos(), job.id), Arc::clone(job));
        }
        sooner
    }

    /// Whether the thread has to be woken for something that is due then. Jobs that come and go within the time for which it
    /// sleeps anyway do not wake it.
    fn sleeps_beyond(&mut self, due: Moment) -> bool {
        self.wakes.take_if(|wakes| due < *wakes).is_some()
    }

    fn take_off(&mut self, job: &Inner) -> Option<Arc<Inner>> {
        let gone = self.due.remove(&(job.due(), job.id));
        job.note(Moment::NEVER.nanos());
        gone
    }

    /// Gives what is due to the workers.
    fn hand_out(&mut self, now: Moment) {
        while let Some(first) = self.due.first_entry()
            && first.key().0 <= now.nanos()
        {
            let job = first.remove();
            job.note(Moment::NEVER.nanos());
            let again = self.busy.contains_key(&job.id);
            self.busy.insert(job.id, again);
            if !again {
                self.workers.waiting.push_back(job);
            }
        }
    }
}

/// When a run wants to be called again that has panicked.
pub(crate) fn after_panic() -> Moment {
    Moment::now().after(AFTER_PANIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_is_woken_once_and_only_for_what_is_due_before_it_wakes() {
        let mut state = State::default();
        let at = Moment::from_millis;
        // It looks before it sleeps.
        assert!(!state.sleeps_beyond(at(1)));
        state.wakes = Some(at(10));
        assert!(!state.sleeps_beyond(at(20)) && !state.sleeps_beyond(at(10)));
        assert!(state.sleeps_beyond(at(9)));
        assert!(!state.sleeps_beyond(at(8)));
    }
}
