//! The cache for threads.

use crate::builder::{CacheBuilder, ForSync};
use crate::config::CacheConfig;
use crate::core::{Core, Failures, LoadHandle};
use crate::error::{LoadError, reentrant};
use crate::handle::handle;
use crate::hash::RandomState;
use crate::iter::Iter;
use crate::load_options::LoadOptions;
use crate::loaded::{Loaded, tag_hash};
use crate::stats::CacheStats;
use std::borrow::Borrow;
use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A cache whose entries live for a time, shared by threads.
///
/// Clones are handles of the same cache. Expired entries are never handed out; a background thread removes them.
///
/// ```
/// use std::time::{Duration, Instant};
/// use wats_cache::TtlCache;
///
/// let cache = TtlCache::builder().max_entries(1000).default_ttl(Duration::from_secs(300)).build();
/// cache.insert("EX-100".to_owned(), 7);
/// cache.insert_with_ttl("EX-200".to_owned(), 8, Duration::from_secs(5));
/// assert_eq!(cache.get("EX-100"), Some(7));
///
/// let loaded = cache.get_or_try_insert_with("EX-300".to_owned(), || "9".parse::<i32>()).unwrap();
/// assert_eq!(loaded, 9);
/// assert_eq!(cache.stats().loads_ok, 1);
/// ```
pub struct TtlCache<K, V, S = RandomState> {
    pub(crate) core: Arc<Core<K, V, S>>,
}

impl<K, V> TtlCache<K, V> {
    /// Options first: see [`CacheBuilder`].
    pub fn builder() -> CacheBuilder<K, V, RandomState, ForSync> {
        CacheBuilder::new(CacheConfig::default())
    }
}

impl<K, V, S> CacheBuilder<K, V, S, ForSync>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Builds the cache. Every option has a meaning over its whole range, so this cannot fail.
    pub fn build(self) -> TtlCache<K, V, S> {
        TtlCache { core: self.core() }
    }
}

