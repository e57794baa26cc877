//! One list, sent in chunks.

use std::fmt;
use std::future::Future;
use std::iter::Fuse;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::{FutureExt, Stream, StreamExt};

use crate::error::panic_message;
use crate::map::capacity;
use crate::progress::{Report, Reporter};
use crate::{ChunkError, Progress, Retry, batch_map_stream, limit};

/// How a list is cut and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkConfig {
    /// Items of a chunk; the last may be smaller. 100.
    pub chunk_size: NonZeroUsize,
    /// Chunks under way at a time. 5.
    pub max_concurrent: NonZeroUsize,
}

impl Default for ChunkConfig {
    fn default() -> Self {
        Self {
            chunk_size: limit::<100>(),
            max_concurrent: limit::<5>(),
        }
    }
}

impl ChunkConfig {
    /// Sets the items of a chunk.
    pub fn chunk_size(mut self, items: NonZeroUsize) -> Self {
        self.chunk_size = items;
        self
    }

    /// Sets the chunks under way at a time.
    pub fn max_concurrent(mut self, chunks: NonZeroUsize) -> Self {
        self.max_concurrent = chunks;
        self
    }
}

/// A chunk that has ended; see [`ChunkedBatcher::stream`].
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "the chunk may have failed"]
pub struct ChunkDone<C, E> {
    /// Which chunk, from 0.
    pub chunk: usize,
    /// The indices of its items.
    pub items: Range<usize>,
    /// What its call gave.
    pub result: Result<C, ChunkError<E>>,
}

/// Sends one list in chunks, some at a time.
///
/// The calls run inside the calling task: dropping the future ends them. A panic fails its chunk
/// and no other. With a [`retry`](Self::retry) the items must be `Clone`.
///
/// ```
/// use wats_batch::{ChunkConfig, ChunkedBatcher, limit};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let chunked = ChunkedBatcher::new(ChunkConfig::default().chunk_size(limit::<20>()));
/// let doubled = chunked
///     .try_run(0..50, |chunk: Vec<u32>| async move {
///         Ok::<Vec<u32>, std::io::Error>(chunk.into_iter().map(|n| n * 2).collect())
///     })
///     .await
///     .unwrap();
/// assert_eq!(doubled.len(), 50);
/// # }
/// ```
#[must_use = "a chunked batcher does nothing before it is run"]
pub struct ChunkedBatcher<E, R = NoRetry> {
    config: ChunkConfig,
    retry: R,
    progress: Option<Report>,
    error: PhantomData<fn() -> E>,
}

impl<E, R: Clone> Clone for ChunkedBatcher<E, R> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            retry: self.retry.clone(),
            progress: self.progress.clone(),
            error: PhantomData,
        }
    }
}

impl<E, R: fmt::Debug> fmt::Debug for ChunkedBatcher<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedBatcher")
            .field("config", &self.config)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Each chunk is sent once; what a [`ChunkedBatcher`] does unless it is given a [`Retry`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoRetry;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::NoRetry {}
    impl<E> Sealed for super::Retry<E> {}
}

/// How chunks of items `T` are sent again: [`NoRetry`], or [`Retry`] where the items are `Clone`.
#[diagnostic::on_unimplemented(
    message = "chunks of `{T}` cannot be sent again",
    note = "a `ChunkedBatcher` with `retry` clones the items of a chunk, so they must be `Clone`"
)]
pub trait Resend<T, E>: Clone + sealed::Sealed {
    /// The retry and a copy of the chunk, where another attempt may follow this one.
    #[doc(hidden)]
    fn copy(&self, attempt: u32, chunk: &[T]) -> Option<(&Retry<E>, Vec<T>)>;
}

impl<T, E> Resend<T, E> for NoRetry {
    fn copy(&self, _: u32, _: &[T]) -> Option<(&Retry<E>, Vec<T>)> {
        None
    }
}

impl<T: Clone, E> Resend<T, E> for Retry<E> {
    fn copy(&self, attempt: u32, chunk: &[T]) -> Option<(&Self, Vec<T>)> {
        self.may_follow(attempt).then(|| (self, chunk.to_vec()))
    }
}

impl<E> ChunkedBatcher<E> {
    /// A chunked batcher without retry.
    pub fn new(config: ChunkConfig) -> Self {
        Self {
            config,
            retry: NoRetry,
            progress: None,
            error: PhantomData,
        }
    }
}

