//! The flights under way, by key: what dashmap is best at.
//!
//! Under `--cfg wats_loom` a map in a mutex takes its place, because loom cannot see into dashmap's locks.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

#[cfg(not(wats_loom))]
type Map<K, F> = dashmap::DashMap<K, Arc<F>, crate::hash::RandomState>;
#[cfg(wats_loom)]
type Map<K, F> = loom::sync::Mutex<std::collections::HashMap<K, Arc<F>>>;

pub(super) struct Table<K, F>(Map<K, F>);

impl<K: Hash + Eq, F> Table<K, F> {
    pub(super) fn new() -> Self {
        Self(Map::default())
    }
}

#[cfg(not(wats_loom))]
impl<K: Hash + Eq, F> Table<K, F> {
    pub(super) fn get(&self, key: &K) -> Option<Arc<F>> {
        self.0.get(key).map(|flight| Arc::clone(&flight))
    }

    pub(super) fn get_or_insert(&self, key: K, make: impl FnOnce() -> Arc<F>) -> Arc<F> {
        Arc::clone(&self.0.entry(key).or_insert_with(make))
    }

    /// `is_it` is asked under the lock of the table.
    pub(super) fn remove_if(&self, key: &K, is_it: impl FnOnce(&Arc<F>) -> bool) {
        drop(self.0.remove_if(key, |_, flight| is_it(flight)));
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        drop(self.0.remove(key));
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<F>> {
        self.0.iter().map(|flight| Arc::clone(&flight)).collect()
    }
}

#[cfg(wats_loom)]
impl<K: Hash + Eq, F> Table<K, F> {
    fn lock(&self) -> loom::sync::MutexGuard<'_, std::collections::HashMap<K, Arc<F>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<F>> {
        self.lock().get(key).cloned()
    }

    pub(super) fn get_or_insert(&self, key: K, make: impl FnOnce() -> Arc<F>) -> Arc<F> {
        Arc::clone(self.lock().entry(key).or_insert_with(make))
    }

    pub(super) fn remove_if(&self, key: &K, is_it: impl FnOnce(&Arc<F>) -> bool) {
        let mut map = self.lock();
        if map.get(key).is_some_and(is_it) {
            map.remove(key);
        }
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.lock().remove(key);
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn all(&self) -> Vec<Arc<F>> {
        self.lock().values().map(Arc::clone).collect()
    }
}
