//! One list, sent in chunks.

use std::fmt;
use std::future::Future;
use std::iter::Fuse;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, Stream, StreamExt};

use crate::config::refuse_zero;
use crate::error::panic_message;
use crate::map::{AsCompleted, capacity};
use crate::progress::{Report, Reporter};
use crate::{BatchError, BatchProgress, ChunkError, ConfigError, Retry};

/// How a list is cut and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkConfig {
    /// Items of a chunk; the last may be smaller. 100.
    pub chunk_size: usize,
    /// Chunks under way at a time. 5.
    pub max_concurrent: usize,
}

impl Default for ChunkConfig {
    fn default() -> Self {
        Self {
            chunk_size: 100,
            max_concurrent: 5,
        }
    }
}

impl ChunkConfig {
    /// Sets the items of a chunk.
    pub fn chunk_size(mut self, items: usize) -> Self {
        self.chunk_size = items;
        self
    }

    /// Sets the chunks under way at a time.
    pub fn max_concurrent(mut self, chunks: usize) -> Self {
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

/// A retry, and how to copy the items of a chunk.
type Resend<T, E> = (Retry<E>, fn(&T) -> T);

/// Sends one list in chunks, some at a time.
///
/// The calls run inside the calling task: dropping the future ends them. A panic fails its chunk
/// and no other. With a [`retry`](Self::retry) the items must be `Clone`.
///
/// ```
/// use wats_batch::{ChunkConfig, ChunkedBatcher};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let chunked = ChunkedBatcher::new(ChunkConfig::default().chunk_size(20)).unwrap();
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
pub struct ChunkedBatcher<T, E> {
    config: ChunkConfig,
    retry: Option<Resend<T, E>>,
    progress: Option<Report>,
}

impl<T, E> Clone for ChunkedBatcher<T, E> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            retry: self.retry.clone(),
            progress: self.progress.clone(),
        }
    }
}

impl<T, E> fmt::Debug for ChunkedBatcher<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedBatcher")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<T, E> ChunkedBatcher<T, E> {
    /// A chunked batcher without retry.
    ///
    /// # Errors
    /// [`ConfigError`] if an option is 0.
    pub fn new(config: ChunkConfig) -> Result<Self, ConfigError> {
        refuse_zero([
            ("chunk_size", config.chunk_size),
            ("max_concurrent", config.max_concurrent),
        ])?;
        Ok(Self {
            config,
            retry: None,
            progress: None,
        })
    }

    /// Sends failed chunks again. A chunk under retry keeps its place among those under way.
    pub fn retry(mut self, retry: Retry<E>) -> Self
    where
        T: Clone,
    {
        self.retry = Some((retry, T::clone));
        self
    }

    /// Calls `report` after each chunk, with the numbers of items.
    pub fn progress(mut self, report: impl Fn(BatchProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// An outcome for every item, in order; a failed chunk gives its error to each of its items and
    /// stops nothing. `call` answers with one value for each item of the chunk.
    #[must_use = "some items may have failed"]
    pub async fn run<I, V, F, Fut>(&self, items: I, call: F) -> Vec<Result<V, ChunkError<E>>>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<Vec<V>, E>>,
    {
        let chunks = in_order(self.checked(items, call, |values| Some(values.len()))).await;
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
    ) -> impl Future<Output = Result<Vec<V>, ChunkError<E>>> + use<T, E, I, V, F, Fut>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<Vec<V>, E>>,
    {
        let chunks = all_or_first_error(self.checked(items, call, |values| Some(values.len())));
        async { Ok(chunks.await?.into_iter().flatten().collect()) }
    }

    /// One outcome for each chunk, in order. `call` may answer a chunk with anything: a sum, or
    /// fewer values than items.
    #[must_use = "some chunks may have failed"]
    pub async fn run_chunks<I, C, F, Fut>(&self, items: I, call: F) -> Vec<Result<C, ChunkError<E>>>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
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
    ) -> impl Future<Output = Result<Vec<C>, ChunkError<E>>> + use<T, E, I, C, F, Fut>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        all_or_first_error(self.stream(items, call))
    }

    /// The chunks as they end. At most `max_concurrent` are under way or waiting to be taken.
    pub fn stream<I, C, F, Fut>(
        &self,
        items: I,
        call: F,
    ) -> impl Stream<Item = ChunkDone<C, E>> + use<T, E, I, C, F, Fut>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        self.checked(items, call, |_| None)
    }

    /// The chunks as they end. `answers` counts the values of an answer where there must be one for
    /// each item. What is wrong with a chunk is found here and nowhere else, so progress, stream and
    /// outcomes agree.
    fn checked<I, C, F, Fut>(
        &self,
        items: I,
        call: F,
        answers: fn(&C) -> Option<usize>,
    ) -> impl Stream<Item = ChunkDone<C, E>> + use<T, E, I, C, F, Fut>
    where
        I: IntoIterator<Item = T>,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let items = items.into_iter();
        let mut reporter = Reporter::new(&items, self.progress.clone());
        let chunks = Chunks {
            items: items.fuse(),
            size: self.config.chunk_size,
            content: Vec::new(),
            number: 0,
            start: 0,
        };
        let retry = self.retry.clone();
        let call = Arc::new(call);
        let one = move |chunk| one(chunk, Arc::clone(&call), retry.clone(), answers);
        let seen = move |done: &ChunkDone<C, E>| {
            let items = done.items.len();
            reporter.seen_many(items, if done.result.is_err() { items } else { 0 });
        };
        AsCompleted::new(chunks, self.config.max_concurrent, one, seen).map(|(_, done)| done)
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

/// A chunk and its attempts.
async fn one<T, C, E, F: Fn(Vec<T>) -> Fut, Fut: Future<Output = Result<C, E>>>(
    chunk: Chunk<T>,
    call: Arc<F>,
    retry: Option<Resend<T, E>>,
    answers: fn(&C) -> Option<usize>,
) -> ChunkDone<C, E> {
    let Chunk {
        number: chunk,
        items,
        content,
    } = chunk;
    let expected = items.len();
    let mut attempts = 1;
    // The caller's code: `call`, the `Clone` of the items, and the retry's predicate.
    let last = AssertUnwindSafe(async {
        let mut content = content;
        loop {
            let again = retry
                .as_ref()
                .filter(|(retry, _)| retry.may_follow(attempts));
            let copy = again.map(|(retry, copy)| (retry, content.iter().map(copy).collect()));
            match (call(content).await, copy) {
                (Err(error), Some((retry, copy))) if retry.again(attempts, &error) => {
                    retry.pause(attempts).await;
                    content = copy;
                    attempts += 1;
                }
                (answer, _) => return answer,
            }
        }
    });
    let answer = match last.catch_unwind().await {
        Ok(Ok(answer)) => match answers(&answer) {
            Some(actual) if actual != expected => Err(BatchError::WrongCount { expected, actual }),
            _ => Ok(answer),
        },
        Ok(Err(error)) => Err(BatchError::Bulk(Arc::new(error))),
        Err(payload) => Err(BatchError::Panicked(panic_message(&*payload))),
    };
    let result = answer.map_err(|error| ChunkError {
        chunk,
        attempts,
        error,
    });
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
