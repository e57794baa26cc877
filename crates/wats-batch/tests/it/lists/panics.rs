//! The caller's code panics: items, futures, destructors, the list itself, progress callbacks. What
//! is polled on after it ends, with the outcomes of all others, and nothing is lost or kept.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::{FutureExt, Stream};
use proptest::prelude::*;
use wats_batch::{
    BatchError, BatchMap, ChunkConfig, ChunkError, ChunkedBatcher, Retry, batch_map,
    batch_map_stream,
};

/// Without the panic hook, whose words would fill the log.
fn panics() -> ! {
    resume_unwind(Box::new("planned"))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Plan {
    /// Is ready at the poll of this number.
    Ready(u8),
    /// Panics at the poll of this number.
    Poll(u8),
    /// Panics in `call`, before there is a future.
    Call,
    /// Is ready, and panics when it is dropped.
    Drop,
    /// Panics at its first poll, and once more when it is dropped.
    PollAndDrop,
    /// The list panics before it gives this item, and gives it when asked again.
    List,
}

impl Plan {
    fn has_an_outcome(self) -> bool {
        matches!(self, Self::Ready(_) | Self::Drop | Self::List)
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        4 => (1..4u8).prop_map(Plan::Ready),
        2 => (1..3u8).prop_map(Plan::Poll),
        1 => Just(Plan::Call),
        1 => Just(Plan::Drop),
        1 => Just(Plan::PollAndDrop),
        1 => Just(Plan::List),
    ]
}

/// Counts what is alive.
struct Alive(Rc<Cell<usize>>);

impl Alive {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

struct Planned {
    index: usize,
    plan: Plan,
    polls: u8,
    alive: Alive,
}

impl Future for Planned {
    type Output = (usize, Alive);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.polls += 1;
        match self.plan {
            Plan::Poll(at) if self.polls == at => panics(),
            Plan::PollAndDrop => panics(),
            Plan::Ready(at) | Plan::Poll(at) if self.polls < at => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready((self.index, Alive::new(&self.alive.0))),
        }
    }
}

impl Drop for Planned {
    fn drop(&mut self) {
        // A second panic while the first unwinds would end the process.
        let drops = matches!(self.plan, Plan::Drop | Plan::PollAndDrop);
        if drops && self.polls > 0 && !std::thread::panicking() {
            panics();
        }
    }
}

/// The list, which panics where it is told to.
struct List<'a> {
    plans: &'a [Plan],
    next: usize,
    panicked: bool,
}

impl<'a> List<'a> {
    fn new(plans: &'a [Plan]) -> Self {
        Self {
            plans,
            next: 0,
            panicked: false,
        }
    }
}

