//! The cache that processes share.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::{Either, select};
use wats_cache::{
    AsyncTtlCache, CacheStats, Invalidation, LoadError, LoadOptions, Loaded, Origin, Read, Tier,
    TierFuture, tag_hash,
};

use crate::envelope::field;
use crate::keys::{LONGEST, short};
use crate::link::{Link, Trust};
use crate::tier::alarm::Alarm;
use crate::tier::codec::{CacheKey, ValueCodec};
use crate::tier::hub::{Hub, Memory};
use crate::tier::options::{Negative, Options};
use crate::tier::stats::{Counters, SharedCacheStats};
use crate::tier::tags::tag_of_kind;
use crate::tier::unsent::Gone;

/// Long keys that are remembered beyond those in memory, before it is looked which of them are needed.
const SPARE: usize = 1000;

/// A cache of two levels: in the memory of this process, and on the server that is shared. Cheap to clone.
///
/// It is a [`Tier`]: look-ups are `hit` and `load`, changes are `invalidate`. A hit is no older than the last change that
/// anybody had acknowledged `max_staleness` before, whatever breaks. Without the server it asks the origins, as if there were
/// none.
///
/// ```no_run
/// use std::time::Duration;
/// use wats_cache::{LoadOptions, Loaded, Tier};
/// use wats_redis::{Shared, SharedCache, ValueCodec};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let shared = Shared::builder("redis://cache.factory.example").namespace("line-3").build()?;
/// let prices: SharedCache<String, u32> = shared
///     .cache("price", ValueCodec::message_pack("Price", 1))
///     .ttl(Duration::from_secs(60))
///     .stale_if_error(Duration::from_secs(3600))
///     .build()?;
/// let load = || async { Ok::<_, std::sync::Arc<std::io::Error>>(Loaded::new(7)) };
/// let price = prices.get_or_load_with("EX-100".to_owned(), load).await?;
/// assert_eq!(price, 7);
/// prices.remove(&"EX-100".to_owned()).await; // in all processes
/// # Ok(()) }
/// ```
pub struct SharedCache<K, V> {
    inner: Arc<Inner<K, V>>,
}

impl<K, V> Clone for SharedCache<K, V> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<K, V> fmt::Debug for SharedCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache")
            .field("kind", &self.inner.kind)
            .finish_non_exhaustive()
    }
}

pub(super) struct Inner<K, V> {
    pub(super) link: Arc<Link>,
    pub(super) hub: Arc<Hub>,
    trust: Arc<Trust>,
    pub(super) kind: String,
    /// The tag that all its entries have.
    pub(super) own_tag: u64,
    pub(super) codec: ValueCodec<V>,
    /// The field of an entry's hash in which its values stand.
    pub(super) field: String,
    pub(super) options: Options,
    pub(super) negative: Option<Negative<V>>,
    pub(super) memory: AsyncTtlCache<K, V>,
    /// Keys that stand in names as a hash, by that, with the number of loads under way: a push must find them.
    long: Mutex<HashMap<Vec<u8>, (K, usize)>>,
    /// Whether the last look-up found a fresh entry: then the next one begins with a plain read.
    pub(super) finds: AtomicBool,
    pub(super) counters: Counters,
}