impl<E, R> ChunkedBatcher<E, R> {
    /// Tries failed chunks again. A chunk under retry keeps its place among those under way.
    pub fn retry(self, retry: Retry<E>) -> ChunkedBatcher<E, Retry<E>> {
        ChunkedBatcher {
            config: self.config,
            retry,
            progress: self.progress,
            error: PhantomData,
        }
    }

    /// Calls `report` after each chunk, with the numbers of items.
    pub fn progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// An outcome for every item, in order; a failed chunk gives its error to each of its items and
    /// stops nothing. `call` answers with one value for each item of the chunk.
    #[must_use = "some items may have failed"]
    pub async fn run<I, V, F, Fut>(&self, items: I, call: F) -> Vec<Result<V, ChunkError<E>>>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<Vec<V>, E>>,
    {
        let chunks = in_order(self.judged(items, call, |values| Some(values.len()))).await;
        let items = chunks.last().map_or(0, |last| last.items.end);
        let mut outcomes = Vec::with_capacity(items);
        for done in chunks {
            match done.result {
                Ok(values) => outcomes.extend(values.into_iter().map(Ok)),
                Err(error) => outcomes.extend(done.items.map(|_| Err(error.clone()))),
            }
        }
        outcomes
    }

    /// The values of all items, in order, or the first error; after it no further chunk is started
    /// and those under way are dropped. `call` answers with one value for each item of the chunk.
    ///
    /// # Errors
    /// The error of the first chunk to fail.
    pub fn try_run<I, V, F, Fut>(
        &self,
        items: I,
        call: F,
    ) -> impl Future<Output = Result<Vec<V>, ChunkError<E>>> + use<E, R, I, V, F, Fut>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<Vec<V>, E>>,
    {
        let chunks = all_or_first_error(self.judged(items, call, |values| Some(values.len())));
        async { Ok(chunks.await?.into_iter().flatten().collect()) }
    }

    /// One outcome for each chunk, in order. `call` may answer a chunk with anything: a sum, or
    /// fewer values than items.
    #[must_use = "some chunks may have failed"]
    pub async fn run_chunks<I, C, F, Fut>(&self, items: I, call: F) -> Vec<Result<C, ChunkError<E>>>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let chunks = in_order(self.stream(items, call)).await;
        chunks.into_iter().map(|done| done.result).collect()
    }

    /// One answer for each chunk, in order, or the first error; see [`try_run`](Self::try_run) and
    /// [`run_chunks`](Self::run_chunks).
    ///
    /// # Errors
    /// The error of the first chunk to fail.
    pub fn try_chunks<I, C, F, Fut>(
        &self,
        items: I,
        call: F,
    ) -> impl Future<Output = Result<Vec<C>, ChunkError<E>>> + use<E, R, I, C, F, Fut>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        all_or_first_error(self.stream(items, call))
    }

    /// The chunks as they end. At most `max_concurrent` are under way or waiting to be taken.
    pub fn stream<I, C, F, Fut>(
        &self,
        items: I,
        call: F,
    ) -> impl Stream<Item = ChunkDone<C, E>> + use<E, R, I, C, F, Fut>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        self.judged(items, call, |_| None)
    }

    /// The chunks as they end. `answers` counts the values of an answer where there must be one for
    /// each item. What is wrong with a chunk is found here and nowhere else, so progress, stream and
    /// outcomes agree.
    fn judged<I, C, F, Fut>(
        &self,
        items: I,
        call: F,
        answers: fn(&C) -> Option<usize>,
    ) -> impl Stream<Item = ChunkDone<C, E>> + use<E, R, I, C, F, Fut>
    where
        I: IntoIterator,
        R: Resend<I::Item, E>,
        F: Fn(Vec<I::Item>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let items = items.into_iter();
        let reporter = Reporter::new(&items, self.progress.clone());
        let chunks = Chunks {
            items: items.fuse(),
            size: self.config.chunk_size.get(),
            content: Vec::new(),
            number: 0,
            start: 0,
        };
        let retry = self.retry.clone();
        let call = Arc::new(call);
        let calls = batch_map_stream(chunks, self.config.max_concurrent, move |chunk| {
            one(chunk, Arc::clone(&call), retry.clone(), answers)
        });
        Reported {
            calls,
            reporter,
            held: None,
        }
    }
}

