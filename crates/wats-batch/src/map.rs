//! `batch_map`: an async function over a list, a bounded number at a time.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::concurrency::Concurrent;
use crate::progress::{Report, Reporter};
use crate::{BatchProgress, Partition};

/// Runs `call` for each item, at most `limit` at a time, and gives all outcomes in the order of the
/// items.
///
/// A slow item holds up no other: a slot that is done takes the next item at once. There are never
/// more than `limit` futures, and never more than 2^20, however long the list; a limit of 0 counts as 1.
/// All run inside the calling task (spawn inside `call` to use more cores), so they may borrow, and
/// dropping the future ends them all. A panic in `call` is the caller's panic.
///
/// ```
/// use wats_batch::batch_map;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let factor = 10; // may be borrowed
/// let tens = batch_map(1..=3, 2, async |n| n * factor).await;
/// assert_eq!(tens, [10, 20, 30]);
/// # }
/// ```
pub fn batch_map<I: IntoIterator, F: FnMut(I::Item) -> Fut, Fut: Future>(
    items: I,
    limit: usize,
    call: F,
) -> impl Future<Output = Vec<Fut::Output>> {
    run(items.into_iter(), limit, call, pending(), |_| {})
}

/// As [`batch_map`], as a stream of `(index, outcome)` in the order in which they end.
///
/// At most `limit` items are under way or waiting to be taken from the stream. Like every stream it
/// only works while it is polled.
///
/// ```
/// use futures_util::StreamExt;
/// use wats_batch::batch_map_stream;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut squares = batch_map_stream([2, 3, 4], 2, |n| async move { n * n });
/// while let Some((index, square)) = squares.next().await {
///     println!("item {index}: {square}");
/// }
/// # }
/// ```
pub fn batch_map_stream<I: IntoIterator, F: FnMut(I::Item) -> Fut, Fut: Future>(
    items: I,
    limit: usize,
    call: F,
) -> impl Stream<Item = (usize, Fut::Output)> {
    AsCompleted::new(items.into_iter(), limit, call, |_| {})
}

/// [`batch_map`] with options: progress, a signal to stop, streams in either order.
///
/// ```
/// use wats_batch::BatchMap;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let parts = BatchMap::new(4)
///     .progress(|progress| println!("{progress}"))
///     .partition(["1", "x", "3"], async |text| text.parse::<u8>())
///     .await;
/// assert_eq!(parts.ok, [(0, 1), (2, 3)]);
/// assert_eq!(parts.failed[0].0, 1);
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a map does nothing before it is run"]
pub struct BatchMap {
    limit: usize,
    ahead: usize,
    progress: Option<Report>,
}

impl fmt::Debug for BatchMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchMap")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl BatchMap {
    /// At most `limit` items at a time; 0 counts as 1.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            ahead: limit.saturating_mul(32),
            progress: None,
        }
    }

    /// Calls `report` after each item.
    pub fn progress(mut self, report: impl Fn(BatchProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// How many outcomes an [ordered stream](Self::ordered_stream) keeps while an earlier item is
    /// still under way; beyond that it waits for that item. 32 times the limit.
    pub fn max_ahead(mut self, outcomes: usize) -> Self {
        self.ahead = outcomes;
        self
    }

    /// All outcomes, in the order of the items.
    pub fn run<I: IntoIterator, F: FnMut(I::Item) -> Fut, Fut: Future>(
        &self,
        items: I,
        call: F,
    ) -> impl Future<Output = Vec<Fut::Output>> + use<I, F, Fut> {
        self.run_until(items, call, pending())
    }

    /// As [`run`](Self::run), until `stop` is ready: then no further item is started, and those under
    /// way are finished. The outcomes are those of the first items, without a gap; how many there
    /// are tells where it stopped.
    pub fn run_until<I, F, Fut, S>(
        &self,
        items: I,
        call: F,
        stop: S,
    ) -> impl Future<Output = Vec<Fut::Output>> + use<I, F, Fut, S>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future,
        S: Future<Output = ()>,
    {
        let items = items.into_iter();
        let mut report = Reporter::new(&items, self.progress.clone());
        run(items, self.limit, call, stop, move |_| report.seen(false))
    }

    /// All outcomes, successes and failures apart; one failure stops nothing.
    pub fn partition<I, F, Fut, R, E>(
        &self,
        items: I,
        call: F,
    ) -> impl Future<Output = Partition<R, E>> + use<I, F, Fut, R, E>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        let items = items.into_iter();
        let mut report = Reporter::new(&items, self.progress.clone());
        let seen = move |outcome: &Result<R, E>| report.seen(outcome.is_err());
        let outcomes = run(items, self.limit, call, pending(), seen);
        async { outcomes.await.into_iter().collect() }
    }

    /// The outcomes as a stream in the order of the items. While the next in order is under way,
    /// others go on, up to [`max_ahead`](Self::max_ahead).
    pub fn ordered_stream<I: IntoIterator, F: FnMut(I::Item) -> Fut, Fut: Future>(
        &self,
        items: I,
        call: F,
    ) -> impl Stream<Item = Fut::Output> + use<I, F, Fut> {
        InOrder {
            concurrent: Concurrent::new(items.into_iter(), self.limit, call),
            most: self.ahead.max(self.limit).max(1),
            window: Window::new(),
        }
    }
}

/// The most bytes reserved because an iterator says that so many items will come: it may be wrong, or
/// be stopped long before.
const MOST_AHEAD: usize = 1 << 20;

