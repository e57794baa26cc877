//! Memoising without a macro, and the slot in which the macro keeps a function's cache.

use crate::sync::TtlCache;
use std::any::Any;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::OnceLock;

/// Makes a function that runs `function` once for each key and then answers from `cache`.
///
/// `key_of` says which arguments count. The cache stays yours: keep a clone of it to look at its statistics, or to
/// remove what has changed.
///
/// ```
/// use wats_cache::{TtlCache, memoize};
///
/// let cache = TtlCache::new();
/// let length = memoize(cache.clone(), |text: &&str| (*text).to_owned(), |text| text.len());
/// assert_eq!((length("four"), length("four")), (4, 4));
/// assert_eq!(cache.stats().loads_ok, 1);
/// ```
pub fn memoize<A, K, V, S>(
    cache: TtlCache<K, V, S>,
    key_of: impl Fn(&A) -> K,
    function: impl Fn(A) -> V,
) -> impl Fn(A) -> V
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    move |arguments| {
        let key = key_of(&arguments);
        cache.get_or_insert_with(key, || function(arguments))
    }
}

/// As [`memoize`], for a function that returns a future.
///
/// ```
/// use wats_cache::{AsyncTtlCache, memoize_async};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let double = memoize_async(AsyncTtlCache::new(), |n: &u32| *n, async |n| n * 2);
/// assert_eq!((double(4).await, double(4).await), (8, 8));
/// # }
/// ```
#[cfg(feature = "async")]
pub fn memoize_async<A, K, V, S>(
    cache: crate::AsyncTtlCache<K, V, S>,
    key_of: impl Fn(&A) -> K,
    function: impl AsyncFn(A) -> V,
) -> impl AsyncFn(A) -> V
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    async move |arguments| {
        let key = key_of(&arguments);
        cache.get_or_insert_with(key, || function(arguments)).await
    }
}

/// What a `#[cached]` function returns, whose errors are its own. One that calls itself with the arguments it is
/// running with would never end, cached or not.
#[doc(hidden)]
pub fn own_error<V, E>(loaded: Result<V, crate::LoadError<E>>) -> Result<V, E> {
    match loaded {
        Ok(value) => Ok(value),
        Err(crate::LoadError::Failed(error)) => Err(error),
        Err(crate::LoadError::Reentrant) => crate::error::reentrant(),
    }
}

/// The cache of one `#[cached]` function, made at its first call. Its types are those of the one place that uses it.
#[doc(hidden)]
pub struct Slot(OnceLock<Box<dyn Any + Send + Sync>>);

impl Slot {
    /// An empty slot.
    #[allow(
        clippy::new_without_default,
        reason = "only written by the macro, into a static"
    )]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The cache, made with `make` if there is none.
    pub fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> &T {
        let cache = self.0.get_or_init(|| Box::new(make()));
        match cache.downcast_ref() {
            Some(cache) => cache,
            None => unreachable!("a slot stands in one function and is used with one type"),
        }
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}