async fn in_order<C, E>(chunks: impl Stream<Item = ChunkDone<C, E>>) -> Vec<ChunkDone<C, E>> {
    let mut chunks: Vec<_> = chunks.collect().await;
    chunks.sort_unstable_by_key(|done| done.chunk);
    chunks
}

async fn all_or_first_error<C, E>(
    chunks: impl Stream<Item = ChunkDone<C, E>>,
) -> Result<Vec<C>, ChunkError<E>> {
    let mut answers = Vec::new();
    let mut chunks = std::pin::pin!(chunks);
    while let Some(done) = chunks.next().await {
        answers.push((done.chunk, done.result?));
    }
    answers.sort_unstable_by_key(|(chunk, _)| *chunk);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// Tells the progress callback of each chunk before the chunk is handed out.
struct Reported<S, C, E> {
    calls: S,
    reporter: Reporter,
    /// A chunk of which the callback is told now. If the callback panics, the next poll gives it.
    held: Option<ChunkDone<C, E>>,
}

// Nothing in it is pinned in place.
impl<S: Unpin, C, E> Unpin for Reported<S, C, E> {}

impl<S, C, E> Stream for Reported<S, C, E>
where
    S: Stream<Item = (usize, ChunkDone<C, E>)> + Unpin,
{
    type Item = ChunkDone<C, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.held.is_none()
            && let Some((_, done)) = ready!(this.calls.poll_next_unpin(cx))
        {
            let items = done.items.len();
            let failed = if done.result.is_err() { items } else { 0 };
            this.held = Some(done);
            this.reporter.seen_many(items, failed);
        }
        Poll::Ready(this.held.take())
    }
}

/// A chunk and its attempts.
async fn one<T, C, E, R, F, Fut>(
    chunk: Chunk<T>,
    call: Arc<F>,
    retry: R,
    answers: fn(&C) -> Option<usize>,
) -> ChunkDone<C, E>
where
    R: Resend<T, E>,
    F: Fn(Vec<T>) -> Fut,
    Fut: Future<Output = Result<C, E>>,
{
    let Chunk {
        number: chunk,
        items,
        content,
    } = chunk;
    let expected = items.len();
    // The caller's code: `call`, the `Clone` of the items, and the retry's predicate.
    let attempts = AssertUnwindSafe(async {
        let (mut content, mut attempt) = (content, 1);
        loop {
            let again = retry.copy(attempt, &content);
            match (call(content).await, again) {
                (Ok(answer), _) => return Ok(answer),
                (Err(error), Some((retry, copy))) if retry.again(attempt, &error) => {
                    retry.pause(attempt).await;
                    content = copy;
                    attempt += 1;
                }
                (Err(error), _) => {
                    return Err(ChunkError::Failed {
                        chunk,
                        attempts: attempt,
                        source: Arc::new(error),
                    });
                }
            }
        }
    });
    let result = match attempts.catch_unwind().await {
        Ok(Ok(answer)) => match answers(&answer) {
            Some(actual) if actual != expected => Err(ChunkError::WrongCount {
                chunk,
                expected,
                actual,
            }),
            _ => Ok(answer),
        },
        Ok(Err(error)) => Err(error),
        Err(payload) => Err(ChunkError::Panicked {
            chunk,
            message: panic_message(&*payload),
        }),
    };
    ChunkDone {
        chunk,
        items,
        result,
    }
}

struct Chunk<T> {
    number: usize,
    items: Range<usize>,
    content: Vec<T>,
}

/// Cuts a list, chunk by chunk as they are asked for.
struct Chunks<I: Iterator> {
    items: Fuse<I>,
    size: usize,
    /// The items of the next chunk so far. They stay if the iterator panics.
    content: Vec<I::Item>,
    number: usize,
    start: usize,
}

impl<I: Iterator> Iterator for Chunks<I> {
    type Item = Chunk<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.content.is_empty() {
            self.content
                .reserve(capacity::<I::Item>(&self.items).min(self.size));
        }
        while self.content.len() < self.size
            && let Some(item) = self.items.next()
        {
            self.content.push(item);
        }
        if self.content.is_empty() {
            return None;
        }
        let content = std::mem::take(&mut self.content);
        let items = self.start..self.start + content.len();
        let number = self.number;
        self.number += 1;
        self.start = items.end;
        Some(Chunk {
            number,
            items,
            content,
        })
    }
}
