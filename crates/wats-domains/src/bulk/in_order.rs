//! Calls of one key are made one after the other, whichever tasks make them: submits by the id of the report, saves by the
//! part number.
//!
//! The server overwrites by key. A report that waits for its next attempt must not come behind a newer one of its id, which
//! it would undo.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// The keys whose calls are being made, or wait to be: as many as calls are under way.
#[derive(Debug, Default)]
pub(crate) struct InOrder<K: Eq + Hash = Uuid> {
    queues: Mutex<HashMap<K, Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Fair: it is given to those who wait in the order in which they came.
    permit: Arc<tokio::sync::Mutex<()>>,
    /// Those who have it or wait for it; the last one to leave removes the queue.
    users: usize,
}

/// Keeps the queue of a key, until it is dropped.
#[derive(Debug)]
struct QueueGuard<'a, K: Eq + Hash> {
    order: &'a InOrder<K>,
    key: K,
}

/// The permit to make the call of a key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a, K: Eq + Hash> {
    // The permit is given back before the queue is left.
    _permit: OwnedMutexGuard<()>,
    _queue: QueueGuard<'a, K>,
}

impl<K: Clone + Eq + Hash> InOrder<K> {
    /// Waits until those that came before with this key are done. A place in the queue is taken with the first poll, and
    /// given up when the future is dropped.
    pub(crate) async fn acquire(&self, key: K) -> Permit<'_, K> {
        let permit = {
            let mut queues = self.queues();
            let queue = queues.entry(key.clone()).or_default();
            queue.users += 1;
            Arc::clone(&queue.permit)
        };
        let guard = QueueGuard { order: self, key };
        Permit {
            _permit: permit.lock_owned().await,
            _queue: guard,
        }
    }
}

impl<K: Eq + Hash> InOrder<K> {
    fn queues(&self) -> MutexGuard<'_, HashMap<K, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for QueueGuard<'_, K> {
    fn drop(&mut self) {
        let mut queues = self.order.queues();
        if let Some(queue) = queues.get_mut(&self.key) {
            queue.users -= 1;
            if queue.users == 0 {
                queues.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn one_at_a_time_in_the_order_in_which_they_came_and_nothing_stays() {
        let order = InOrder::default();
        let id = Uuid::from_u128(1);
        let cx = &mut Context::from_waker(Waker::noop());
        let ready = |poll| match poll {
            Poll::Ready(permit) => Some(permit),
            Poll::Pending => None,
        };
        let first = ready(pin!(order.acquire(id)).poll(cx)).unwrap();
        let mut second = Box::pin(order.acquire(id));
        let mut third = Box::pin(order.acquire(id));
        let mut fourth = Box::pin(order.acquire(id));
        assert!(second.as_mut().poll(cx).is_pending());
        assert!(third.as_mut().poll(cx).is_pending());
        assert!(fourth.as_mut().poll(cx).is_pending());
        // Another id does not wait, and a cancelled future leaves the queue.
        drop(ready(pin!(order.acquire(Uuid::from_u128(2))).poll(cx)).unwrap());
        drop(third);
        drop(first);
        assert!(fourth.as_mut().poll(cx).is_pending());
        let permit = ready(second.as_mut().poll(cx)).unwrap();
        assert!(fourth.as_mut().poll(cx).is_pending());
        drop(permit);
        assert_eq!(order.queues().len(), 1);
        drop(ready(fourth.as_mut().poll(cx)).unwrap());
        assert_eq!(order.queues().len(), 0);
    }
}
