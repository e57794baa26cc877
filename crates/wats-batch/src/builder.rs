//! How a batcher is made: by a constructor, or step by step with more than the usual abilities.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use futures_util::FutureExt;

use crate::bulk::Bulk;
use crate::dedupe::ByKey;
use crate::entry::Key;
use crate::metrics::Meter;
use crate::queue::{Errand, Task};
use crate::recovery::Recovery;
use crate::shared::{Options, Shared};
use crate::timer::Timer;
use crate::watch::Watch;
use crate::worker::Worker;
use crate::{BatchConfig, BatchError, ConfigError, IntoAnswers, IntoKeyed, RequestBatcher, Retry};

/// Builds a [`RequestBatcher`]; from [`RequestBatcher::builder`].
///
/// ```
/// use wats_batch::{BatchConfig, Policy, RequestBatcher};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let batcher: RequestBatcher<u32, u32, String> =
///     RequestBatcher::builder(BatchConfig::default().policy(Policy::Eager))
///         .dedupe_by(|id: &u32| *id)
///         .build(|ids: Vec<u32>| async move { ids.into_iter().map(Ok).collect::<Vec<_>>() }).unwrap();
///
/// let (a, b) = tokio::join!(batcher.add(7), batcher.add(7));
/// assert_eq!((a.unwrap(), b.unwrap()), (7, 7));
/// assert_eq!((batcher.stats().items, batcher.stats().deduplicated), (1, 1));
/// # }
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct BatcherBuilder<T, R, E> {
    config: BatchConfig,
    options: Options<T, R, E>,
}

impl<T, R, E> fmt::Debug for BatcherBuilder<T, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatcherBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static, R: Send + 'static, E: Send + Sync + 'static> BatcherBuilder<T, R, E> {
    pub(crate) fn new(config: BatchConfig) -> Self {
        Self {
            config,
            options: Options {
                order_by: None,
                dedupe: None,
                recovery: None,
                meter: Meter(""),
            },
        }
    }

    /// The value of the label `batcher` in the `metrics` figures (feature `metrics`).
    pub fn name(mut self, name: &'static str) -> Self {
        self.options.meter = Meter(name);
        self
    }

    /// Items with the same key share one place in the queue, one call and one (cloned) answer, as
    /// long as that item waits or is in flight. Nothing is kept once it is answered: this is no
    /// cache.
    pub fn dedupe_by<K, F>(mut self, key: F) -> Self
    where
        K: Clone + Eq + Hash + Send + 'static,
        F: Fn(&T) -> K + Send + Sync + 'static,
        R: Clone + Sync,
    {
        self.options.dedupe = Some(Box::new(ByKey::new(key)));
        self
    }

    /// Items with the same key are sent in the order in which they were added, and never in two
    /// bulk calls at a time. An item goes no sooner than an earlier one of its key, whatever its
    /// priority; different keys do not wait for each other.
    pub fn order_by<K: Hash, F: Fn(&T) -> K + Send + Sync + 'static>(mut self, key: F) -> Self {
        let hasher = RandomState::new();
        self.options.order_by = Some(Box::new(move |item| {
            Key::new(hasher.hash_one(key(item))).unwrap_or(Key::MIN)
        }));
        self
    }

    /// Sends the failed part of a batch again: the items whose own error, or the batch whose error,
    /// allows it. The others are answered at once. Meanwhile the batch keeps its bulk slot, pauses
    /// included.
    ///
    /// With [`order_by`](Self::order_by) a batch then has at most one item of a key, so that an item
    /// that has to be sent again is not overtaken by a later one of its key.
    pub fn retry(mut self, retry: Retry<E>) -> Self
    where
        T: Clone,
    {
        self.recovery().retry = Some(retry);
        self
    }

    /// When a bulk call fails as a whole (after its retries) with an error for which `worth` is true,
    /// sends its halves apart, and so on, until the items that fail stand alone: one poisoned item
    /// costs about `2 log₂ n` calls and no other item its answer.
    ///
    /// It sends items again, so let `worth` be true only for a refusal of the whole that one item may
    /// have caused, and that changed nothing. Of a timeout or a lost connection nobody knows whether
    /// the call took effect; of an unavailable server the halves get no more than the whole did. A
    /// panic is not halved.
    ///
    /// Where the whole, its halves and its quarters have failed and nothing got through, all items get
    /// the error of the smallest part they were in: an outage costs a batch seven calls (times its
    /// retries), however large it is. So does poison in each quarter of a batch.
    ///
    /// With [`order_by`](Self::order_by) a batch has at most one item of a key, as under
    /// [`retry`](Self::retry).
    ///
    /// ```
    /// use wats_batch::{BatchConfig, RequestBatcher};
    ///
    /// # #[derive(PartialEq)]
    /// enum Refusal { Rejected, Unavailable }
    ///
    /// let batcher: RequestBatcher<u32, u32, Refusal> = RequestBatcher::builder(BatchConfig::default())
    ///     .bisect_when(|error| *error == Refusal::Rejected)
    ///     .build(|ids: Vec<u32>| async move {
    ///         if ids.contains(&13) { Err(Refusal::Rejected) } else { Ok(ids) }
    ///     }).unwrap();
    /// # let _ = (batcher, Refusal::Unavailable);
    /// ```
    pub fn bisect_when(mut self, worth: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self
    where
        T: Clone,
    {
        let worth = move |error: &_| matches!(error, BatchError::Bulk(error) if worth(error));
        self.recovery().bisect = Some(Arc::new(worth));
        self
    }

    /// As [`bisect_when`](Self::bisect_when), for every error, and for panics. For bulk calls that may
    /// be repeated without harm, such as those that only read.
    pub fn bisect(mut self) -> Self
    where
        T: Clone,
    {
        let failed = |error: &_| matches!(error, BatchError::Bulk(_) | BatchError::Panicked(_));
        self.recovery().bisect = Some(Arc::new(failed));
        self
    }

    fn recovery(&mut self) -> &mut Recovery<T, E>
    where
        T: Clone,
    {
        self.options.recovery.get_or_insert(Recovery {
            copy: T::clone,
            retry: None,
            bisect: None,
        })
    }

    /// Ends with a bulk function that answers in order: see [`IntoAnswers`] for the forms.
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn build<F, Fut>(self, bulk: F) -> Result<RequestBatcher<T, R, E>, ConfigError>
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoAnswers<R, E>,
    {
        self.finish(Bulk::in_order(bulk, IntoAnswers::into_answers))
    }

    /// Ends with a bulk function that answers in order and cannot fail.
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn build_infallible<F, Fut>(self, bulk: F) -> Result<RequestBatcher<T, R, E>, ConfigError>
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        self.finish(Bulk::in_order(bulk, |values| {
            Ok(values.into_iter().map(Ok).collect())
        }))
    }

    /// Ends with a bulk function that answers by key: see [`IntoKeyed`] for the forms.
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn build_keyed<K, G, F, Fut>(
        self,
        key: G,
        bulk: F,
    ) -> Result<RequestBatcher<T, R, E>, ConfigError>
    where
        K: Eq + Hash + Send + 'static,
        R: Clone,
        G: Fn(&T) -> K + Send + Sync + 'static,
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoKeyed<K, R, E>,
    {
        self.finish(Bulk::keyed(key, bulk))
    }

    fn finish(self, bulk: Bulk<T, R, E>) -> Result<RequestBatcher<T, R, E>, ConfigError> {
        self.config.check()?;
        Ok(RequestBatcher::from_shared(Arc::new(Shared::new(
            self.config,
            bulk,
            self.options,
            start,
        ))))
    }
}

