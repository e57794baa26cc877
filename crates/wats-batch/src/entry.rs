//! What a caller and the batcher know of one entry: how the item may enter, what the caller holds of
//! it, and how far it has come.

use std::num::NonZeroU64;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::Answer;
use crate::runtime::Runtime;
use crate::{Priority, TryAddError};

/// The slot of an entry in the queue. Its number is used anew once the caller has its answer.
pub(crate) type Index = usize;

/// The number of a runtime in the queue, for as long as something of it is under way.
pub(crate) type SiteId = u32;

/// An ordering key: a hash, so that comparing keys runs no foreign code. Two keys with one hash are
/// merely kept in order with each other.
pub(crate) type Key = NonZeroU64;

/// How an item enters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AddOptions {
    pub(crate) priority: Priority,
    pub(crate) key: Option<Key>,
}

/// Whether an item may wait for room in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    Wait,
    Reject,
}

/// What a caller holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryId {
    pub(crate) index: Index,
    /// Which entry it is, of all that ever came.
    pub(crate) nth: u64,
    /// The runtime that asked for it last.
    pub(crate) runtime: Runtime,
}

/// An answer to come, of which several callers wait.
pub(crate) type SharedAnswer<R, E> = BoxFuture<'static, Answer<R, E>>;

/// How far an [`Add`](crate::Add) has come.
pub(crate) enum State<T, R, E> {
    New(T, Priority),
    Waiting(EntryId),
    /// Waits together with others for one item.
    Joined(SharedAnswer<R, E>),
    Refused,
    Ended,
}

/// The de-duplication of a batcher `B`, its key type forgotten.
pub(crate) trait Dedupe<B, T, R, E>: Send + Sync {
    /// Joins the item with the same key, or enters the queue with this one.
    fn join(
        &self,
        batcher: &Arc<B>,
        item: T,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<SharedAnswer<R, E>, TryAddError<T>>;

    /// How many have joined another's item.
    fn joined(&self) -> u64;

    /// Room for how many keys the map keeps.
    #[cfg(test)]
    fn capacity(&self) -> usize;
}