impl Iterator for List<'_> {
    type Item = (usize, Plan);

    fn next(&mut self) -> Option<Self::Item> {
        let plan = *self.plans.get(self.next)?;
        if plan == Plan::List && !self.panicked {
            self.panicked = true;
            panics();
        }
        self.panicked = false;
        self.next += 1;
        Some((self.next - 1, plan))
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls a stream on, whatever panics, until it ends; also gives the number of panics. A stream that
/// is pending and has woken nobody would never end.
fn poll_on<S: Stream>(stream: S) -> (Vec<S::Item>, usize) {
    let flag = Arc::new(Flag::default());
    let waker = Waker::from(Arc::clone(&flag));
    let mut cx = Context::from_waker(&waker);
    let mut stream = pin!(stream);
    let (mut outcomes, mut panics) = (Vec::new(), 0);
    loop {
        match catch_unwind(AssertUnwindSafe(|| stream.as_mut().poll_next(&mut cx))) {
            Ok(Poll::Ready(Some(outcome))) => outcomes.push(outcome),
            Ok(Poll::Ready(None)) => return (outcomes, panics),
            Ok(Poll::Pending) => assert!(flag.0.swap(false, Ordering::Relaxed), "hangs"),
            Err(_) => panics += 1,
        }
    }
}

fn call(alive: &Rc<Cell<usize>>) -> impl FnMut((usize, Plan)) -> Planned {
    move |(index, plan)| {
        let alive = Alive::new(alive);
        if plan == Plan::Call {
            panics();
        }
        Planned {
            index,
            plan,
            polls: 0,
            alive,
        }
    }
}

proptest! {
    #[test]
    fn a_stream_that_is_polled_on_gives_all_other_outcomes(
        plans in proptest::collection::vec(plan(), 0..40),
        limit in 1usize..6,
        ahead in 1usize..12,
    ) {
        let expected: Vec<_> = (0..plans.len()).filter(|n| plans[*n].has_an_outcome()).collect();
        let planned: usize = plans
            .iter()
            .map(|plan| match plan {
                Plan::Ready(_) => 0,
                Plan::PollAndDrop => 2,
                _ => 1,
            })
            .sum();
        let alive = Rc::new(Cell::new(0));

        let (outcomes, panics) =
            poll_on(batch_map_stream(List::new(&plans), limit, call(&alive)));
        prop_assert!(outcomes.iter().all(|(index, outcome)| *index == outcome.0));
        let mut seen: Vec<_> = outcomes.iter().map(|(index, _)| *index).collect();
        seen.sort_unstable();
        prop_assert_eq!(&seen, &expected);
        prop_assert_eq!(panics, planned);
        prop_assert_eq!(alive.get(), outcomes.len(), "only the outcomes are alive");
        drop(outcomes);

        let map = BatchMap::new(limit).max_ahead(ahead);
        let (outcomes, panics) = poll_on(map.ordered_stream(List::new(&plans), call(&alive)));
        let seen: Vec<_> = outcomes.iter().map(|(index, _)| *index).collect();
        prop_assert_eq!(&seen, &expected, "in order");
        prop_assert_eq!(panics, planned);
        prop_assert_eq!(alive.get(), outcomes.len());
        drop(outcomes);
        prop_assert_eq!(alive.get(), 0);
    }

    #[test]
    fn a_stream_that_is_dropped_after_a_panic_keeps_nothing(
        plans in proptest::collection::vec((1..4u8).prop_map(Plan::Ready), 1..20),
        bad in any::<prop::sample::Index>(),
        poll in 1..3u8,
        limit in 1usize..6,
    ) {
        let mut plans = plans;
        let bad = bad.index(plans.len());
        plans[bad] = Plan::Poll(poll);
        let alive = Rc::new(Cell::new(0));
        let until_it_panics = catch_unwind(AssertUnwindSafe(|| {
            let mut stream = pin!(batch_map_stream(List::new(&plans), limit, call(&alive)));
            let mut cx = Context::from_waker(Waker::noop());
            loop {
                let _ = stream.as_mut().poll_next(&mut cx);
            }
        }));
        prop_assert!(until_it_panics.is_err());
        prop_assert_eq!(alive.get(), 0);
    }

    #[test]
    fn a_panic_of_one_chunk_is_the_outcome_of_that_chunk(
        plans in proptest::collection::vec(plan(), 0..40),
        size in 1usize..4,
        limit in 1usize..4,
    ) {
        let config = ChunkConfig::default()
            .chunk_size(size)
            .max_concurrent(limit);
        let alive = Rc::new(Cell::new(0));
        let send = async |chunk: Vec<(usize, Plan)>| {
            let mut outcomes = Vec::new();
            for item in chunk {
                // Dropped here, and not while its outcome is on its way: the compiler leaks that.
                let mut future = Box::pin(call(&alive)(item));
                outcomes.push(future.as_mut().await.0);
                drop(future);
            }
            Ok::<_, String>(outcomes)
        };
        let chunked = ChunkedBatcher::new(config).unwrap();
        let (mut chunks, panics) = poll_on(chunked.stream(List::new(&plans), send));
        prop_assert_eq!(panics, plans.iter().filter(|plan| **plan == Plan::List).count());
        prop_assert_eq!(alive.get(), 0);
        chunks.sort_unstable_by_key(|done| done.chunk);
        let mut next = 0;
        for done in chunks {
            prop_assert_eq!(done.items.start, next);
            next = done.items.end;
            let fine = |plan: &Plan| matches!(plan, Plan::Ready(_) | Plan::List);
            match done.result {
                Ok(seen) => prop_assert!(seen.into_iter().eq(done.items)),
                Err(ChunkError { error: BatchError::Panicked(_), .. }) => {
                    prop_assert!(!plans[done.items].iter().all(fine));
                }
                Err(error) => panic!("{error}"),
            }
        }
        prop_assert_eq!(next, plans.len(), "every item is in one chunk");
    }

    #[test]
    fn a_progress_callback_that_panics_costs_no_chunk(
        chunks in 1usize..10,
        bad in proptest::collection::vec(any::<bool>(), 10),
        limit in 1usize..4,
    ) {
        let config = ChunkConfig::default()
            .chunk_size(1)
            .max_concurrent(limit);
        let planned = bad[..chunks].iter().filter(|bad| **bad).count();
        let chunked = ChunkedBatcher::<_, String>::new(config).unwrap().progress(move |progress| {
            if bad[progress.done - 1] {
                panics();
            }
        });
        let (done, panics) = poll_on(chunked.stream(0..chunks, async |chunk| Ok(chunk)));
        prop_assert_eq!((done.len(), panics), (chunks, planned));
    }
}

#[test]
fn a_map_that_is_polled_on_after_a_panic_does_not_hang() {
    let mut cx = Context::from_waker(Waker::noop());
    let bad = async |n: u32| if n == 2 { panics() } else { n };
    let map = BatchMap::new(2);
    let loud = map.clone().progress(|progress| {
        if progress.done == 2 {
            panics();
        }
    });
    let runs: [Pin<Box<dyn Future<Output = Vec<u32>>>>; 4] = [
        Box::pin(batch_map(0..9, 2, bad)),
        Box::pin(map.run(0..9, bad)),
        Box::pin(map.run_until(0..9, async |n| n, async { panics() })),
        Box::pin(loud.run(0..9, async |n| n)),
    ];
    for mut run in runs {
        for _ in 0..2 {
            let poll = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(&mut cx)));
            assert!(
                poll.is_err(),
                "the panic is the caller's, and then there is no outcome"
            );
        }
    }
}

