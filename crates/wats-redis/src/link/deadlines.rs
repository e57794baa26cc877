//! When the operations under way must have ended.
//!
//! A caller has no timer: it may be in any runtime, or none. Each registers its deadline and its waker here, and one task on
//! the thread of the link wakes those whose time is over. It sleeps until the earliest deadline that it was told of, and once
//! more after the last one, so operations that follow each other do not wake it each time.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{Instant as TokioInstant, sleep_until};

/// The deadlines of one session.
#[derive(Debug)]
pub(super) struct Deadlines {
    state: Mutex<State>,
    /// A deadline comes before the time at which the task wakes.
    earlier: Notify,
    /// The usual limit.
    limit: Duration,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<Deadline, Waker>,
    last_number: u64,
    /// When the task wakes; `None` if nothing has been registered for a while.
    wakes: Option<Instant>,
    /// Something was registered since it woke last.
    used: bool,
}

/// A deadline that is registered, with a number that no other has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deadline {
    at: Instant,
    number: u64,
}

impl Deadlines {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            state: Mutex::default(),
            earlier: Notify::new(),
            limit,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the waker called at that time.
    pub(super) fn add(&self, at: Instant, waker: Waker) -> Deadline {
        let mut state = self.state();
        state.last_number += 1;
        let deadline = Deadline {
            at,
            number: state.last_number,
        };
        state.waiting.insert(deadline, waker);
        state.used = true;
        let is_earlier = state.wakes.is_none_or(|wakes| at < wakes);
        if is_earlier {
            state.wakes = Some(at);
        }
        drop(state);
        if is_earlier {
            self.earlier.notify_one();
        }
        deadline
    }

    /// Has another waker called instead. Without effect when the time is over.
    pub(super) fn update(&self, deadline: &Deadline, waker: &Waker) {
        let mut state = self.state();
        let Some(place) = state.waiting.get_mut(deadline) else {
            return;
        };
        if !place.will_wake(waker) {
            let before = std::mem::replace(place, waker.clone());
            drop(state);
            drop(before);
        }
    }

    /// The operation has ended.
    pub(super) fn remove(&self, deadline: &Deadline) {
        let mut state = self.state();
        let waker = state.waiting.remove(deadline);
        drop(state);
        // Outside of the lock: it is code of the caller.
        drop(waker);
    }

    /// Wakes those whose time is over, and tells when to look again.
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        let later = state.waiting.split_off(&Deadline {
            at: now,
            number: u64::MAX,
        });
        let over = std::mem::replace(&mut state.waiting, later);
        let first = state.waiting.keys().next().map(|deadline| deadline.at);
        let used = std::mem::take(&mut state.used);
        state.wakes = first.or_else(|| used.then(|| now + self.limit));
        let wakes = state.wakes;
        drop(state);
        for waker in over.into_values() {
            waker.wake();
        }
        wakes
    }

    /// The task.
    pub(super) async fn watch(&self) -> Infallible {
        loop {
            match self.look(Instant::now()) {
                None => self.earlier.notified().await,
                Some(next) => {
                    tokio::select! {
                        () = sleep_until(TokioInstant::from_std(next)) => {}
                        () = self.earlier.notified() => {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    const LIMIT: Duration = Duration::from_millis(100);

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::<Count>::default();
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn whose_time_is_over_is_woken_once_and_the_others_are_not() {
        let deadlines = Deadlines::new(LIMIT);
        let start = Instant::now();
        let ((one, of_one), (two, of_two), (gone, of_gone)) = (waker(), waker(), waker());
        deadlines.add(start + LIMIT, of_one.clone());
        let second = deadlines.add(start + 2 * LIMIT, of_one);
        let removed = deadlines.add(start + LIMIT, of_gone);
        deadlines.update(&second, &of_two);
        deadlines.remove(&removed);
        assert_eq!(deadlines.look(start), Some(start + LIMIT));
        assert_eq!(deadlines.look(start + LIMIT), Some(start + 2 * LIMIT));
        assert_eq!(deadlines.look(start + LIMIT), Some(start + 2 * LIMIT));
        let counts = [&one, &two, &gone].map(|count| count.0.load(Ordering::Relaxed));
        assert_eq!(counts, [1, 0, 0]);
        deadlines.look(start + 2 * LIMIT);
        assert_eq!(two.0.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&gone), 1);
    }

    #[test]
    fn it_looks_once_more_after_the_last_and_then_not_again() {
        let deadlines = Deadlines::new(LIMIT);
        let start = Instant::now();
        assert_eq!(deadlines.look(start), None);
        let deadline = deadlines.add(start + LIMIT, waker().1);
        deadlines.remove(&deadline);
        assert_eq!(deadlines.look(start), Some(start + LIMIT));
        assert_eq!(deadlines.look(start + LIMIT), None);
    }

    #[tokio::test]
    async fn the_task_wakes_for_a_deadline_that_comes_before_those_it_knows() {
        let deadlines = Arc::new(Deadlines::new(Duration::from_secs(60)));
        let of_task = Arc::clone(&deadlines);
        let task = tokio::spawn(async move { of_task.watch().await });
        let far = Instant::now() + Duration::from_secs(60);
        let near = Instant::now() + Duration::from_millis(1);
        deadlines.add(far, waker().1);
        tokio::task::yield_now().await;
        let mut added = None;
        std::future::poll_fn(|context| {
            if added.replace(()).is_none() {
                deadlines.add(near, context.waker().clone());
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(())
        })
        .await;
        assert!(Instant::now() >= near);
        assert_eq!(deadlines.state().waiting.len(), 1);
        task.abort();
    }
}
