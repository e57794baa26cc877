//! What both caches can do alike. None of it waits, so none of it is `async`.

/// The methods of [`TtlCache`](crate::TtlCache) and [`AsyncTtlCache`](crate::AsyncTtlCache) over their `core`.
macro_rules! api {
    ($cache:ident) => {
        impl<K, V, S> $cache<K, V, S>
        where
            K: Hash + Eq + Clone,
            V: Clone,
            S: BuildHasher,
        {
            /// The value of a key, if it is there and its time is not over. Counts as a hit or a miss.
            ///
            /// A clone: keep what is expensive to clone in an `Arc`. The clone is made under the lock of a shard, so
            /// `V::clone` must not use this cache.
            #[inline]
            pub fn get<Q>(&self, key: &Q) -> Option<V>
            where
                K: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                self.core.get(key)
            }

            /// As [`get`](Self::get), but neither counted nor a use of the entry.
            pub fn peek<Q>(&self, key: &Q) -> Option<V>
            where
                K: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                self.core.peek(key, V::clone)
            }

            /// Whether the key holds a value whose time is not over. Neither counted nor a use of the entry.
            pub fn contains_key<Q>(&self, key: &Q) -> bool
            where
                K: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                self.core.peek(key, |_| ()).is_some()
            }

            /// Inserts a value for the default time, replacing the one there is.
            #[inline]
            pub fn insert(&self, key: K, value: V) {
                self.core.insert(key, value, None, &[]);
            }

            /// Inserts a value for a time of its own, kept in milliseconds, rounded up. Zero is over at once, and
            /// [`Duration::MAX`] is for ever.
            #[inline]
            pub fn insert_with_ttl(&self, key: K, value: V, ttl: Duration) {
                self.core.insert(key, value, Some(ttl), &[]);
            }

            /// Inserts a value that lives until `end`, which is the right call where the end is known: of a token, for
            /// example. If that is over, nothing is inserted, and an older value of the key goes.
            pub fn insert_until(&self, key: K, value: V, end: Instant) {
                match end.saturating_duration_since(Instant::now()) {
                    Duration::ZERO => drop(self.core.remove(&key)),
                    left => self.core.insert(key, value, Some(left), &[]),
                }
            }

            /// Inserts a value that [`invalidate_tag`](Self::invalidate_tag) with any of these tags removes. `ttl` of
            /// `None` is the default.
            pub fn insert_tagged(&self, key: K, value: V, ttl: Option<Duration>, tags: &[&str]) {
                self.core.insert(key, value, ttl, tags);
            }

            /// Removes a key and returns its value, if its time was not over. The result of a load that is under way
            /// is not cached then.
            pub fn remove<Q>(&self, key: &Q) -> Option<V>
            where
                K: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                self.core.remove(key)
            }

            /// Removes everything. The listener is told when all of it is gone.
            pub fn clear(&self) {
                self.core.clear();
            }

            /// Entries held, expired ones that were not swept yet included.
            pub fn len(&self) -> usize {
                self.core.len()
            }

            /// Whether no entry is held.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The keys of all entries whose time is not over. Weakly consistent, as [`iter`](Self::iter).
            pub fn keys(&self) -> Vec<K> {
                let mut keys = Vec::new();
                for shard in 0..self.core.shards.len() {
                    let mut from = Some(0);
                    while let Some(start) = from {
                        from = self
                            .core
                            .read_slice(shard, start, &mut keys, |key, _| key.clone());
                    }
                }
                keys
            }

            /// Copies of all entries whose time is not over.
            ///
            /// Weakly consistent: an entry that is there all the while comes exactly once; one that comes or goes
            /// meanwhile may be seen or not. No lock is held between two steps.
            pub fn iter(&self) -> Iter<K, V, S> {
                Iter::new(Arc::clone(&self.core))
            }

            /// Removes the entries for which `keep` returns `false`, and tells how many. See
            /// [`invalidate_where`](Self::invalidate_where).
            pub fn retain(&self, mut keep: impl FnMut(&K, &V) -> bool) -> usize {
                self.core.invalidate_where(|key, value| !keep(key, value))
            }

            /// Removes the entries for which `doomed` returns `true`, and tells how many.
            ///
            /// `doomed` sees copies and runs without a lock, so it may use the cache; an entry replaced meanwhile
            /// stays. Results of loads that are under way are not cached.
            pub fn invalidate_where(&self, doomed: impl FnMut(&K, &V) -> bool) -> usize {
                self.core.invalidate_where(doomed)
            }

            /// Removes the entries inserted with this tag, and tells how many. Results of loads that are under way
            /// are not cached.
            pub fn invalidate_tag(&self, tag: &str) -> usize {
                self.core.invalidate_tag(tag)
            }

            /// Removes the entries whose time is over, all of them, and tells how many.
            pub fn cleanup_expired(&self) -> usize {
                self.core.cleanup()
            }

            /// What the cache did so far.
            pub fn stats(&self) -> CacheStats {
                self.core.stats()
            }
        }

        impl<K, V> $cache<K, V>
        where
            K: Hash + Eq + Clone + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            /// A cache with the default options: see [`CacheConfig`].
            pub fn new() -> Self {
                Self::builder().build()
            }

            /// A cache with these options.
            pub fn with_config(config: CacheConfig) -> Self {
                Self::builder().config(config).build()
            }
        }

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

        impl<K, V, S> fmt::Debug for $cache<K, V, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
pub(crate) use api;
