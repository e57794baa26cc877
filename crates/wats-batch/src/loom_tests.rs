//! The hand-over of items and answers between callers and workers, in every order two or three
//! threads can run in. A lost wake-up shows as a deadlock.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-batch --lib loom_tests
//! ```

use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::thread;

use crate::add::{Add, Ticket};
use crate::bulk::{Bulk, Outcome};
use crate::core::Errand;
use crate::core::site::Post;
use crate::entry::WhenFull;
use crate::metrics::Meter;
use crate::shared::{Options, Shared, Starter};
use crate::worker::Worker;
use crate::{BatchConfig, BatchError, Policy, Priority, limit};

type Under = Arc<Shared<u32, u32, ()>>;

fn under(batch: usize, starter: Starter<u32, u32, ()>) -> Under {
    let size = std::num::NonZeroUsize::new(batch).unwrap();
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_batch_size(size)
        .max_concurrent_batches(limit::<1>());
    let options = Options {
        order_by: None,
        dedupe: None,
        recovery: None,
        meter: Meter(""),
    };
    Arc::new(Shared::new(
        config,
        Bulk::values(|items| async { items }),
        options,
        starter,
    ))
}

/// The worker's own steps, on a thread in place of a task.
fn on_a_thread(shared: &Under, errand: Errand) {
    run(Worker::new(shared, post(&errand)));
}

fn post(errand: &Errand) -> Post {
    let Errand::Worker(post, None) = errand else {
        unreachable!("one site, without a runtime, and no windows: {errand:?}");
    };
    *post
}

/// The same, with a buffer, which all threads share here.
fn with_a_buffer(shared: &Under, errand: Errand) {
    let mut worker = Worker::new(shared, post(&errand));
    worker.uses_buffers = true;
    // Already now, which spares the models two switches.
    worker.open_buffer();
    run(worker);
}

thread_local! {
    /// What the workers took. All threads of a model are one of the system's.
    static SENT: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn run(mut worker: Worker<u32, u32, ()>) {
    thread::spawn(move || {
        while let Some(items) = worker.take() {
            let count = items.len();
            SENT.with_borrow_mut(|sent| sent.extend(&items));
            worker.settle(Outcome::Values(items).answers(count), true);
        }
    });
}

fn once<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

/// All orders with at most three switches away from a thread that could have gone on; more make
/// hours of it.
fn model(check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn two_callers_each_get_their_own_answer() {
    let workers: [(usize, Starter<u32, u32, ()>); 3] =
        [(1, on_a_thread), (2, on_a_thread), (1, with_a_buffer)];
    for (batch, worker) in workers {
        model(move || {
            let shared = under(batch, worker);
            let other = Arc::clone(&shared);
            let caller = thread::spawn(move || {
                assert_eq!(block_on(Add::new(&other, 1, Priority::Normal)).unwrap(), 1);
            });
            assert_eq!(block_on(Add::new(&shared, 2, Priority::Normal)).unwrap(), 2);
            caller.join().unwrap();
            assert_eq!(shared.core.lock().pending(), 0);
        });
    }
}

#[test]
fn what_one_thread_adds_is_sent_in_that_order() {
    model(|| {
        SENT.take();
        let shared = under(1, with_a_buffer);
        let ticket = |item| {
            Ticket::enter_now(
                Arc::clone(&shared),
                item,
                Priority::Normal,
                WhenFull::Reject,
            )
            .unwrap()
        };
        let first = ticket(1);
        // By the buffer, if it is open by now; the third never.
        let mut second = Box::pin(Add::new(&shared, 2, Priority::Normal));
        let early = once(second.as_mut());
        assert_eq!(block_on(ticket(3)).unwrap(), 3);
        if !early {
            assert_eq!(block_on(second).unwrap(), 2);
        }
        assert_eq!(block_on(first).unwrap(), 1);
        assert_eq!(SENT.take(), [1, 2, 3]);
    });
}

#[test]
fn a_caller_that_goes_away_strands_nobody() {
    let workers: [Starter<u32, u32, ()>; 2] = [on_a_thread, with_a_buffer];
    for worker in workers {
        model(move || {
            let shared = under(2, worker);
            let other = Arc::clone(&shared);
            let fickle = thread::spawn(move || {
                let mut add = Box::pin(Add::new(&other, 1, Priority::Normal));
                // Dropped while it lies in a buffer, waits, is sent, or is answered.
                once(add.as_mut());
                drop(add);
                // Never in between: it was sent before, or will not be.
                let stats = other.core.lock().counters.snapshot();
                assert!(
                    stats.sent + stats.cancelled > 0,
                    "neither sent nor cancelled"
                );
            });
            assert_eq!(block_on(Add::new(&shared, 2, Priority::Normal)).unwrap(), 2);
            fickle.join().unwrap();
            assert_eq!(shared.core.lock().pending(), 0);
        });
    }
}

#[test]
fn closing_forgets_no_buffer() {
    model(|| {
        let shared = under(1, with_a_buffer);
        let ticket =
            Ticket::enter_now(Arc::clone(&shared), 1, Priority::Normal, WhenFull::Reject).unwrap();
        let other = Arc::clone(&shared);
        let closer = thread::spawn(move || other.close());
        let late = block_on(Add::new(&shared, 2, Priority::Normal));
        assert!(matches!(late, Ok(2) | Err(BatchError::Closed)), "{late:?}");
        assert_eq!(block_on(ticket).unwrap(), 1);
        closer.join().unwrap();
        assert_eq!(shared.core.lock().pending(), 0);
    });
}

#[test]
fn a_waker_that_changes_is_not_lost() {
    model(|| {
        let shared = under(1, on_a_thread);
        let mut add = Box::pin(Add::new(&shared, 1, Priority::Normal));
        // The first poll leaves a waker that wakes nobody; the second must replace it in time.
        if !once(add.as_mut()) {
            assert_eq!(block_on(add).unwrap(), 1);
        }
    });
}

#[test]
fn a_cut_off_answers_once() {
    model(|| {
        let shared = under(1, on_a_thread);
        let ticket =
            Ticket::enter_now(Arc::clone(&shared), 1, Priority::Normal, WhenFull::Reject).unwrap();
        let other = Arc::clone(&shared);
        let closer = thread::spawn(move || {
            other.cut_off();
        });
        match block_on(ticket) {
            Ok(answer) => assert_eq!(answer, 1),
            Err(error) => assert!(matches!(
                error,
                BatchError::Closed | BatchError::Interrupted
            )),
        }
        closer.join().unwrap();
        assert_eq!(shared.core.lock().pending(), 0);
    });
}
