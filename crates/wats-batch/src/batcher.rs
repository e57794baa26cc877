//! The handle users hold.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::entry::WhenFull;
use crate::shared::Shared;
use crate::{Add, BatchError, BatchStats, Priority, Ticket, TryAddError};

/// Gathers single items into bulk calls and gives every caller its own outcome.
///
/// Cheap to clone; all clones are one batcher. It starts by itself with the first item, keeps no
/// task alive while idle, and when the last clone is dropped what waits is still sent.
///
/// - Every caller gets exactly one outcome, whatever happens: see [`BatchError`](crate::BatchError).
/// - No item is sent twice, unless a retry was asked for.
/// - An item whose caller went away before it was sent is not sent.
/// - The bulk function runs in a task of its own. If it panics, that batch fails and no other.
///
/// It needs a tokio runtime; it may be made before there is one, and used from several: an item is sent by
/// the runtime that added it, or by another that asks, should that one have ended or not be driven. Without
/// time enabled a runtime has no windows.
///
/// Within its own bulk function an [`add`](Self::add) waits for another slot, and for ever if all of them
/// hold calls that do so; [`close`](Self::close) waits there for itself.
///
/// ```
/// use wats_batch::{BatchConfig, RequestBatcher};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// // All or nothing: one result for the whole call.
/// let batcher = RequestBatcher::new(BatchConfig::default(), |ids: Vec<u64>| async move {
///     if ids.contains(&13) { Err("bad luck") } else { Ok(ids) }
/// }).unwrap();
/// assert_eq!(batcher.add(12).await.unwrap(), 12);
/// let (a, b) = tokio::join!(batcher.add(13), batcher.add(14));
/// assert_eq!(a.unwrap_err().inner(), Some(&"bad luck"));
/// assert_eq!(b.unwrap_err().inner(), Some(&"bad luck"));
/// # }
/// ```
pub struct RequestBatcher<T, R, E> {
    handle: Arc<Handle<T, R, E>>,
}

/// What the clones share. Tickets hold the inside only, so that dropping the last clone is noticed.
struct Handle<T, R, E> {
    shared: Arc<Shared<T, R, E>>,
}

impl<T, R, E> Drop for Handle<T, R, E> {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<T, R, E> Clone for RequestBatcher<T, R, E> {
    fn clone(&self) -> Self {
        Self {
            handle: Arc::clone(&self.handle),
        }
    }
}

impl<T, R, E> fmt::Debug for RequestBatcher<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBatcher")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl<T, R, E> RequestBatcher<T, R, E> {
    pub(crate) fn from_shared(shared: Arc<Shared<T, R, E>>) -> Self {
        Self {
            handle: Arc::new(Handle { shared }),
        }
    }

    fn shared(&self) -> &Arc<Shared<T, R, E>> {
        &self.handle.shared
    }

