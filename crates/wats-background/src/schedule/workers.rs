//! The threads that run jobs. There are as many as are needed so that a job that hangs does not delay the others.

use super::{Inner, Scheduler, State, after_panic};
use crate::guard::{discard, guarded};
use crate::moment::Moment;
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// If work waits and nobody has taken any for this long, one more worker is started.
const STUCK_AFTER: Duration = Duration::from_millis(20);

/// How long a worker waits for work before it ends.
const LINGER: Duration = Duration::from_secs(5);

/// The most workers. Slow jobs never need as many, because a worker becomes free now and then: only jobs that
/// hang for ever need them.
const MOST: usize = 512;

#[derive(Default)]
pub(crate) struct Workers {
    /// Handed out and not yet taken; each job at most once.
    pub(crate) waiting: VecDeque<Arc<Inner>>,
    all: usize,
    idle: usize,
    /// Jobs taken so far.
    taken: u64,
    /// What `taken` was when the scheduler looked first, and when that was.
    seen: Option<(u64, Moment)>,
}

/// Takes a worker off the count, whatever ends it.
struct Counted(&'static Scheduler);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.lock().workers.all -= 1;
    }
}

impl Scheduler {
    /// Wakes or starts workers for the jobs that wait; tells when to check again.
    pub(crate) fn ensure_workers(&'static self, state: &mut State, now: Moment) -> Option<Moment> {
        let workers = &mut state.workers;
        if workers.waiting.is_empty() {
            workers.seen = None;
            return None;
        }
        for _ in 0..workers.idle.min(workers.waiting.len()) {
            self.ready.notify_one();
        }
        let (taken, since) = *workers.seen.get_or_insert((workers.taken, now));
        let stuck = taken == workers.taken && since.after(STUCK_AFTER) <= now;
        if (workers.all == 0 || stuck) && workers.all < MOST {
            let thread = std::thread::Builder::new().name("wats-worker".to_owned());
            workers.all += usize::from(thread.spawn(|| self.work()).is_ok());
        }
        if taken != workers.taken || stuck {
            workers.seen = Some((workers.taken, now));
        }
        let (_, since) = workers.seen?;
        Some(since.after(STUCK_AFTER))
    }

    fn work(&'static self) {
        let counted = Counted(self);
        let mut state = self.lock();
        loop {
            if let Some(job) = state.workers.waiting.pop_front() {
                state.workers.taken += 1;
                drop(state);
                let next = run(&job);
                if self.is_of_parent() {
                    // Nothing of it is valid here, and its lock may be held for ever.
                    std::mem::forget((counted, job));
                    return;
                }
                state = self.lock();
                self.done(&mut state, &job, next);
                continue;
            }
            state.workers.idle += 1;
            let waited = self
                .ready
                .wait_timeout_while(state, LINGER, |state| state.workers.waiting.is_empty());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.workers.idle -= 1;
            if state.workers.waiting.is_empty() {
                break;
            }
        }
        // Under the same lock as the last look at what waits.
        state.workers.all -= 1;
        drop(state);
        std::mem::forget(counted);
    }
}

/// Runs a job. Two steps, because the second may run the destructor of the owner: while a panic of the first unwinds,
/// a panic of that one would end the process.
fn run(job: &Inner) -> Option<Moment> {
    let work = job.work.upgrade()?;
    let next = match guarded(|| work.run()) {
        Ok(next) => next,
        Err(payload) => {
            discard(payload);
            Some(after_panic())
        }
    };
    discard(work);
    next
}