/// What to reserve where each item of an iterator gives an `R`.
pub(crate) fn capacity<R>(items: &impl Iterator) -> usize {
    let most = MOST_AHEAD / size_of::<R>().max(1);
    items.size_hint().0.min(most)
}

async fn run<I, F, Fut>(
    items: I,
    limit: usize,
    call: F,
    stop: impl Future<Output = ()>,
    mut seen: impl FnMut(&Fut::Output),
) -> Vec<Fut::Output>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    let mut outcomes = Vec::with_capacity(capacity::<Fut::Output>(&items));
    let mut window = Window::new();
    let mut concurrent = Concurrent::new(items, limit, call);
    let mut stop = pin!(stop);
    let mut stopped = false;
    poll_fn(|cx| {
        if !stopped && stop.as_mut().poll(cx).is_ready() {
            stopped = true;
            concurrent.stop();
        }
        concurrent.drive(cx, usize::MAX, |index, outcome| {
            if let Some(outcome) = &outcome {
                seen(outcome);
            }
            if window.passes(index) {
                if let Some(outcome) = outcome {
                    outcomes.push(outcome);
                }
            } else {
                window.put(index, outcome);
                window.pop_all(&mut outcomes);
            }
            usize::MAX
        })
    })
    .await;
    outcomes
}

/// Outcomes that come in any order and leave in the order of the items.
struct Window<R> {
    /// The index of the next to leave.
    next: usize,
    /// Those that came early; none of one whose item panicked.
    kept: BTreeMap<usize, Option<R>>,
}

impl<R> Window<R> {
    const fn new() -> Self {
        Self {
            next: 0,
            kept: BTreeMap::new(),
        }
    }

    /// Puts the outcome of an item, or none if it panicked.
    #[cold]
    fn put(&mut self, index: usize, outcome: Option<R>) {
        self.kept.insert(index, outcome);
        self.skip();
    }

    /// Whether this item, which has ended, needs no place: it is the next, and nothing waits behind it.
    #[inline]
    fn passes(&mut self, index: usize) -> bool {
        let passes = index == self.next && self.kept.is_empty();
        self.next += usize::from(passes);
        passes
    }

    /// The next in order, if it is there.
    fn pop(&mut self) -> Option<R> {
        let outcome = self.kept.remove(&self.next)?;
        self.next += 1;
        self.skip();
        outcome
    }

    /// All that are next in order.
    #[cold]
    fn pop_all(&mut self, outcomes: &mut Vec<R>) {
        outcomes.extend(std::iter::from_fn(|| self.pop()));
    }

    /// Lets those leave that are next and have no outcome.
    fn skip(&mut self) {
        while let Some(None) = self.kept.get(&self.next) {
            self.kept.remove(&self.next);
            self.next += 1;
        }
    }
}

/// See [`batch_map_stream`].
pub(crate) struct AsCompleted<I: Iterator, F, Fut: Future, S> {
    concurrent: Concurrent<I, F, Fut>,
    limit: usize,
    done: VecDeque<(usize, Fut::Output)>,
    /// Sees each outcome before it is handed out, and once. If it panics, the next poll hands it out.
    seen: S,
    was_seen: bool,
}

// Nothing in it is pinned in place: `Concurrent` keeps its futures in boxes.
impl<I: Iterator, F, Fut: Future, S> Unpin for AsCompleted<I, F, Fut, S> {}

impl<I, F, Fut, S> AsCompleted<I, F, Fut, S>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
    S: FnMut(&Fut::Output),
{
    pub(crate) fn new(items: I, limit: usize, call: F, seen: S) -> Self {
        Self {
            concurrent: Concurrent::new(items, limit, call),
            limit: limit.max(1),
            done: VecDeque::new(),
            seen,
            was_seen: false,
        }
    }
}

impl<I, F, Fut, S> Stream for AsCompleted<I, F, Fut, S>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
    S: FnMut(&Fut::Output),
{
    type Item = (usize, Fut::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let (limit, done) = (this.limit, &mut this.done);
        // All slots are kept busy before a result is handed out.
        let room = limit.saturating_sub(done.len());
        let ended = this.concurrent.drive(cx, room, |index, outcome| {
            done.extend(outcome.map(|outcome| (index, outcome)));
            limit.saturating_sub(done.len())
        });
        let Some((_, outcome)) = this.done.front() else {
            return ended.map(|()| None);
        };
        if !std::mem::replace(&mut this.was_seen, true) {
            (this.seen)(outcome);
        }
        this.was_seen = false;
        Poll::Ready(this.done.pop_front())
    }
}

/// See [`BatchMap::ordered_stream`].
struct InOrder<I: Iterator, F, Fut: Future> {
    concurrent: Concurrent<I, F, Fut>,
    /// The most outcomes kept and futures under way.
    most: usize,
    window: Window<Fut::Output>,
}

// Nothing in it is pinned in place: `Concurrent` keeps its futures in boxes.
impl<I: Iterator, F, Fut: Future> Unpin for InOrder<I, F, Fut> {}

impl<I: Iterator, F: FnMut(I::Item) -> Fut, Fut: Future> Stream for InOrder<I, F, Fut> {
    type Item = Fut::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            concurrent,
            most,
            window,
        } = &mut *self;
        let ended = concurrent.drive(
            cx,
            most.saturating_sub(window.kept.len()),
            |index, outcome| {
                window.put(index, outcome);
                most.saturating_sub(window.kept.len())
            },
        );
        match window.pop() {
            Some(outcome) => Poll::Ready(Some(outcome)),
            None => ended.map(|()| None),
        }
    }
}