/// Starts a task. Made before it is spawned: if the runtime is gone, dropping it tells so.
fn start<T, R, E>(shared: &Arc<Shared<T, R, E>>, errand: Errand)
where
    T: Send + 'static,
    R: Send + 'static,
    E: Send + Sync + 'static,
{
    let (post, runtime) = (errand.post, errand.runtime);
    let task = match errand.task {
        Task::Worker => {
            let worker = Worker::new(shared, post).run();
            return runtime.map_or((), |runtime| shared.start_worker(&runtime, worker));
        }
        Task::Timer => Timer::new(shared, post).run().boxed(),
        Task::Watch => Watch::new(shared, post).run().boxed(),
    };
    drop(runtime.map(|runtime| runtime.spawn(task)));
}

impl<T: Send + 'static, R: Send + 'static> RequestBatcher<T, R, Infallible> {
    /// A batcher whose bulk function gives a plain value for each item, in order.
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn infallible<F, Fut>(config: BatchConfig, bulk: F) -> Result<Self, ConfigError>
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<R>> + Send + 'static,
    {
        Self::builder(config).build_infallible(bulk)
    }
}

impl<T: Send + 'static, R: Send + 'static, E: Send + Sync + 'static> RequestBatcher<T, R, E> {
    /// A batcher whose bulk function answers in order, one answer for each item: see
    /// [`IntoAnswers`] for the forms.
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn new<F, Fut>(config: BatchConfig, bulk: F) -> Result<Self, ConfigError>
    where
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoAnswers<R, E>,
    {
        Self::builder(config).build(bulk)
    }

    /// A batcher whose bulk function answers with a map, in which each item is found by its key:
    /// see [`IntoKeyed`] for the forms.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use wats_batch::{BatchConfig, BatchError, Policy, RequestBatcher};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let config = BatchConfig::default().policy(Policy::Eager);
    /// let batcher: RequestBatcher<u8, &str, String> =
    ///     RequestBatcher::keyed(config, |id| *id, |_ids: Vec<u8>| async {
    ///         HashMap::from([(1, "one"), (2, "two")])
    ///     }).unwrap();
    /// let (two, nine) = tokio::join!(batcher.add(2), batcher.add(9));
    /// assert_eq!(two.unwrap(), "two");
    /// assert!(matches!(nine, Err(BatchError::Missing)));
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] if a limit is 0.
    pub fn keyed<K, G, F, Fut>(config: BatchConfig, key: G, bulk: F) -> Result<Self, ConfigError>
    where
        K: Eq + Hash + Send + 'static,
        R: Clone,
        G: Fn(&T) -> K + Send + Sync + 'static,
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: IntoKeyed<K, R, E>,
    {
        Self::builder(config).build_keyed(key, bulk)
    }

    /// For de-duplication, ordering and recovery.
    pub fn builder(config: BatchConfig) -> BatcherBuilder<T, R, E> {
        BatcherBuilder::new(config)
    }
}
