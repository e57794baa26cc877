//! `batch_map`: an async function over a list, a bounded number at a time.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;

use crate::engine::Engine;
use crate::progress::{Report, Reporter};
use crate::{Partition, Progress};

/// Runs `call` for each item, at most `limit` at a time, and gives all outcomes in the order of the
/// items.
///
/// A slow item holds up no other: a slot that is done takes the next item at once. There are never
/// more than `limit` futures, however long the list. All run inside the calling task (spawn inside
/// `call` to use more cores), so they may borrow, and dropping the future ends them all. A panic in
/// `call` is the caller's panic.
///
/// ```
/// use wats_batch::{batch_map, limit};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let factor = 10; // may be borrowed
/// let tens = batch_map(1..=3, limit::<2>(), async |n| n * factor).await;
/// assert_eq!(tens, [10, 20, 30]);
/// # }
/// ```
pub fn batch_map<I, F, Fut>(
    items: I,
    limit: NonZeroUsize,
    call: F,
) -> impl Future<Output = Vec<Fut::Output>>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    run(items.into_iter(), limit, call, pending(), |_| {})
}

/// As [`batch_map`], as a stream of `(index, outcome)` in the order in which they end.
///
/// At most `limit` items are under way or waiting to be taken from the stream. Like every stream it
/// only works while it is polled.
///
/// ```
/// use futures_util::StreamExt;
/// use wats_batch::{batch_map_stream, limit};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut squares = batch_map_stream([2, 3, 4], limit::<2>(), |n| async move { n * n });
/// while let Some((index, square)) = squares.next().await {
///     println!("item {index}: {square}");
/// }
/// # }
/// ```
pub fn batch_map_stream<I, F, Fut>(
    items: I,
    limit: NonZeroUsize,
    call: F,
) -> impl Stream<Item = (usize, Fut::Output)>
where
    I: IntoIterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    AsCompleted {
        engine: Engine::new(items.into_iter(), limit.get(), call),
        limit: limit.get(),
        done: VecDeque::new(),
    }
}

/// [`batch_map`] with options: progress, a signal to stop, streams in either order.
///
/// ```
/// use wats_batch::{BatchMap, limit};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let parts = BatchMap::new(limit::<4>())
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
    limit: NonZeroUsize,
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
    /// At most `limit` items at a time.
    pub fn new(limit: NonZeroUsize) -> Self {
        Self {
            limit,
            ahead: limit.get().saturating_mul(32),
            progress: None,
        }
    }

    /// Calls `report` after each item.
    pub fn progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// How many outcomes an [ordered stream](Self::ordered_stream) keeps while an earlier item is
    /// still under way; beyond that it waits for that item. 32 times the limit.
    pub fn max_ahead(mut self, outcomes: NonZeroUsize) -> Self {
        self.ahead = outcomes.get();
        self
    }

    /// All outcomes, in the order of the items.
    pub async fn run<I, F, Fut>(&self, items: I, call: F) -> Vec<Fut::Output>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future,
    {
        self.run_until(items, call, pending()).await
    }

    /// As [`run`](Self::run), until `stop` is ready: then no further item is started, and those under
    /// way are finished. The outcomes are those of the first items, without a gap; how many there
    /// are tells where it stopped.
    pub async fn run_until<I, F, Fut>(
        &self,
        items: I,
        call: F,
        stop: impl Future<Output = ()>,
    ) -> Vec<Fut::Output>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future,
    {
        let items = items.into_iter();
        let mut report = Reporter::new(&items, self.progress.clone());
        run(items, self.limit, call, stop, |_| report.seen(false)).await
    }

    /// All outcomes, successes and failures apart; one failure stops nothing.
    pub async fn partition<I, F, Fut, R, E>(&self, items: I, call: F) -> Partition<R, E>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future<Output = Result<R, E>>,
    {
        let items = items.into_iter();
        let mut report = Reporter::new(&items, self.progress.clone());
        let seen = |outcome: &Result<R, E>| report.seen(outcome.is_err());
        run(items, self.limit, call, pending(), seen)
            .await
            .into_iter()
            .collect()
    }

    /// The outcomes as a stream in the order of the items. While the next in order is under way,
    /// others go on, up to [`max_ahead`](Self::max_ahead).
    pub fn ordered_stream<I, F, Fut>(
        &self,
        items: I,
        call: F,
    ) -> impl Stream<Item = Fut::Output> + use<I, F, Fut>
    where
        I: IntoIterator,
        F: FnMut(I::Item) -> Fut,
        Fut: Future,
    {
        InOrder {
            engine: Engine::new(items.into_iter(), self.limit.get(), call),
            most: self.ahead.max(self.limit.get()),
            taken: 0,
            kept: 0,
            window: VecDeque::new(),
        }
    }
}

