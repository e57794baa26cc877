//! What is asked of a cache by who does not want to know how many levels it has.

use crate::error::LoadError;
use crate::load_options::LoadOptions;
use crate::stats::CacheStats;
use crate::{AsyncTtlCache, LoadHandle, Loaded};
use std::future::{Future, ready};
use std::hash::{BuildHasher, Hash};
use std::pin::Pin;

/// A future of a [`Tier`].
pub type TierFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the values of a [`Tier`] come from: the loader of one look-up.
///
/// It is told of its load so that it can say when it begins to read; see [`LoadHandle::from_here_on`].
pub type Origin<V, E> =
    Box<dyn FnOnce(LoadHandle) -> TierFuture<'static, Result<Loaded<V>, E>> + Send>;

/// What [`Tier::invalidate`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Invalidation<'a, K> {
    /// One key.
    Key(&'a K),
    /// All values with a tag.
    Tag(&'a str),
    /// Everything.
    All,
}

/// A cache of one level or of several, as an object: an [`AsyncTtlCache`] in the memory of this process, or one that shares
/// its values with other processes.
///
/// `E` is the error of the origins. Callers that wait for a load share its failure, as they share its value.
///
/// ```
/// use std::sync::Arc;
/// use wats_cache::{AsyncTtlCache, LoadOptions, Loaded, Origin, Tier};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let tier: Arc<dyn Tier<String, u32, String>> = Arc::new(AsyncTtlCache::new());
/// let key = "EX-100".to_owned();
/// let value = match tier.hit(&key) {
///     Some(value) => Ok(value),
///     None => {
///         let origin: Origin<u32, String> =
///             Box::new(|_| Box::pin(async { Ok(Loaded::new(7).tags(["product"])) }));
///         tier.load(key.clone(), LoadOptions::new(), origin).await
///     }
/// };
/// assert_eq!(value, Ok(7));
/// tier.expire_tag("product");
/// assert_eq!(tier.hit(&key), None);
/// # }
/// ```
pub trait Tier<K, V, E>: Send + Sync {
    /// A value that is fresh in the memory of this process. Waits for nothing and allocates nothing. Counts as a hit, or not at
    /// all: who finds none goes on with [`load`](Self::load), which counts.
    fn hit(&self, key: &K) -> Option<V>;

    /// The value of a key, wherever the options allow it to come from; `origin` is asked if it is nowhere. Callers of one key
    /// share a load. What is only to be refreshed is served, and refreshed in a task of tokio.
    ///
    /// # Errors
    /// That of the origin, of this caller's or of the one it waited for; [`LoadError::Reentrant`] inside the origin of this
    /// very key.
    fn load(
        &self,
        key: K,
        options: LoadOptions<V>,
        origin: Origin<V, E>,
    ) -> TierFuture<'_, Result<V, LoadError<E>>>;

    /// A value of the memory of this process whose time is over, as long as it may be served instead of an error.
    fn stale(&self, key: &K) -> Option<V>;

    /// Declares, in this process only, that the time of a key is over. Its value is not fresh any more, and still there for
    /// [`stale`](Self::stale); loads under way are overtaken.
    fn expire(&self, key: &K);

    /// As [`expire`](Self::expire), for all values with a tag.
    fn expire_tag(&self, tag: &str);

    /// As [`expire`](Self::expire), for all values, however many, at once.
    fn expire_all(&self);

    /// Takes values out on all levels, and for all who share them: for who has changed what they tell. They are not served
    /// instead of an error either. Done when the future is: who asks later, here or elsewhere, does not get them any more
    /// than the tier promises.
    fn invalidate<'a>(&'a self, what: Invalidation<'a, K>) -> TierFuture<'a, ()>;

    /// What the level in the memory of this process did so far.
    fn stats(&self) -> CacheStats;
}

impl<K, V, E, S> Tier<K, V, E> for AsyncTtlCache<K, V, S>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    #[inline]
    fn hit(&self, key: &K) -> Option<V> {
        self.core.hit(key)
    }

    fn load(
        &self,
        key: K,
        options: LoadOptions<V>,
        origin: Origin<V, E>,
    ) -> TierFuture<'_, Result<V, LoadError<E>>> {
        Box::pin(self.load_with(key, options, origin))
    }

    fn stale(&self, key: &K) -> Option<V> {
        self.get_stale(key)
    }

    fn expire(&self, key: &K) {
        self.expire(key);
    }

    fn expire_tag(&self, tag: &str) {
        self.expire_tag(tag);
    }

    fn expire_all(&self) {
        self.expire_all();
    }

    fn invalidate<'a>(&'a self, what: Invalidation<'a, K>) -> TierFuture<'a, ()> {
        match what {
            Invalidation::Key(key) => drop(self.remove(key)),
            Invalidation::Tag(tag) => {
                self.invalidate_tag(tag);
            }
            Invalidation::All => self.clear(),
        }
        Box::pin(ready(()))
    }

    fn stats(&self) -> CacheStats {
        self.stats()
    }
}
