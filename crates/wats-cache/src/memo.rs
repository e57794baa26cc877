//! Memoising without a macro.

use crate::sync::TtlCache;
use std::hash::{BuildHasher, Hash};

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
