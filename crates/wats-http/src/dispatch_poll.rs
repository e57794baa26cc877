//! A whole poll of hyper's dispatcher, which the end of an HTTP/2 connection and the server's GOAWAY wait for.
//!
//! Two tasks share such a connection: one reads, the other one hands requests to h2 and then asks h2 once more whether the
//! connection holds. If an answer and the end or a GOAWAY behind it were read in between, hyper reports the end, and drops
//! the answer. So the reader passes either on only after the dispatcher has been polled as a whole: by then, whatever may
//! have an answer waits for it where h2 gives out the answer first.

use std::task::{Context, Poll};

#[cfg(not(wats_loom))]
use futures_util::task::AtomicWaker;
#[cfg(wats_loom)]
use loom::future::AtomicWaker;
#[cfg(wats_loom)]
use loom::sync::atomic::AtomicU8;
#[cfg(not(wats_loom))]
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::SeqCst;

#[derive(Debug, Default)]
pub(crate) struct DispatchPoll {
    state: AtomicU8,
    dispatcher: AtomicWaker,
    reader: AtomicWaker,
}

const ASKED: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 3;
/// There will be no other poll.
const OVER: u8 = 4;

impl DispatchPoll {
    /// The reader's: it wants another poll.
    pub(crate) fn again(&self) {
        let _ = self.state.compare_exchange(DONE, 0, SeqCst, SeqCst);
    }

    /// The reader's: whether a poll has begun and ended after this was called first.
    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        register(&self.reader, context);
        if self
            .state
            .compare_exchange(0, ASKED, SeqCst, SeqCst)
            .is_ok()
        {
            self.dispatcher.wake();
        }
        if matches!(self.state.load(SeqCst), DONE | OVER) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Before a poll of the dispatcher.
    pub(crate) fn begin(&self, context: &Context<'_>) {
        register(&self.dispatcher, context);
        if self.state.load(SeqCst) == ASKED {
            self.state.store(RUNNING, SeqCst);
        }
    }

    /// After a poll; `last` when there will be no other.
    pub(crate) fn end(&self, last: bool) {
        if last || self.state.load(SeqCst) == RUNNING {
            // Swapped, as its order with what the reader changes must be one.
            self.state.swap(if last { OVER } else { DONE }, SeqCst);
            self.reader.wake();
        }
    }
}

#[cfg(not(wats_loom))]
fn register(waker: &AtomicWaker, context: &Context<'_>) {
    waker.register(context.waker());
}

#[cfg(wats_loom)]
fn register(waker: &AtomicWaker, context: &Context<'_>) {
    waker.register_by_ref(context.waker());
}

/// The reader and the dispatcher in every order in which their threads can run. A lost wake-up shows as a deadlock.
#[cfg(all(test, wats_loom))]
mod loom_tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize};

    use loom::future::block_on;
    use loom::thread;

    use super::*;

    #[derive(Default)]
    struct Model {
        poll: DispatchPoll,
        /// Polls of the dispatcher that began, and that came to their end.
        begun: AtomicUsize,
        ended: AtomicUsize,
        /// The dispatcher has nothing more to do.
        quit: AtomicBool,
        quits: AtomicWaker,
    }

    impl Model {
        /// Polls the dispatcher whenever it is woken, `most` times at most.
        fn dispatch(&self, most: usize) {
            block_on(poll_fn(|context| {
                register(&self.quits, context);
                self.poll.begin(context);
                let number = self.begun.fetch_add(1, SeqCst) + 1;
                thread::yield_now();
                self.ended.fetch_add(1, SeqCst);
                let last = number == most;
                self.poll.end(last);
                if last || self.quit.load(SeqCst) {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
        }

        /// Waits as the reader does, and checks what it waited for.
        fn read(&self, most: usize) {
            let before = self.begun.load(SeqCst);
            block_on(poll_fn(|context| self.poll.poll(context)));
            let ended = self.ended.load(SeqCst);
            assert!(ended > before || ended == most, "{ended}, {before}");
        }

        fn quit(&self) {
            self.quit.store(true, SeqCst);
            self.quits.wake();
        }
    }

    /// All orders with at most three switches away from a thread that could have gone on.
    fn model(most: usize, reads: usize) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let model = Arc::new(Model::default());
            let other = Arc::clone(&model);
            let dispatcher = thread::spawn(move || other.dispatch(most));
            for _ in 0..reads {
                model.poll.again();
                model.read(most);
            }
            model.quit();
            dispatcher.join().unwrap();
        });
    }

    #[test]
    fn a_poll_that_began_before_it_was_asked_for_does_not_count() {
        model(usize::MAX, 1);
    }

    #[test]
    fn each_read_waits_for_a_poll_of_its_own() {
        model(usize::MAX, 2);
    }

    #[test]
    fn nobody_waits_for_a_dispatcher_that_has_ended() {
        model(1, 2);
        model(2, 2);
    }
}
