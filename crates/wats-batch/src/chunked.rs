//! One list, sent in chunks.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, Stream, StreamExt};

use crate::error::panic_message;
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
/// and no other.
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
pub struct ChunkedBatcher<E> {
    config: ChunkConfig,
    retry: Option<Retry<E>>,
    progress: Option<Report>,
}

impl<E> Clone for ChunkedBatcher<E> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            retry: self.retry.clone(),
            progress: self.progress.clone(),
        }
    }
}

impl<E> fmt::Debug for ChunkedBatcher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkedBatcher")
            .field("config", &self.config)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl<E> ChunkedBatcher<E> {
    /// A chunked batcher without retry.
    pub fn new(config: ChunkConfig) -> Self {
        Self {
            config,
            retry: None,
            progress: None,
        }
    }

    /// Tries failed chunks again. A chunk under retry keeps its place among those under way.
    pub fn retry(mut self, retry: Retry<E>) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Calls `report` after each chunk, with the numbers of items.
    pub fn progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// An outcome for every item, in order; a failed chunk gives its error to each of its items and
    /// stops nothing. `call` answers with one value for each item of the chunk.
    #[must_use = "some items may have failed"]
    pub async fn run<T, R, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> Vec<Result<R, ChunkError<E>>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<Vec<R>, E>>,
    {
        let mut chunks = self.by_chunk(items, call).await;
        let mut outcomes = Vec::with_capacity(chunks.last().map_or(0, |last| last.items.end));
        for done in chunks.drain(..) {
            match done
                .result
                .and_then(|values| counted(done.chunk, &done.items, values))
            {
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
    pub async fn try_run<T, R, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> Result<Vec<R>, ChunkError<E>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<Vec<R>, E>>,
    {
        let chunks = self.collect(items, call, counted).await?;
        Ok(chunks.into_iter().flatten().collect())
    }

    /// One outcome for each chunk, in order. `call` may answer a chunk with anything: a sum, or
    /// fewer values than items.
    #[must_use = "some chunks may have failed"]
    pub async fn run_chunks<T, C, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> Vec<Result<C, ChunkError<E>>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        self.by_chunk(items, call)
            .await
            .into_iter()
            .map(|done| done.result)
            .collect()
    }

    /// One answer for each chunk, in order, or the first error; see [`try_run`](Self::try_run) and
    /// [`run_chunks`](Self::run_chunks).
    ///
    /// # Errors
    /// The error of the first chunk to fail.
    pub async fn try_chunks<T, C, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> Result<Vec<C>, ChunkError<E>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        self.collect(items, call, |_, _, answer| Ok(answer)).await
    }

    /// The chunks as they end. At most `max_concurrent` are under way or waiting to be taken.
    pub fn stream<T, C, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> impl Stream<Item = ChunkDone<C, E>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let items = items.into_iter();
        let mut reporter = Reporter::new(&items, self.progress.clone());
        let chunks = Chunks {
            items,
            size: self.config.chunk_size.get(),
            next: 0,
            start: 0,
        };
        let retry = self.retry.clone();
        let call = Arc::new(call);
        let calls = batch_map_stream(chunks, self.config.max_concurrent, move |chunk| {
            one(chunk, Arc::clone(&call), retry.clone())
        });
        calls.map(move |(_, done)| {
            let failed = if done.result.is_err() {
                done.items.len()
            } else {
                0
            };
            reporter.seen_many(done.items.len(), failed);
            done
        })
    }

    async fn by_chunk<T, C, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
    ) -> Vec<ChunkDone<C, E>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let mut chunks: Vec<_> = self.stream(items, call).collect().await;
        chunks.sort_unstable_by_key(|done| done.chunk);
        chunks
    }

    async fn collect<T, C, F, Fut>(
        &self,
        items: impl IntoIterator<Item = T>,
        call: F,
        check: impl Fn(usize, &Range<usize>, C) -> Result<C, ChunkError<E>>,
    ) -> Result<Vec<C>, ChunkError<E>>
    where
        T: Clone,
        F: Fn(Vec<T>) -> Fut,
        Fut: Future<Output = Result<C, E>>,
    {
        let mut answers = Vec::new();
        let mut stream = std::pin::pin!(self.stream(items, call));
        while let Some(done) = stream.next().await {
            let answer = done
                .result
                .and_then(|answer| check(done.chunk, &done.items, answer))?;
            answers.push((done.chunk, answer));
        }
        answers.sort_unstable_by_key(|(chunk, _)| *chunk);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }
}

fn counted<R, E>(
    chunk: usize,
    items: &Range<usize>,
    values: Vec<R>,
) -> Result<Vec<R>, ChunkError<E>> {
    let (expected, actual) = (items.len(), values.len());
    if expected == actual {
        Ok(values)
    } else {
        Err(ChunkError::WrongCount {
            chunk,
            expected,
            actual,
        })
    }
}

/// A chunk and its tries.
async fn one<T, C, E, F, Fut>(
    chunk: Chunk<T>,
    call: Arc<F>,
    retry: Option<Retry<E>>,
) -> ChunkDone<C, E>
where
    T: Clone,
    F: Fn(Vec<T>) -> Fut,
    Fut: Future<Output = Result<C, E>>,
{
    let Chunk {
        number: chunk,
        items,
        content,
    } = chunk;
    let mut content = Some(content);
    let mut attempt = 1;
    let result = loop {
        // The list is only cloned where another try may need it.
        let keep = retry
            .as_ref()
            .is_some_and(|retry| retry.may_follow(attempt));
        let Some(now) = (if keep {
            content.clone()
        } else {
            content.take()
        }) else {
            break Err(ChunkError::WrongCount {
                chunk,
                expected: items.len(),
                actual: 0,
            });
        };
        match AssertUnwindSafe(async { call(now).await })
            .catch_unwind()
            .await
        {
            Ok(Ok(answer)) => break Ok(answer),
            Ok(Err(error)) => match &retry {
                Some(retry) if retry.again(attempt, &error) => retry.pause(attempt).await,
                _ => {
                    let source = Arc::new(error);
                    break Err(ChunkError::Failed {
                        chunk,
                        attempts: attempt,
                        source,
                    });
                }
            },
            Err(payload) => {
                break Err(ChunkError::Panicked {
                    chunk,
                    message: panic_message(&*payload),
                });
            }
        }
        attempt += 1;
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
struct Chunks<I> {
    items: I,
    size: usize,
    next: usize,
    start: usize,
}

impl<I: Iterator> Iterator for Chunks<I> {
    type Item = Chunk<I::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let content: Vec<_> = self.items.by_ref().take(self.size).collect();
        if content.is_empty() {
            return None;
        }
        let items = self.start..self.start + content.len();
        let number = self.next;
        self.next += 1;
        self.start = items.end;
        Some(Chunk {
            number,
            items,
            content,
        })
    }
}
