//! The traits of the standard library for both caches, which are handles of a core.

macro_rules! handle {
    ($cache:ident) => {
        impl<K, V> Default for $cache<K, V>
        where
            K: Hash + Eq + Clone + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<K, V, S> Clone for $cache<K, V, S> {
            fn clone(&self) -> Self {
                Self {
                    core: Arc::clone(&self.core),
                }
            }
        }

        impl<K, V, S> std::fmt::Debug for $cache<K, V, S> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($cache))
                    .field("stats", &self.core.stats())
                    .finish_non_exhaustive()
            }
        }

        impl<K, V, S> IntoIterator for &$cache<K, V, S>
        where
            K: Hash + Eq + Clone,
            V: Clone,
            S: BuildHasher,
        {
            type Item = (K, V);
            type IntoIter = Iter<K, V, S>;

            fn into_iter(self) -> Iter<K, V, S> {
                self.iter()
            }
        }
    };
}
pub(crate) use handle;
