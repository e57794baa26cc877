//! What can go wrong for one item. Small and cloneable: a failure of a whole bulk call is shared by
//! all its callers through an `Arc`, so the caller's error type needs no `Clone`.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// An option is 0 where that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("`{option}` must not be 0")]
#[non_exhaustive]
pub struct ConfigError {
    /// The name of the option.
    pub option: &'static str,
}

/// What the caller of an item gets.
pub(crate) type Answer<R, E> = Result<R, BatchError<E>>;

/// Why an item has no result.
///
/// Each variant says whether the item reached the bulk function, so a caller knows whether asking
/// again can do a thing twice.
///
/// Prints what happened to the item; in the alternate form (`{:#}`) the caller's own error follows, in
/// its alternate form, which for the errors of this project and others has the causes. Everything
/// that walks along [`source`](std::error::Error::source) finds them in any case.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchError<E> {
    /// The bulk call answered this item with an error.
    Item(#[source] Arc<E>),
    /// The bulk call failed as a whole; every item of the batch has this same error.
    Bulk(#[source] Arc<E>),
    /// The bulk function panicked; the message is kept. Other batches are not affected.
    Panicked(Arc<str>),
    /// The bulk function broke its contract of one answer an item, so no answer can be trusted.
    WrongCount {
        /// Items sent.
        expected: usize,
        /// Answers received.
        actual: usize,
    },
    /// The keyed answer has no entry for this item's key.
    Missing,
    /// The batcher was closed before the item was sent.
    Closed,
    /// The item was sent, or its bulk call was about to begin, but the batcher was closed, or its runtime
    /// shut down, before the answer came. Whether the call took effect, or still will, is not known.
    Interrupted,
    /// There is no tokio runtime (any more) to send the item from; it was not sent.
    NoRuntime,
}

impl<E: fmt::Display> fmt::Display for BatchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(_) => f.write_str("the bulk call refused the item")?,
            Self::Bulk(_) => f.write_str("the bulk call failed")?,
            Self::Panicked(message) => write!(f, "the bulk function panicked: {message}")?,
            Self::WrongCount { expected, actual } => write!(
                f,
                "the bulk function gave {actual} answers for {expected} items; return one for each"
            )?,
            Self::Missing => {
                f.write_str("the bulk call's answer has no entry for the item's key")?;
            }
            Self::Closed => f.write_str("the batcher is closed; the item was not sent")?,
            Self::Interrupted => f.write_str(
                "the bulk call was cut off after the item was sent; its outcome is unknown",
            )?,
            Self::NoRuntime => {
                f.write_str("no tokio runtime to run the batch on; the item was not sent")?;
            }
        }
        match self.inner() {
            Some(error) if f.alternate() => write!(f, ": {error:#}"),
            _ => Ok(()),
        }
    }
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

/// Why a chunk of a [`ChunkedBatcher`](crate::ChunkedBatcher), or an item of it, has no result. Prints as
/// [`BatchError`] does: the caller's own error follows in the alternate form.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChunkError<E> {
    /// Which chunk, from 0.
    pub chunk: usize,
    /// How often it was sent.
    pub attempts: u32,
    /// What went wrong: [`Bulk`](BatchError::Bulk), [`Panicked`](BatchError::Panicked) or
    /// [`WrongCount`](BatchError::WrongCount).
    pub error: BatchError<E>,
}

impl<E: fmt::Display> fmt::Display for ChunkError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chunk {}, attempt {}: ", self.chunk, self.attempts)?;
        self.error.fmt(f)
    }
}

impl<E: std::error::Error + 'static> std::error::Error for ChunkError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl<E> ChunkError<E> {
    /// The caller's own error, where the function gave one.
    pub fn inner(&self) -> Option<&E> {
        self.error.inner()
    }
}

impl<E> Clone for ChunkError<E> {
    fn clone(&self) -> Self {
        Self {
            error: self.error.clone(),
            ..*self
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("503 from the server")]
    struct Unavailable(#[source] std::fmt::Error);

    /// Prints its cause in the alternate form, as the errors of the transport do.
    #[derive(Debug)]
    struct Long;

    impl fmt::Display for Long {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(if f.alternate() {
                "no answer: timed out"
            } else {
                "no answer"
            })
        }
    }

    #[test]
    fn the_alternate_form_has_the_cause_and_the_plain_one_leaves_it_to_the_chain() {
        let bulk = BatchError::Bulk(Arc::new(Unavailable(fmt::Error)));
        assert_eq!(bulk.to_string(), "the bulk call failed");
        assert_eq!(
            format!("{bulk:#}"),
            "the bulk call failed: 503 from the server"
        );
        let mut chain = Vec::new();
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&bulk);
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        assert_eq!(chain[..2], ["the bulk call failed", "503 from the server"]);
        assert_eq!(chain.len(), 3);

        assert_eq!(
            format!("{:#}", BatchError::Item(Arc::new(Long))),
            "the bulk call refused the item: no answer: timed out"
        );
        let chunk = ChunkError {
            chunk: 2,
            attempts: 1,
            error: BatchError::Bulk(Arc::new(Long)),
        };
        assert_eq!(
            format!("{chunk} | {chunk:#}"),
            "chunk 2, attempt 1: the bulk call failed | \
             chunk 2, attempt 1: the bulk call failed: no answer: timed out"
        );
        assert_eq!(
            format!("{:#}", BatchError::<Long>::Closed),
            "the batcher is closed; the item was not sent"
        );
    }
}
