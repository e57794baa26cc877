//! The cache for tasks.

use crate::api::api;
use crate::builder::{CacheBuilder, ForAsync};
use crate::config::CacheConfig;
use crate::core::{Core, Failures};
use crate::error::{LoadError, reentrant};
use crate::hash::RandomState;
use crate::iter::Iter;
use crate::loaded::Loaded;
use crate::stats::CacheStats;
use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A cache whose entries live for a time, shared by tasks.
///
/// Only loading look-ups wait, so only they are `async`; a hit touches no async lock. Clones are handles of the same
/// cache. It belongs to no runtime: where it was made, and what becomes of that runtime, makes no difference.
///
/// ```
/// use std::sync::Arc;
/// use wats_cache::AsyncTtlCache;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), std::io::Error> {
/// let cache: AsyncTtlCache<&str, Arc<Vec<u32>>> = AsyncTtlCache::builder().build();
/// let load = || async { Ok::<_, std::io::Error>(Arc::new(vec![1, 2, 3])) };
/// let processes = cache.get_or_try_insert_with("processes", load).await?;
/// assert_eq!(processes.len(), 3);
/// assert!(cache.get("processes").is_some());
/// cache.remove("processes");
/// assert_eq!(cache.stats().loads_ok, 1);
/// # Ok(()) }
/// ```
pub struct AsyncTtlCache<K, V, S = RandomState> {
    pub(crate) core: Arc<Core<K, V, S>>,
}

impl<K, V> AsyncTtlCache<K, V> {
    /// Options first: see [`CacheBuilder`].
    pub fn builder() -> CacheBuilder<K, V, RandomState, ForAsync> {
        CacheBuilder::new(CacheConfig::default())
    }
}

impl<K, V, S> CacheBuilder<K, V, S, ForAsync>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Builds the cache, inside of a runtime or not: it belongs to none. Every option has a meaning over its whole range,
    /// so this cannot fail.
    pub fn build(self) -> AsyncTtlCache<K, V, S> {
        AsyncTtlCache { core: self.core() }
    }
}

api!(AsyncTtlCache);

impl<K, V, S> AsyncTtlCache<K, V, S>
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
    /// - The loader runs inside its caller: if that is dropped, or panics, the longest waiting caller runs its own
    ///   loader.
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
    pub async fn get_or_insert_with<F>(&self, key: K, load: impl FnOnce() -> F) -> V
    where
        F: Future<Output = V>,
    {
        if let Some(value) = self.core.hit(&key) {
            return value;
        }
        let load = || async { Ok::<_, Infallible>(load().await) };
        match self.core.get_or_load(key, load, Failures::OWN).await {
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
    pub async fn get_or_try_insert_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load(key, load, Failures::OWN).await,
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
    pub async fn get_or_try_insert_shared_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<V, E>>,
        E: Clone + Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load(key, load, Failures::SHARED).await,
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
    pub async fn get_or_load_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<Loaded<V>, E>>,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load(key, load, Failures::OWN).await,
        }
    }

    /// As [`get_or_load_with`](Self::get_or_load_with), but a failure is shared, as by
    /// [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with).
    ///
    /// # Errors
    /// As [`get_or_try_insert_shared_with`](Self::get_or_try_insert_shared_with).
    pub async fn get_or_load_shared_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<Loaded<V>, E>>,
        E: Clone + Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_load(key, load, Failures::SHARED).await,
        }
    }

    /// As [`get_or_load_with`](Self::get_or_load_with), but what is only to be refreshed is refreshed in the
    /// background, as by [`get_or_refresh_with`](Self::get_or_refresh_with).
    ///
    /// # Errors
    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with).
    pub async fn get_or_load_refreshing_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<Loaded<V>, E>> + Send + 'static,
        E: Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_refresh(key, load).await,
        }
    }

    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with), but what is only to be refreshed is refreshed in the
    /// background: it is served what there is, and the loader runs in a task of tokio.
    ///
    /// This concerns [`stale_while_revalidate`](CacheConfig::stale_while_revalidate) and
    /// [`refresh_ahead`](CacheConfig::refresh_ahead); where there is nothing to serve, the caller loads, or waits. Polled
    /// outside a runtime of tokio, refreshes run in the calling task too. What a refresh returns as an error is counted
    /// and dropped; the value there is stays.
    ///
    /// # Errors
    /// As [`get_or_try_insert_with`](Self::get_or_try_insert_with).
    pub async fn get_or_refresh_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
        E: Send + 'static,
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
        S: Send + Sync + 'static,
    {
        match self.core.hit(&key) {
            Some(value) => Ok(value),
            None => self.core.get_or_refresh(key, load).await,
        }
    }
}
