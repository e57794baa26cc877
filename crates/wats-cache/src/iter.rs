//! Iteration in slices, without a lock between them.

use crate::core::Core;
use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// Copies of the entries of a cache; from [`TtlCache::iter`](crate::TtlCache::iter).
pub struct Iter<K, V, S> {
    core: Arc<Core<K, V, S>>,
    shard: usize,
    from: u32,
    ready: VecDeque<(K, V)>,
}

impl<K, V, S> Iter<K, V, S> {
    pub(crate) fn new(core: Arc<Core<K, V, S>>) -> Self {
        Self {
            core,
            shard: 0,
            from: 0,
            ready: VecDeque::new(),
        }
    }
}

impl<K, V, S> Iterator for Iter<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        while self.ready.is_empty() && self.shard < self.core.shards.len() {
            let copy = |key: &K, value: &V| (key.clone(), value.clone());
            let next = self
                .core
                .read_slice(self.shard, self.from, &mut self.ready, copy);
            self.shard += usize::from(next.is_none());
            self.from = next.unwrap_or(0);
        }
        self.ready.pop_front()
    }
}

impl<K, V, S> fmt::Debug for Iter<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("shard", &self.shard)
            .finish_non_exhaustive()
    }
}
