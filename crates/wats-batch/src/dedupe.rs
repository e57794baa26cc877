//! Items with one key share one place in the queue and one answer, for as long as that item waits or
//! is in flight. The item belongs to all who wait for it: the first to ask may go away without harm,
//! and only when the last has gone is it cancelled.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use futures_util::future::{Shared as SharedFuture, WeakShared};

use crate::TryAddError;
use crate::add::Ticket;
use crate::entry::{AddOptions, Dedupe, EntryId, SharedAnswer, State, WhenFull};
use crate::shared::Shared;
use crate::sync::Lock;

pub(crate) struct ByKey<K, F, R, E> {
    key_of: F,
    under_way: Arc<UnderWay<K, R, E>>,
    joined: AtomicU64,
}

/// The keys under way. Each is removed by its answer when that comes, or nobody waits for it any more.
type UnderWay<K, R, E> = Lock<HashMap<K, (EntryId, WeakShared<SharedAnswer<R, E>>)>>;

impl<K, F, R, E> ByKey<K, F, R, E> {
    pub(crate) fn new(key_of: F) -> Self {
        Self {
            key_of,
            under_way: Arc::default(),
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
    ) -> Result<SharedAnswer<R, E>, TryAddError<T>> {
        let key = (self.key_of)(&item);
        // Declared before the guard: the last hold on an answer must not be let go under the lock.
        let known;
        let mut under_way = self.under_way.lock();
        known = under_way
            .get(&key)
            .and_then(|(entry, answer)| Some((*entry, answer.upgrade()?)));
        if let Some((entry, answer)) = &known
            // One that was answered long ago, and not looked at since, is not in flight.
            && batcher.queue.lock().is_open(entry.index, entry.nth)
        {
            self.joined.fetch_add(1, Ordering::Relaxed);
            return Ok(answer.clone().boxed());
        }
        let (entry, effects) = batcher.enter(item, None, options, when_full)?;
        let ticket = Ticket::of(Arc::clone(batcher), State::Waiting(entry));
        let removal = Removal {
            under_way: Arc::clone(&self.under_way),
            key: key.clone(),
            nth: entry.nth,
        };
        let answer: SharedFuture<SharedAnswer<R, E>> = async move {
            let answer = ticket.await;
            drop(removal);
            answer
        }
        .boxed()
        .shared();
        if let Some(weak) = answer.downgrade() {
            under_way.insert(key, (entry, weak));
        }
        drop(under_way);
        batcher.act(effects);
        Ok(answer.boxed())
    }

    fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    fn capacity(&self) -> usize {
        self.under_way.lock().capacity()
    }
}

/// Takes a key out of the map when its item has come to its end.
struct Removal<K: Eq + Hash, R, E> {
    under_way: Arc<UnderWay<K, R, E>>,
    key: K,
    nth: u64,
}

impl<K: Eq + Hash, R, E> Drop for Removal<K, R, E> {
    fn drop(&mut self) {
        // Declared before the guard: dropping a key is foreign code.
        let _removed;
        let mut under_way = self.under_way.lock();
        // A later item of the same key may have taken the place.
        if let Some((entry, _)) = under_way.get(&self.key)
            && entry.nth == self.nth
        {
            _removed = under_way.remove_entry(&self.key);
        }
    }
}
