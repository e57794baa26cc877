//! What can go wrong for one item. Small and cloneable: a failure of a whole bulk call is shared by
//! all its callers through an `Arc`, so the caller's error type needs no `Clone`.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// Why an item has no result.
///
/// Each variant says whether the item reached the bulk function, so a caller knows whether asking
/// again can do a thing twice.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError<E> {
    /// The bulk call answered this item with an error.
    #[error("the bulk call refused the item")]
    Item(#[source] Arc<E>),
    /// The bulk call failed as a whole; every item of the batch has this same error.
    #[error("the bulk call failed")]
    Bulk(#[source] Arc<E>),
    /// The bulk function panicked; the message is kept. Other batches are not affected.
    #[error("the bulk function panicked: {0}")]
    Panicked(Arc<str>),
    /// The bulk function broke its contract of one answer an item, so no answer can be trusted.
    #[error("the bulk function gave {actual} answers for {expected} items; return one for each")]
    WrongCount {
        /// Items sent.
        expected: usize,
        /// Answers received.
        actual: usize,
    },
    /// The keyed answer has no entry for this item's key.
    #[error("the bulk call's answer has no entry for the item's key")]
    Missing,
    /// The batcher was closed before the item was sent.
    #[error("the batcher is closed; the item was not sent")]
    Closed,
    /// The item was sent, but the batcher was closed, or its runtime shut down, before the answer
    /// came. Whether the call took effect is not known.
    #[error("the bulk call was cut off after the item was sent; its outcome is unknown")]
    Interrupted,
    /// There is no tokio runtime (any more) to send the item from; it was not sent.
    #[error("no tokio runtime to run the batch on; the item was not sent")]
    NoRuntime,
}

impl<E> BatchError<E> {
    /// The caller's own error, where the bulk function gave one.
    pub fn inner(&self) -> Option<&E> {
        match self {
            Self::Item(error) | Self::Bulk(error) => Some(error),
            _ => None,
        }
    }

    /// The caller's own error by value, where the bulk function gave one and no other caller holds
    /// the same.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Item(error) | Self::Bulk(error) => Arc::into_inner(error),
            _ => None,
        }
    }

    /// Whether the item surely never reached the bulk function.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Closed | Self::NoRuntime)
    }
}

// By hand: a derive would ask for `E: Clone`.
impl<E> Clone for BatchError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Item(error) => Self::Item(Arc::clone(error)),
            Self::Bulk(error) => Self::Bulk(Arc::clone(error)),
            Self::Panicked(message) => Self::Panicked(Arc::clone(message)),
            Self::WrongCount { expected, actual } => Self::WrongCount {
                expected: *expected,
                actual: *actual,
            },
            Self::Missing => Self::Missing,
            Self::Closed => Self::Closed,
            Self::Interrupted => Self::Interrupted,
            Self::NoRuntime => Self::NoRuntime,
        }
    }
}

/// Why [`try_add`](crate::RequestBatcher::try_add) did not take the item; the item comes back.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TryAddError<T> {
    /// As many items wait as `max_pending` allows.
    #[error("the batcher's queue is full; try again later or use `add`, which waits for room")]
    Full(T),
    /// The batcher is closed.
    #[error("the batcher is closed")]
    Closed(T),
}

impl<T> TryAddError<T> {
    /// The item that was not taken.
    pub fn into_item(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

// By hand: an item may be secret, and need not be `Debug`.
impl<T> fmt::Debug for TryAddError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

/// Why a chunk of a [`ChunkedBatcher`](crate::ChunkedBatcher), or an item of it, has no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChunkError<E> {
    /// The call for the chunk failed, after the tries it was allowed.
    #[error("the call for chunk {chunk} failed after {attempts} attempt(s)")]
    Failed {
        /// Which chunk, from 0.
        chunk: usize,
        /// How often it was tried.
        attempts: u32,
        /// The caller's error, shared by all items of the chunk.
        #[source]
        source: Arc<E>,
    },
    /// The function panicked; the message is kept. Other chunks are not affected.
    #[error("the function panicked on chunk {chunk}: {message}")]
    Panicked {
        /// Which chunk, from 0.
        chunk: usize,
        /// The panic's message.
        message: Arc<str>,
    },
    /// The function broke its contract of one answer an item.
    #[error("chunk {chunk}: {actual} answers for {expected} items; return one for each")]
    WrongCount {
        /// Which chunk, from 0.
        chunk: usize,
        /// Items in the chunk.
        expected: usize,
        /// Answers received.
        actual: usize,
    },
}

impl<E> ChunkError<E> {
    /// Which chunk, from 0.
    pub fn chunk(&self) -> usize {
        match self {
            Self::Failed { chunk, .. }
            | Self::Panicked { chunk, .. }
            | Self::WrongCount { chunk, .. } => *chunk,
        }
    }

    /// The caller's own error, where the function gave one.
    pub fn inner(&self) -> Option<&E> {
        match self {
            Self::Failed { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The caller's own error by value, where the function gave one and nobody else holds the same.
    pub fn into_inner(self) -> Option<E> {
        match self {
            Self::Failed { source, .. } => Arc::into_inner(source),
            _ => None,
        }
    }
}

impl<E> Clone for ChunkError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed {
                chunk,
                attempts,
                source,
            } => Self::Failed {
                chunk: *chunk,
                attempts: *attempts,
                source: Arc::clone(source),
            },
            Self::Panicked { chunk, message } => Self::Panicked {
                chunk: *chunk,
                message: Arc::clone(message),
            },
            Self::WrongCount {
                chunk,
                expected,
                actual,
            } => Self::WrongCount {
                chunk: *chunk,
                expected: *expected,
                actual: *actual,
            },
        }
    }
}

/// The text of a panic, where it has one.
pub(crate) fn panic_message(payload: &(dyn std::any::Any + Send)) -> Arc<str> {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Arc::from(text.unwrap_or("(no message)"))
}
