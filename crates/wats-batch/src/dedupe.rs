//! Items with one key share one place in the queue and one answer, for as long as that item waits or
//! is in flight. The item belongs to all who wait for it: the first to ask may go away without harm,
//! and only when the last has gone is it cancelled.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use futures_util::FutureExt;
use futures_util::future::{Shared as SharedFuture, WeakShared};

use crate::TryAddError;
use crate::add::Ticket;
use crate::core::AddOptions;
use crate::entry::{Answer, Dedupe, State, WhenFull};
use crate::list::Index;
use crate::shared::Shared;
use crate::sync::Lock;

type Flight<R, E> = SharedFuture<Answer<R, E>>;
type WeakFlight<R, E> = WeakShared<Answer<R, E>>;

pub(crate) struct ByKey<K, F, R, E> {
    key_of: F,
    flights: Arc<Flights<K, R, E>>,
    last_id: AtomicU32,
    joined: AtomicU64,
}

/// The keys under way. An entry is removed by its flight when it ends, however it ends.
type Flights<K, R, E> = Lock<HashMap<K, Entry<R, E>>>;

struct Entry<R, E> {
    /// Tells one flight from the next.
    id: u32,
    index: Index,
    flight: WeakFlight<R, E>,
}

impl<K, F, R, E> ByKey<K, F, R, E> {
    pub(crate) fn new(key_of: F) -> Self {
        Self {
            key_of,
            flights: Arc::default(),
            last_id: AtomicU32::new(0),
            joined: AtomicU64::new(0),
        }
    }
}

impl<T, K, F, R, E> Dedupe<Shared<T, R, E>, T, R, E> for ByKey<K, F, R, E>
where
    T: Send + 'static,
    K: Clone + Eq + Hash + Send + 'static,
    F: Fn(&T) -> K + Send + Sync,
    R: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn join(
        &self,
        batcher: &Arc<Shared<T, R, E>>,
        item: T,
        options: AddOptions,
        when_full: WhenFull,
    ) -> Result<Answer<R, E>, TryAddError<T>> {
        let key = (self.key_of)(&item);
        // Declared before the guard: the last hold on a flight must not be let go under the lock.
        let known;
        let mut flights = self.flights.lock();
        let entry = flights.get(&key);
        known = entry.and_then(|entry| Some((entry.flight.upgrade()?, entry.index, entry.id)));
        if let Some((flight, index, id)) = &known
            // One that was answered long ago, and not looked at since, is not in flight.
            && batcher.core.lock().is_open(*index, *id)
        {
            self.joined.fetch_add(1, Ordering::Relaxed);
            return Ok(flight.clone().boxed());
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let options = AddOptions {
            flight: id,
            ..options
        };
        let (entry, effects) = batcher.enter(item, None, options, when_full)?;
        let ticket = Ticket::of(Arc::clone(batcher), State::Waiting(entry));
        let removal = Removal {
            flights: Arc::clone(&self.flights),
            key: key.clone(),
            id,
        };
        let flight: Flight<R, E> = async move {
            let answer = ticket.await;
            drop(removal);
            answer
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(
                key,
                Entry {
                    id,
                    index: entry.index,
                    flight: weak,
                },
            );
        }
        drop(flights);
        batcher.act(effects);
        Ok(flight.boxed())
    }

    fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    fn capacity(&self) -> usize {
        self.flights.lock().capacity()
    }
}

/// Takes a flight out of the map when it ends.
struct Removal<K: Eq + Hash, R, E> {
    flights: Arc<Flights<K, R, E>>,
    key: K,
    id: u32,
}

impl<K: Eq + Hash, R, E> Drop for Removal<K, R, E> {
    fn drop(&mut self) {
        // Declared before the guard: dropping a key is foreign code.
        let _removed;
        let mut flights = self.flights.lock();
        // A later flight of the same key may have taken the place.
        if flights
            .get(&self.key)
            .is_some_and(|entry| entry.id == self.id)
        {
            _removed = flights.remove_entry(&self.key);
        }
    }
}
