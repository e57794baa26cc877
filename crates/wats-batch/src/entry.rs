//! What a caller and the batcher know of one entry: how the item may enter, what the caller holds of
//! it, and how far it has come.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::core::AddOptions;
use crate::intake::BufferId;
use crate::list::Index;
use crate::runtime::Runtime;
use crate::{BatchError, Priority, TryAddError};

/// An answer to come.
pub(crate) type Answer<R, E> = BoxFuture<'static, Result<R, BatchError<E>>>;

/// Whether an item may wait for room in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenFull {
    Wait,
    Reject,
}

/// What a caller holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryId {
    /// The item's number: its slot in the queue, and the cell its answer will be in.
    pub(crate) index: Index,
    /// The buffer it was left in; it may be in the queue by now.
    pub(crate) buffer: Option<BufferId>,
    /// The runtime that asked for it last.
    pub(crate) runtime: Runtime,
}

/// How far an [`Add`](crate::Add) has come.
pub(crate) enum State<T, R, E> {
    New(T, Priority),
    Waiting(EntryId),
    /// Waits together with others for one item.
    Joined(Answer<R, E>),
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
    ) -> Result<Answer<R, E>, TryAddError<T>>;

    /// How many have joined another's item.
    fn joined(&self) -> u64;

    /// Room for how many keys the map keeps.
    #[cfg(test)]
    fn capacity(&self) -> usize;
}