#[test]
fn what_a_retry_runs_fails_its_chunk_when_it_panics() {
    struct NoCopy(u32);
    impl Clone for NoCopy {
        fn clone(&self) -> Self {
            if self.0 == 1 {
                panics();
            }
            Self(self.0)
        }
    }
    let retry = Retry::attempts(2).when(|error| match error {
        2 => panics(),
        _ => false,
    });
    let config = ChunkConfig::default().chunk_size(1);
    let chunked = ChunkedBatcher::<_, u32>::new(config).unwrap().retry(retry);
    let calls = AtomicUsize::new(0);
    let call = async |chunk: Vec<NoCopy>| {
        calls.fetch_add(1, Ordering::Relaxed);
        if chunk[0].0 == 0 {
            Ok(0)
        } else {
            Err(chunk[0].0)
        }
    };
    let outcomes = chunked
        .run_chunks((0..4).map(NoCopy), call)
        .now_or_never()
        .unwrap();
    assert!(matches!(
        &outcomes[..],
        [
            Ok(0),
            Err(ChunkError {
                chunk: 1,
                error: BatchError::Panicked(_),
                ..
            }),
            Err(ChunkError {
                chunk: 2,
                error: BatchError::Panicked(_),
                ..
            }),
            Err(ChunkError {
                chunk: 3,
                attempts: 1,
                error: BatchError::Bulk(_),
                ..
            }),
        ]
    ));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}