/// A long key that is found by its name while it is loaded.
pub(super) struct LongKey<K: CacheKey, V: Clone + Send + Sync + 'static> {
    inner: Arc<Inner<K, V>>,
    name: Vec<u8>,
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> Drop for LongKey<K, V> {
    fn drop(&mut self) {
        if let Some((_, loads)) = self.inner.long().get_mut(&self.name) {
            *loads = loads.saturating_sub(1);
        }
    }
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> Inner<K, V> {
    fn long(&self) -> MutexGuard<'_, HashMap<Vec<u8>, (K, usize)>> {
        self.long.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the key found by its name, if that does not tell it.
    pub(super) fn remember(
        self: &Arc<Self>,
        key: &K,
        bytes: &[u8],
        name: &[u8],
    ) -> Option<LongKey<K, V>> {
        if bytes.len() <= LONGEST {
            return None;
        }
        let own = key.clone();
        let mut long = self.long();
        if long.len() > 2 * self.memory.len() + SPARE {
            long.retain(|_, (key, loads)| *loads > 0 || self.memory.contains_key(key));
        }
        let known = long.entry(name.to_vec()).or_insert((own, 0));
        known.1 += 1;
        Some(LongKey {
            inner: Arc::clone(self),
            name: name.to_vec(),
        })
    }

    fn key_of(&self, name: &[u8]) -> Option<K> {
        match name.strip_prefix(b"=") {
            Some(bytes) => K::from_bytes(bytes),
            None => self.long().get(name).map(|(key, _)| key.clone()),
        }
    }

    /// Whether what is in memory is proven.
    pub(super) fn is_trusted(&self) -> bool {
        self.trust.holds()
    }

    /// Itself, as the hub knows it.
    pub(super) fn address(self: &Arc<Self>) -> *const () {
        Arc::as_ptr(self).cast()
    }

    /// A value that is there and not served as fresh: stale, or not proven.
    fn doubtful(&self, key: &K) -> Option<V> {
        if self.options.stale_if_error.is_zero() {
            return None;
        }
        self.memory.peek(key).or_else(|| self.memory.get_stale(key))
    }
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> Memory for Inner<K, V> {
    fn changed(&self, name: &[u8]) {
        if let Some(key) = self.key_of(name) {
            self.memory.expire(&key);
        }
    }

    fn tag_changed(&self, tag: u64) {
        if tag == self.own_tag {
            self.memory.expire_all();
        } else {
            self.memory.expire_hashed_tag(tag);
        }
    }

    fn all_changed(&self) {
        self.memory.expire_all();
    }
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> SharedCache<K, V> {
    pub(super) fn new(
        hub: Arc<Hub>,
        kind: String,
        codec: ValueCodec<V>,
        options: Options,
        negative: Option<Negative<V>>,
        memory: wats_cache::CacheBuilder<K, V, wats_cache::RandomState, wats_cache::ForAsync>,
    ) -> Self {
        let memory = memory
            .default_ttl(options.ttl)
            .refresh_ahead(options.refresh_ahead)
            .stale_if_error(options.stale_if_error)
            .build();
        let inner = Arc::new(Inner {
            trust: hub.link().trust(),
            link: Arc::clone(hub.link()),
            own_tag: tag_of_kind(&kind),
            counters: Counters::new(&kind),
            kind,
            field: field(codec.schema),
            codec,
            options,
            negative,
            memory,
            long: Mutex::default(),
            finds: AtomicBool::new(true),
            hub,
        });
        let memory: Weak<dyn Memory> = Arc::downgrade(&inner) as Weak<dyn Memory>;
        inner.hub.add(&inner.kind, memory);
        Self { inner }
    }

    /// The value of a key: from memory, from the server, or by `load` for all processes.
    ///
    /// # Errors
    /// What `load` returned, here or in the caller that was waited for; [`LoadError::Reentrant`] inside of it.
    pub async fn get_or_load_with<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F + Send + 'static,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<Loaded<V>, E>> + Send + 'static,
        E: Clone + Send + Sync + 'static,
    {
        if let Some(value) = Tier::<K, V, E>::hit(self, &key) {
            return Ok(value);
        }
        let origin: Origin<V, E> = Box::new(move |_| Box::pin(load()));
        Tier::load(self, key, LoadOptions::new(), origin).await
    }

    /// A value that is fresh in the memory of this process.
    #[inline]
    pub fn get(&self, key: &K) -> Option<V> {
        let inner = &*self.inner;
        if inner.trust.holds() {
            inner.memory.get(key)
        } else {
            None
        }
    }

    /// Writes a value for all processes, in place of the one there is. Of two that are written at the same time one is kept,
    /// the same everywhere. Without the server it is kept here, and what others have goes when there is one again.
    pub async fn put(&self, key: K, value: impl Into<Loaded<V>>) -> V {
        self.inner.hub.meet();
        let loaded = value.into();
        let value = loaded.value().clone();
        let (inner, own) = (Arc::clone(&self.inner), key.clone());
        let options = LoadOptions::new().read(Read::Origin);
        let write = move |handle| inner.write(own, handle, loaded);
        let written = self.inner.memory.load_with(key, options, write).await;
        match written {
            Ok(value) => value,
            Err(LoadError::Failed(never)) => {
                let never: Infallible = never;
                match never {}
            }
            // Inside the loader of this key: what it returns is what counts.
            Err(LoadError::Reentrant) => value,
        }
    }

    /// Removes a key for all processes; loads that are under way, anywhere, do not bring it back.
    pub async fn remove(&self, key: &K) {
        self.inner.remove(key).await;
    }

    /// Removes all values with a tag, of this kind and of others, for all processes.
    pub async fn invalidate_tag(&self, tag: &str) {
        self.inner.remove_tag(tag_hash(tag)).await;
    }

    /// Removes all values of this kind for all processes.
    pub async fn clear(&self) {
        self.inner.remove_tag(self.inner.own_tag).await;
    }

    /// What it has done so far.
    pub fn stats(&self) -> SharedCacheStats {
        self.inner.counters.stats(self.inner.memory.stats())
    }
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> Inner<K, V> {
    async fn remove(self: &Arc<Self>, key: &K) {
        self.counters.invalidations.up();
        self.memory.remove(key);
        let bytes = key.to_bytes();
        let name = short(&bytes);
        let gone = Gone::Key {
            kind: self.kind.clone(),
            key: bytes.into_owned(),
        };
        self.hub.changed_here(&self.kind, &name, self.address());
        self.hub.invalidate(gone).await;
        // What came meanwhile may have been read before.
        self.hub.changed_here(&self.kind, &name, self.address());
        self.memory.remove(key);
    }

    async fn remove_tag(self: &Arc<Self>, tag: u64) {
        self.counters.invalidations.up();
        self.remove_here(tag);
        self.hub.invalidate(Gone::Tag(tag)).await;
        self.remove_here(tag);
    }

    fn remove_here(&self, tag: u64) {
        if tag == self.own_tag {
            self.memory.clear();
        } else {
            self.memory.invalidate_hashed_tag(tag);
        }
    }

    async fn load<E>(
        self: Arc<Self>,
        key: K,
        options: LoadOptions<V>,
        origin: Origin<V, E>,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
    {
        self.hub.meet();
        let serves = options.serves_stale_if_error() && options.reads() == Read::Cached;
        let (read, user, trust) = (options.reads(), options.clone(), Arc::clone(&self.trust));
        let may_serve = trust.around();
        let own = options
            .clone()
            .accept(move |value| may_serve() && user.accepts(value))
            .stale_if_error(false);
        let (inner, of_load) = (Arc::clone(&self), key.clone());
        let load = move |handle| inner.fill(of_load, handle, read, serves, origin);
        let failed = match self.memory.load_with(key.clone(), own, load).await {
            Err(LoadError::Failed(error)) if serves => error,
            other => return other,
        };
        match self.doubtful(&key).filter(|value| options.accepts(value)) {
            Some(value) => {
                self.counters.stale_served.up();
                Ok(value)
            }
            None => Err(LoadError::Failed(failed)),
        }
    }

    /// The same where a caller that would wait too long is served a stale value, if there is one.
    async fn load_in_time<E>(
        self: Arc<Self>,
        key: K,
        options: LoadOptions<V>,
        origin: Origin<V, E>,
        limit: Duration,
    ) -> Result<V, LoadError<E>>
    where
        E: Clone + Send + Sync + 'static,
    {
        let stale = self.doubtful(&key).filter(|value| options.accepts(value));
        let load = Arc::clone(&self).load(key, options, origin);
        let (Some(stale), Ok(runtime)) = (stale, tokio::runtime::Handle::try_current()) else {
            return load.await;
        };
        let task = runtime.spawn(load);
        match select(task, pin!(Alarm::after(limit))).await {
            Either::Left((Ok(outcome), _)) => outcome,
            // Its panic is told by the hook; the runtime that ends it takes this call with it.
            Either::Left((Err(_), _)) | Either::Right(_) => {
                self.counters.stale_served.up();
                Ok(stale)
            }
        }
    }
}

impl<K, V, E> Tier<K, V, E> for SharedCache<K, V>
where
    K: CacheKey,
    V: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    #[inline]
    fn hit(&self, key: &K) -> Option<V> {
        let inner = &*self.inner;
        if inner.trust.holds() {
            Tier::<K, V, Infallible>::hit(&inner.memory, key)
        } else {
            None
        }
    }

    fn load(
        &self,
        key: K,
        options: LoadOptions<V>,
        origin: Origin<V, E>,
    ) -> TierFuture<'_, Result<V, LoadError<E>>> {
        let inner = Arc::clone(&self.inner);
        let serves = options.serves_stale_if_error() && options.reads() == Read::Cached;
        match inner.options.soft_timeout {
            Some(limit) if serves => Box::pin(inner.load_in_time(key, options, origin, limit)),
            _ => Box::pin(inner.load(key, options, origin)),
        }
    }

    fn stale(&self, key: &K) -> Option<V> {
        self.inner.doubtful(key)
    }

    fn expire(&self, key: &K) {
        self.inner.memory.expire(key);
    }

    fn expire_tag(&self, tag: &str) {
        self.inner.memory.expire_tag(tag);
    }

    fn expire_all(&self) {
        self.inner.memory.expire_all();
    }

    fn invalidate<'a>(&'a self, what: Invalidation<'a, K>) -> TierFuture<'a, ()> {
        match what {
            Invalidation::Key(key) => Box::pin(self.remove(key)),
            Invalidation::Tag(tag) => Box::pin(self.invalidate_tag(tag)),
            _ => Box::pin(self.clear()),
        }
    }

    fn stats(&self) -> CacheStats {
        self.inner.memory.stats()
    }
}