    /// Adds an item and waits for its answer. While the queue is full it waits for room.
    ///
    /// Dropping the future before the item was sent cancels the item.
    pub fn add(&self, item: T) -> Add<'_, T, R, E> {
        self.add_with(item, Priority::Normal)
    }

    /// Adds an item that is to be sent before, or after, others.
    pub fn add_with(&self, item: T, priority: Priority) -> Add<'_, T, R, E> {
        Add::new(self.shared(), item, priority)
    }

    /// Adds many items at once and waits for all answers, in the order of the items.
    pub fn add_many<I: IntoIterator<Item = T>>(
        &self,
        items: I,
    ) -> impl Future<Output = Vec<Result<R, BatchError<E>>>> + use<'_, I, T, R, E> {
        let mut adds: Vec<_> = items.into_iter().map(|item| self.add(item)).collect();
        async move {
            // All enter before any is waited for, so that they share batches.
            poll_fn(|cx| {
                for add in &mut adds {
                    add.enter(cx.waker());
                }
                Poll::Ready(())
            })
            .await;
            let mut answers = Vec::with_capacity(adds.len());
            for add in adds {
                answers.push(add.await);
            }
            answers
        }
    }

    /// Adds an item now, if there is room for it. The ticket is a future that stands on its own;
    /// the item is in the queue whether or not it is polled, and leaves it when the ticket is
    /// dropped.
    ///
    /// # Errors
    /// [`TryAddError::Full`] and [`TryAddError::Closed`], both with the item.
    pub fn try_add(&self, item: T) -> Result<Ticket<T, R, E>, TryAddError<T>> {
        self.try_add_with(item, Priority::Normal)
    }

    /// As [`try_add`](Self::try_add), with a priority.
    ///
    /// # Errors
    /// [`TryAddError::Full`] and [`TryAddError::Closed`], both with the item.
    pub fn try_add_with(
        &self,
        item: T,
        priority: Priority,
    ) -> Result<Ticket<T, R, E>, TryAddError<T>> {
        Ticket::enter_now(Arc::clone(self.shared()), item, priority, WhenFull::Reject)
    }

    /// Sends what waits now without waiting for size or time, under any policy, and says how many
    /// items that is; those that wait for room are among them. It does not wait for the answers.
    pub fn flush(&self) -> usize {
        self.shared().flush()
    }

    /// Stops the intake, sends at once what waits, and returns when every item was answered. A later
    /// `add` fails with [`BatchError::Closed`](crate::BatchError::Closed).
    pub async fn close(&self) {
        self.shared().close();
        self.shared().until_idle().await;
    }

    /// As [`close`](Self::close), but no longer than `deadline`. Then what was not sent fails with
    /// [`BatchError::Closed`](crate::BatchError::Closed), what was sent with
    /// [`BatchError::Interrupted`](crate::BatchError::Interrupted), and the bulk calls under way
    /// are dropped, at their next `.await` at the latest; one that was about to begin may get that far.
    /// Says how many items of each that were: `(unsent, interrupted)`, both 0 when all were answered.
    pub async fn close_within(&self, deadline: Duration) -> (usize, usize) {
        match tokio::time::timeout(deadline, self.close()).await {
            Ok(()) => (0, 0),
            Err(_) => self.shared().abort(),
        }
    }

    /// Whether the batcher was closed.
    pub fn is_closed(&self) -> bool {
        self.shared().queue.lock().is_closed()
    }

    /// What the batcher has done so far.
    pub fn stats(&self) -> BatchStats {
        self.shared().stats()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::{BatchConfig, Policy};

    #[test]
    fn handles_and_futures_go_everywhere() {
        fn send_and_sync<T: Send + Sync>() {}
        fn send<T: Send>() {}
        send_and_sync::<RequestBatcher<u32, std::cell::Cell<u32>, String>>();
        send::<Add<'_, u32, std::cell::Cell<u32>, String>>();
        send::<Ticket<u32, u32, String>>();
    }

    /// A million keys whose callers go away; one in ten is asked for again.
    #[tokio::test]
    async fn memory_is_flat_over_a_million_keys() {
        let config = BatchConfig::default()
            .policy(Policy::Eager)
            .max_pending(1000);
        let batcher: RequestBatcher<u32, u32, Infallible> = RequestBatcher::builder(config)
            .dedupe_by(|n: &u32| *n)
            .order_by(|n: &u32| *n)
            .build_infallible(|items| async { items })
            .unwrap();
        for first in (0..1_000_000).step_by(500) {
            let keys = first..first + 500;
            let leaves = batcher.add_many(keys.clone());
            let stays = batcher.add_many(keys.clone().step_by(10));
            tokio::select! {
                biased;
                _ = leaves => unreachable!("nothing was sent yet"),
                () = std::future::ready(()) => {}
            }
            let answers = stays.await;
            assert!(
                answers
                    .into_iter()
                    .zip(keys.step_by(10))
                    .all(|(a, key)| a.unwrap() == key)
            );
        }
        let shared = batcher.shared();
        let joined = shared
            .options
            .dedupe
            .as_ref()
            .map(|dedupe| dedupe.capacity())
            .unwrap();
        let (slots, keys) = shared.queue.lock().capacity();
        assert!(
            joined < 5000 && slots < 5000 && keys < 5000,
            "{joined} {slots} {keys}"
        );
        assert_eq!(batcher.stats().items, 1_100_000);
    }
}