impl<K, V, S> TtlCache<K, V, S>
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

    /// The value of a key whose time is over, if it has been for no longer than
    /// [`stale_if_error`](CacheConfig::stale_if_error) allows: for a caller that loads by itself, has failed, and so can tell
    /// whether an old value will do. Counts as served stale, not as a look-up.
    pub fn get_stale<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.get_stale(key)
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
        self.core.insert_until(key, value, end);
    }

    /// Inserts a value that [`invalidate_tag`](Self::invalidate_tag) with any of these tags removes. `ttl` of
    /// `None` is the default.
    pub fn insert_tagged(&self, key: K, value: V, ttl: Option<Duration>, tags: &[&str]) {
        self.core.insert(key, value, ttl, tags);
    }

    /// Inserts a value with all that a loader can say of one.
    pub fn insert_loaded(&self, key: K, loaded: Loaded<V>) {
        self.core.insert_as_loaded(key, loaded);
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

    /// Declares that the time of a key is over, and tells whether it held a fresh value. The value is not fresh any more and
    /// stays as long as [`stale_if_error`](CacheConfig::stale_if_error) says, to be served where a loader fails; without that
    /// option it is removed. The result of a load that is under way is not cached then.
    pub fn expire<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.core.expire(key)
    }

    /// As [`expire`](Self::expire), for all entries with this tag; tells how many were fresh.
    pub fn expire_tag(&self, tag: &str) -> usize {
        self.core.expire_tag(tag_hash(tag))
    }

    /// As [`expire_tag`](Self::expire_tag), by the tag's [hash](crate::tag_hash).
    pub fn expire_hashed_tag(&self, tag: u64) -> usize {
        self.core.expire_tag(tag)
    }

    /// As [`expire`](Self::expire), for all entries. However many there are, this takes the same time, but for every 63rd
    /// call. What is not kept to be served stale is removed by the next sweep.
    pub fn expire_all(&self) {
        self.core.expire_all();
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
        self.core.keys()
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
        self.core.invalidate_tag(tag_hash(tag))
    }

    /// As [`invalidate_tag`](Self::invalidate_tag), by the tag's [hash](crate::tag_hash).
    pub fn invalidate_hashed_tag(&self, tag: u64) -> usize {
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

impl<K, V> TtlCache<K, V>
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

handle!(TtlCache);

impl<K, V, S> TtlCache<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    /// The value of a key; if there is none, it is loaded and cached for the default time.
    ///
    /// # Concurrent calls
    /// One caller of a key runs its loader, the others wait for its value; callers of other keys never wait. No lock
    /// is held while a loader runs.
    ///
    /// - A panic of the loader is its caller's; the longest waiting caller runs its own loader then.
    /// - A loader that takes longer than [`load_lease`](CacheConfig::load_lease) loses the key to another caller; its
    ///   value is returned to its own caller and not cached.
    /// - An insert or removal of the key while the loader runs wins: the loaded value is returned and not cached. That
    ///   goes for an insert by the loader itself, too; a loader that knows how long its value is good returns a
    ///   [`Loaded`] to [`get_or_load_with`](Self::get_or_load_with).
    /// - A loaded value that refreshes an entry keeps its tags and its own time to live.
    /// - A loader that asks for its own key gets [`LoadError::Reentrant`].
    ///
    /// # Panics
    /// Inside the loader of this very key, where there is no value to return and loading again would never end.
    pub fn get_or_insert_with(&self, key: K, load: impl FnOnce() -> V) -> V {
        if let Some(value) = self.core.hit(&key) {
            return value;
        }
        let load = || Ok::<_, Infallible>(load());
        match self.core.get_or_load_blocking(key, load, Failures::OWN) {
            Ok(value) => value,
            Err(LoadError::Failed(never)) => match never {},
            Err(LoadError::Reentrant) => reentrant(),
        }
    }

    /// As [`get_or_insert_with`](Self::get_or_insert_with), with a loader that may fail.
    ///
    /// # Errors
    /// [`LoadError::Failed`] with what this caller's own loader returned, or [`LoadError::Reentrant`]. Errors are not
    /// cached, and not shared: the longest waiting caller runs its own loader next, so where loads fail slowly, callers
    /// fail one after the other;
    /// [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with) fails them together. With [`stale_if_error`](CacheConfig::stale_if_error) the old value is returned instead.
    pub fn get_or_try_insert_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, LoadError<E>> {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load_blocking(key, load, Failures::OWN),
        }
    }

    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with), but a failure is shared as a value is: all who wait
    /// for the load when it fails get a clone of its error. Whoever comes later loads anew; errors are not cached.
    ///
    /// So no caller waits for more than the rest of one load, as long as loaders are not dropped and do not panic. For
    /// an error that is no `Clone` take `Arc<E>`. Callers of one key that have another type of error, or that called
    /// another method, do not get the error and load themselves.
    ///
    /// # Errors
    /// [`LoadError::Failed`] with what the loader of this caller, or of the one it waited for, returned, or
    /// [`LoadError::Reentrant`]. With [`stale_if_error`](CacheConfig::stale_if_error) the old value is returned instead.
    pub fn get_or_try_insert_shared_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load_blocking(key, load, Failures::SHARED),
        }
    }

    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with), with a loader that also tells how long its value is good
    /// and which tags it has: see [`Loaded`].
    ///
    /// An [`invalidate_tag`](Self::invalidate_tag) while the loader runs keeps the value from being cached if it is one of
    /// the value's tags.
    ///
    /// # Errors
    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with).
    pub fn get_or_load_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<Loaded<V>, E>,
    ) -> Result<V, LoadError<E>> {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load_blocking(key, load, Failures::OWN),
        }
    }

    /// As [`get_or_load_with`](Self::get_or_load_with), but a failure is shared, as by
    /// [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with).
    ///
    /// # Errors
    /// As [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with).
    pub fn get_or_load_shared_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<Loaded<V>, E>,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load_blocking(key, load, Failures::SHARED),
        }
    }

    /// As [`get_or_load_with`](Self::get_or_load_with), but what is only to be refreshed is refreshed in the
    /// background, as by [`get_or_refresh_with`](Self::get_or_refresh_with).
    ///
    /// # Errors
    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with).
    pub fn get_or_load_refreshing_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<Loaded<V>, E> + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        if let Some(value) = self.core.hit(&key) {
            return Ok(value);
        }
        let load = |_| load();
        self.core
            .get_or_refresh_blocking(key, None, load, Failures::OWN)
    }

    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with), but what is only to be refreshed is refreshed in the
    /// background: it is served what there is, and the loader runs on a thread of its own.
    ///
    /// This concerns [`stale_while_revalidate`](CacheConfig::stale_while_revalidate) and
    /// [`refresh_ahead`](CacheConfig::refresh_ahead); where there is nothing to serve, the caller loads, or waits. At most
    /// 16 refreshes run in the process at a time; a further one is put off to the next look-up of its key. What a
    /// refresh returns as an error is counted and dropped; the value there is stays.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use wats_cache::TtlCache;
    ///
    /// let cache: TtlCache<&str, u32> = TtlCache::builder().refresh_ahead(Some(0.8)).build();
    /// let rate = cache.get_or_refresh_with("rate", || Ok::<_, std::io::Error>(7)).unwrap();
    /// assert_eq!(rate, 7);
    /// ```
    ///
    /// # Errors
    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with).
    pub fn get_or_refresh_with<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<V, E> + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        if let Some(value) = self.core.hit(&key) {
            return Ok(value);
        }
        let load = |_| load();
        self.core
            .get_or_refresh_blocking(key, None, load, Failures::OWN)
    }

    /// As [`get_or_load_shared_with`](Self::get_or_load_shared_with), with [`LoadOptions`] for this call. What is only to be
    /// refreshed is served, and refreshed in the background, as by [`get_or_refresh_with`](Self::get_or_refresh_with).
    ///
    /// The loader is told of its load: see [`LoadHandle`].
    ///
    /// # Errors
    /// As [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with).
    pub fn load_with<E>(
        &self,
        key: K,
        options: LoadOptions<V>,
        load: impl FnOnce(LoadHandle) -> Result<Loaded<V>, E> + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        self.core.load_with_blocking(key, options, load)
    }
}
