//! Who polls what several threads may poll: one at a time, and whoever finds it taken need not wait.
//!
//! ```text
//!            notify              run                    poll is over
//! (idle) ───────────► NOTIFIED ───────► POLLING ──────────────────────► (idle)
//!                                          │ notify        ▲
//!                                          └──► POLLING + NOTIFIED: it polls once more
//! ```
//! `CLOSED` is added at any time, and stays. Who sets `NOTIFIED` on what is idle has to see to it that somebody runs it.

use std::sync::atomic::Ordering::{AcqRel, Acquire};

#[cfg(wats_loom)]
use loom::sync::atomic::AtomicU8;
#[cfg(not(wats_loom))]
use std::sync::atomic::AtomicU8;

const NOTIFIED: u8 = 1;
const POLLING: u8 = 2;
const CLOSED: u8 = 4;

/// The state of something that is polled.
#[derive(Debug)]
pub(super) struct PollState(AtomicU8);

/// How `run` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Polled {
    /// Nothing is left to do, or another thread does it.
    Over,
    /// There is more to do than this thread should: it has to see to it that somebody runs it.
    HandedOn,
    /// It was closed meanwhile, and nobody will poll it any more: this thread is to drop it.
    Closed,
}

impl PollState {
    /// Notified already, so that it is polled for the first time.
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(NOTIFIED))
    }

    /// There is something to do. Whether the caller has to see to it that somebody runs it.
    pub(super) fn notify(&self) -> bool {
        self.0.fetch_or(NOTIFIED, AcqRel) == 0
    }

    /// Polls if there is something to do and nobody else does, again while there is more, at most so many times.
    pub(super) fn run(&self, most: usize, mut poll: impl FnMut()) -> Polled {
        let exchange = |from, to| self.0.compare_exchange(from, to, AcqRel, Acquire);
        if exchange(NOTIFIED, POLLING).is_err() {
            return Polled::Over;
        }
        let mut polls = 0;
        loop {
            poll();
            polls += 1;
            let Err(found) = exchange(POLLING, 0) else {
                return Polled::Over;
            };
            if found & CLOSED != 0 {
                return Polled::Closed;
            }
            let next = if polls < most { POLLING } else { NOTIFIED };
            if exchange(POLLING | NOTIFIED, next).is_err() {
                return Polled::Closed;
            }
            if polls >= most {
                return Polled::HandedOn;
            }
        }
    }

    /// From here on no poll begins. Whether none is under way either: then the caller is to drop it, else who polls.
    pub(super) fn close(&self) -> bool {
        let before = self.0.fetch_or(CLOSED, AcqRel);
        before & (POLLING | CLOSED) == 0
    }

    /// Whether it was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Acquire) & CLOSED != 0
    }
}

#[cfg(all(test, wats_loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;
    use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

    #[derive(Default)]
    struct Shared {
        state: Option<PollState>,
        asked: AtomicUsize,
        done: AtomicUsize,
        polling: AtomicUsize,
        drops: AtomicUsize,
    }

    impl Shared {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                state: Some(PollState(AtomicU8::new(0))),
                ..Self::default()
            })
        }

        fn state(&self) -> &PollState {
            self.state.as_ref().unwrap()
        }

        fn poll(&self) {
            assert_eq!(self.polling.fetch_add(1, Acquire), 0, "two threads poll");
            assert_eq!(self.drops.load(Relaxed), 0, "it was dropped");
            self.done.store(self.asked.load(Acquire), Release);
            self.polling.fetch_sub(1, Release);
        }

        /// As a caller that has sent something; who hands on is followed by the thread of the link.
        fn send(&self) {
            self.asked.fetch_add(1, Release);
            if self.state().notify() {
                while self.run() == Polled::HandedOn {}
            }
        }

        fn run(&self) -> Polled {
            let polled = self.state().run(1, || self.poll());
            if polled == Polled::Closed {
                self.drops.fetch_add(1, Relaxed);
            }
            polled
        }
    }

    #[test]
    fn what_was_asked_for_is_done_whoever_polls() {
        loom::model(|| {
            let shared = Shared::new();
            let of_other = Arc::clone(&shared);
            let other = thread::spawn(move || of_other.send());
            shared.send();
            other.join().unwrap();
            assert_eq!(shared.done.load(Relaxed), 2);
        });
    }

    #[test]
    fn it_is_dropped_once_and_not_polled_afterwards() {
        loom::model(|| {
            let shared = Shared::new();
            let of_caller = Arc::clone(&shared);
            let caller = thread::spawn(move || of_caller.send());
            let of_other = Arc::clone(&shared);
            let other = thread::spawn(move || {
                if of_other.state().close() {
                    of_other.drops.fetch_add(1, Relaxed);
                }
            });
            if shared.state().close() {
                shared.drops.fetch_add(1, Relaxed);
            }
            caller.join().unwrap();
            other.join().unwrap();
            assert_eq!(shared.drops.load(Relaxed), 1);
        });
    }
}