async fn run<I, F, Fut>(
    items: I,
    limit: NonZeroUsize,
    call: F,
    stop: impl Future<Output = ()>,
    mut seen: impl FnMut(&Fut::Output),
) -> Vec<Fut::Output>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    let mut reorder = Reorder::with_capacity(items.size_hint().0);
    let mut engine = Engine::new(items, limit.get(), call);
    let mut stop = pin!(stop);
    let mut stopped = false;
    poll_fn(|cx| {
        if !stopped && stop.as_mut().poll(cx).is_ready() {
            stopped = true;
            engine.stop();
        }
        engine.drive(cx, usize::MAX, |index, outcome| {
            seen(&outcome);
            reorder.put(index, outcome);
            usize::MAX
        })
    })
    .await;
    reorder.into_vec()
}

/// Outcomes that come in any order and leave in the order of the items.
struct Reorder<R> {
    /// The outcomes without a gap.
    front: Vec<R>,
    /// What comes after the first gap.
    ahead: VecDeque<Option<R>>,
}

impl<R> Reorder<R> {
    fn with_capacity(items: usize) -> Self {
        Self {
            front: Vec::with_capacity(items),
            ahead: VecDeque::new(),
        }
    }

    fn put(&mut self, index: usize, outcome: R) {
        let place = index - self.front.len();
        if place == 0 && self.ahead.is_empty() {
            self.front.push(outcome);
            return;
        }
        if self.ahead.len() <= place {
            self.ahead.resize_with(place + 1, || None);
        }
        self.ahead[place] = Some(outcome);
        while let Some(Some(_)) = self.ahead.front() {
            self.front.extend(self.ahead.pop_front().flatten());
        }
    }

    fn into_vec(self) -> Vec<R> {
        self.front
    }
}

/// See [`batch_map_stream`].
struct AsCompleted<I: Iterator, F, Fut: Future> {
    engine: Engine<I, F, Fut>,
    limit: usize,
    done: VecDeque<(usize, Fut::Output)>,
}

// Nothing in it is pinned in place: the engine keeps its futures in boxes.
impl<I: Iterator, F, Fut: Future> Unpin for AsCompleted<I, F, Fut> {}

impl<I, F, Fut> Stream for AsCompleted<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    type Item = (usize, Fut::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            engine,
            limit,
            done,
        } = &mut *self;
        // All slots are kept busy before a result is handed out.
        let ended = engine.drive(cx, *limit - done.len().min(*limit), |index, outcome| {
            done.push_back((index, outcome));
            *limit - done.len().min(*limit)
        });
        match done.pop_front() {
            Some(outcome) => Poll::Ready(Some(outcome)),
            None => ended.map(|()| None),
        }
    }
}

/// See [`BatchMap::ordered_stream`].
struct InOrder<I: Iterator, F, Fut: Future> {
    engine: Engine<I, F, Fut>,
    /// The most outcomes kept and futures under way.
    most: usize,
    /// Outcomes handed out.
    taken: usize,
    /// Outcomes in the window.
    kept: usize,
    /// The outcomes from the next in order on.
    window: VecDeque<Option<Fut::Output>>,
}

// Nothing in it is pinned in place: the engine keeps its futures in boxes.
impl<I: Iterator, F, Fut: Future> Unpin for InOrder<I, F, Fut> {}

impl<I, F, Fut> Stream for InOrder<I, F, Fut>
where
    I: Iterator,
    F: FnMut(I::Item) -> Fut,
    Fut: Future,
{
    type Item = Fut::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self {
            engine,
            most,
            taken,
            kept,
            window,
        } = &mut *self;
        let ended = engine.drive(cx, *most - *kept, |index, outcome| {
            let place = index - *taken;
            if window.len() <= place {
                window.resize_with(place + 1, || None);
            }
            window[place] = Some(outcome);
            *kept += 1;
            *most - *kept
        });
        match window.pop_front() {
            Some(Some(outcome)) => {
                *taken += 1;
                *kept -= 1;
                Poll::Ready(Some(outcome))
            }
            Some(None) => {
                window.push_front(None);
                Poll::Pending
            }
            None => ended.map(|()| None),
        }
    }
}
