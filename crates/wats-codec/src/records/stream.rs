//! Records from chunks of bytes that arrive over time, as an async stream.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;

use super::decoder::Decoder;
use super::{Framing, RecordProgress};
use crate::{Decode, Error, Result, Serializer};

/// An async stream of the records in a stream of byte chunks, such as a response body.
///
/// The rules are those of [`RecordReader`](super::RecordReader): memory is bounded by one record
/// and one chunk. Bound to no runtime. Cancelling between polls loses nothing.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use wats_codec::{Framing, RecordStream, Serializer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let chunks = stream::iter(["{\"n\":1}\n{\"n", "\":2}\n"].map(Ok::<_, std::io::Error>));
/// let records = RecordStream::<_, serde_json::Value>::new(
///     Serializer::default(),
///     Framing::Lines,
///     chunks,
/// );
/// let numbers = records.map(|record| record.unwrap()["n"].as_u64().unwrap());
/// assert_eq!(numbers.collect::<Vec<_>>().await, [1, 2]);
/// # }
/// ```
#[derive(Debug)]
pub struct RecordStream<S, T> {
    chunks: S,
    decoder: Decoder,
    value: PhantomData<fn() -> T>,
}

impl<S, T> RecordStream<S, T> {
    /// Reads records from `chunks`; limits are those of `serializer`, per record.
    pub fn new(serializer: Serializer, framing: Framing, chunks: S) -> Self {
        Self {
            chunks,
            decoder: Decoder::new(serializer, framing),
            value: PhantomData,
        }
    }

    /// Calls `on_progress` after each record.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(RecordProgress) + Send + 'static) -> Self {
        self.decoder.set_on_progress(Box::new(on_progress));
        self
    }

    /// How far the stream is.
    pub const fn progress(&self) -> RecordProgress {
        self.decoder.progress()
    }
}

impl<S, T, B, E> Stream for RecordStream<S, T>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
    T: Decode,
{
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let found = self.decoder.next();
            if found.is_some() || self.decoder.is_done() {
                return Poll::Ready(found);
            }
            match ready!(Pin::new(&mut self.chunks).poll_next(context)) {
                Some(Ok(chunk)) => self.decoder.push(chunk.as_ref()),
                None => return Poll::Ready(self.decoder.finish()),
                Some(Err(error)) => {
                    let error = Error::Io(std::io::Error::other(error));
                    return Poll::Ready(Some(Err(self.decoder.fail(error))));
                }
            }
        }
    }
}
