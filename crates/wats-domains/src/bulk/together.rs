//! Single look-ups that are made at once share queries.
//!
//! Tasks and the thread that carries out what is waited for gather apart, as their requests do: a wait may hold up the
//! very thread that would carry out the query of a task. Nobody joins a query that is under way, so who asks after a write
//! sees it.

use std::any::Any;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use wats_batch::{BatchConfig, BatchError, Partition, Policy, RequestBatcher};

use crate::error::{Error, Result};

/// How single look-ups are gathered; for [`Wats::batching_with`](crate::Wats::batching_with).
///
/// ```
/// use std::time::Duration;
/// use wats_domains::BatchingOptions;
///
/// let options = BatchingOptions::default().window(Duration::from_millis(2));
/// assert_eq!(options.most, 1_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchingOptions {
    /// How long the first of them waits for others; 10 ms by default. With zero those share queries that are made before
    /// the scheduler has its turn, and those that come while all queries are under way.
    pub window: Duration,
    /// Most that are gathered; 1000 by default. So many are looked up at once, before the window ends.
    pub most: usize,
}

impl Default for BatchingOptions {
    fn default() -> Self {
        Self {
            window: Duration::from_millis(10),
            most: 1_000,
        }
    }
}

impl BatchingOptions {
    /// Sets how long the first of them waits for others.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets the most that are gathered.
    pub fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    fn config(&self) -> Result<BatchConfig> {
        if self.most == 0 {
            return Err(Error::Config(
                "BatchingOptions::most is 0, so nothing could be asked for; 1 gathers nothing"
                    .to_owned(),
            ));
        }
        let policy = if self.window.is_zero() {
            Policy::Eager
        } else {
            Policy::Window
        };
        Ok(BatchConfig::default()
            .max_batch_size(self.most)
            .max_wait(self.window)
            .policy(policy))
    }
}

/// Of whatever type, so that the code of a batcher, which is long, is compiled once for all that have such keys.
type Value = Arc<dyn Any + Send + Sync>;

type Batcher<K> = RequestBatcher<K, Value, Error>;

/// Gathers the look-ups of one kind.
pub(crate) struct Together<K, T> {
    tasks: Batcher<K>,
    driver: Batcher<K>,
    finds: PhantomData<fn() -> T>,
}

impl<K, T> Together<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    /// Look-ups by `find`, which gives each key an outcome at its place.
    pub(crate) fn new<F>(options: &BatchingOptions, find: F) -> Result<Self>
    where
        F: Fn(Vec<K>) -> BoxFuture<'static, Result<Partition<T, Error>>>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let batcher = || -> Result<Batcher<K>> {
            let find = find.clone();
            let bulk = move |keys: Vec<K>| find(keys).map(|found| found.map(outcomes));
            let made = RequestBatcher::new(options.config()?, bulk);
            made.map_err(|problem| Error::Config(problem.to_string()))
        };
        Ok(Self {
            tasks: batcher()?,
            driver: batcher()?,
            finds: PhantomData,
        })
    }

    /// The outcome of one; `None` when it cannot be gathered, as in a runtime that ends.
    pub(crate) async fn get(&self, key: K, on_driver: bool) -> Option<Result<Arc<T>>> {
        let batcher = if on_driver { &self.driver } else { &self.tasks };
        match batcher.add(key).await {
            Ok(value) => value.downcast().ok().map(Ok),
            Err(BatchError::Item(error) | BatchError::Bulk(error)) => {
                Some(Err(Arc::try_unwrap(error).unwrap_or_else(Error::Shared)))
            }
            Err(_) => None,
        }
    }
}

/// The outcomes in the order of the keys.
fn outcomes<T: Send + Sync + 'static>(parts: Partition<T, Error>) -> Vec<Result<Value>> {
    let found = parts
        .ok
        .into_iter()
        .map(|(place, value)| (place, Ok(Arc::new(value) as Value)));
    let failed = parts
        .failed
        .into_iter()
        .map(|(place, error)| (place, Err(error)));
    let mut all: Vec<_> = found.chain(failed).collect();
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

impl<K, T> fmt::Debug for Together<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").finish_non_exhaustive()
    }
}
