//! Calls of one key are made one after the other, whichever tasks make them: submits by the id of the report, saves by the
//! part number.
//!
//! The server overwrites by key. A report that waits for its next try must not come behind a newer one of its id, which
//! it would undo.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

/// The keys whose calls are being made, or wait to be: as many as calls are under way.
#[derive(Debug, Default)]
pub(crate) struct InOrder<K: Eq + Hash = Uuid> {
    lanes: Mutex<HashMap<K, Lane>>,
}

#[derive(Debug, Default)]
struct Lane {
    /// Fair: it is given to those who wait in the order in which they came.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Those who have it or wait for it; the last one to leave takes the lane away.
    inside: usize,
}

/// A stay in the lane of a key.
#[derive(Debug)]
struct Stay<'a, K: Eq + Hash> {
    order: &'a InOrder<K>,
    key: K,
}

/// The leave to make the call of a key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a, K: Eq + Hash> {
    // The turn ends before the stay does.
    _turn: OwnedMutexGuard<()>,
    _stay: Stay<'a, K>,
}

impl<K: Clone + Eq + Hash> InOrder<K> {
    /// Waits until those that came before with this key are done. A place in line is taken with the first poll, and given
    /// up when the future is dropped.
    pub(crate) async fn turn(&self, key: K) -> Turn<'_, K> {
        let turn = {
            let mut lanes = self.lanes();
            let lane = lanes.entry(key.clone()).or_default();
            lane.inside += 1;
            Arc::clone(&lane.turn)
        };
        let stay = Stay { order: self, key };
        Turn {
            _turn: turn.lock_owned().await,
            _stay: stay,
        }
    }
}

impl<K: Eq + Hash> InOrder<K> {
    fn lanes(&self) -> MutexGuard<'_, HashMap<K, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Stay<'_, K> {
    fn drop(&mut self) {
        let mut lanes = self.order.lanes();
        if let Some(lane) = lanes.get_mut(&self.key) {
            lane.inside -= 1;
            if lane.inside == 0 {
                lanes.remove(&self.key);
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
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        };
        let first = ready(pin!(order.turn(id)).poll(cx)).unwrap();
        let mut second = Box::pin(order.turn(id));
        let mut third = Box::pin(order.turn(id));
        let mut fourth = Box::pin(order.turn(id));
        assert!(second.as_mut().poll(cx).is_pending());
        assert!(third.as_mut().poll(cx).is_pending());
        assert!(fourth.as_mut().poll(cx).is_pending());
        // Another id does not wait, and who goes away leaves the line.
        drop(ready(pin!(order.turn(Uuid::from_u128(2))).poll(cx)).unwrap());
        drop(third);
        drop(first);
        assert!(fourth.as_mut().poll(cx).is_pending());
        let turn = ready(second.as_mut().poll(cx)).unwrap();
        assert!(fourth.as_mut().poll(cx).is_pending());
        drop(turn);
        assert_eq!(order.lanes().len(), 1);
        drop(ready(fourth.as_mut().poll(cx)).unwrap());
        assert_eq!(order.lanes().len(), 0);
    }
}
