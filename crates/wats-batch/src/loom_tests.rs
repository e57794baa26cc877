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
use crate::bulk::Bulk;
use crate::entry::WhenFull;
use crate::metrics::Meter;
use crate::queue::{Errand, Task};
use crate::shared::{Options, Shared, SpawnFn};
use crate::worker::Worker;
use crate::{BatchConfig, BatchError, Policy, Priority};

type Under = Arc<Shared<u32, u32, ()>>;

fn under(batch: usize, spawn: SpawnFn<u32, u32, ()>) -> Under {
    let size = batch;
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_batch_size(size)
        .max_concurrent_batches(1);
    let options = Options {
        order_by: None,
        dedupe: None,
        recovery: None,
        meter: Meter(""),
    };
    Arc::new(Shared::new(
        config,
        Bulk::in_order(
            |items| async { items },
            |items: Vec<u32>| Ok(items.into_iter().map(Ok).collect()),
        ),
        options,
        spawn,
    ))
}

/// The worker's own steps, on a thread in place of a task.
fn on_a_thread(shared: &Under, errand: Errand) {
    // One site, without a runtime, and no windows.
    assert_eq!(errand.task, Task::Worker);
    run(Worker::new(shared, errand.post));
}

thread_local! {
    /// What the workers took. All threads of a model are one of the system's.
    static SENT: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn run(mut worker: Worker<u32, u32, ()>) {
    thread::spawn(move || {
        while let Some((items, _)) = worker.take() {
            SENT.with_borrow_mut(|sent| sent.extend(&items));
            worker.settle(items.into_iter().map(Ok), true);
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
    for batch in [1, 2] {
        model(move || {
            let shared = under(batch, on_a_thread);
            let other = Arc::clone(&shared);
            let caller = thread::spawn(move || {
                assert_eq!(block_on(Add::new(&other, 1, Priority::Normal)).unwrap(), 1);
            });
            assert_eq!(block_on(Add::new(&shared, 2, Priority::Normal)).unwrap(), 2);
            caller.join().unwrap();
            assert_eq!(shared.queue.lock().snapshot().pending, 0);
        });
    }
}

#[test]
fn what_one_thread_adds_is_sent_in_that_order() {
    model(|| {
        SENT.take();
        let shared = under(1, on_a_thread);
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
    {
        model(move || {
            let shared = under(2, on_a_thread);
            let other = Arc::clone(&shared);
            let fickle = thread::spawn(move || {
                let mut add = Box::pin(Add::new(&other, 1, Priority::Normal));
                // Dropped while it waits, is sent, or is answered.
                once(add.as_mut());
                drop(add);
                // Never in between: it was sent before, or will not be.
                let stats = other.queue.lock().snapshot();
                assert!(
                    stats.sent + stats.cancelled > 0,
                    "neither sent nor cancelled"
                );
            });
            assert_eq!(block_on(Add::new(&shared, 2, Priority::Normal)).unwrap(), 2);
            fickle.join().unwrap();
            assert_eq!(shared.queue.lock().snapshot().pending, 0);
        });
    }
}

#[test]
fn closing_forgets_nobody() {
    model(|| {
        let shared = under(1, on_a_thread);
        let ticket =
            Ticket::enter_now(Arc::clone(&shared), 1, Priority::Normal, WhenFull::Reject).unwrap();
        let other = Arc::clone(&shared);
        let closer = thread::spawn(move || other.close());
        let late = block_on(Add::new(&shared, 2, Priority::Normal));
        assert!(matches!(late, Ok(2) | Err(BatchError::Closed)), "{late:?}");
        assert_eq!(block_on(ticket).unwrap(), 1);
        closer.join().unwrap();
        assert_eq!(shared.queue.lock().snapshot().pending, 0);
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
fn an_abort_answers_once() {
    model(|| {
        let shared = under(1, on_a_thread);
        let ticket =
            Ticket::enter_now(Arc::clone(&shared), 1, Priority::Normal, WhenFull::Reject).unwrap();
        let other = Arc::clone(&shared);
        let closer = thread::spawn(move || {
            other.abort();
        });
        match block_on(ticket) {
            Ok(answer) => assert_eq!(answer, 1),
            Err(error) => assert!(matches!(
                error,
                BatchError::Closed | BatchError::Interrupted
            )),
        }
        closer.join().unwrap();
        assert_eq!(shared.queue.lock().snapshot().pending, 0);
    });
}
