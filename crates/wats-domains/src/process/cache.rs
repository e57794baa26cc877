//! The one cached list of processes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use wats_cache::{AsyncTtlCache, CacheStats, LoadError};

use super::Process;
use crate::error::{Error, Result};

/// The only key.
const LIST: &str = "processes";

/// A cache of one entry, with the single flight and statistics of any other.
#[derive(Debug)]
pub(crate) struct ProcessCache {
    lists: AsyncTtlCache<&'static str, Arc<[Process]>>,
}

impl ProcessCache {
    pub(crate) fn new(ttl: Duration) -> Self {
        Self {
            lists: AsyncTtlCache::builder()
                .max_entries(1)
                .default_ttl(ttl)
                .build(),
        }
    }

    /// The cached list, or what `load` brings; callers that come meanwhile wait for the one load.
    pub(crate) async fn get_or_load<F, Fut>(&self, load: F) -> Result<Arc<[Process]>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Arc<[Process]>>>,
    {
        self.lists
            .get_or_try_insert_with(LIST, load)
            .await
            .map_err(|error| match error {
                LoadError::Failed(error) => error,
                LoadError::Reentrant => Error::Data(error.to_string()),
            })
    }

    pub(crate) fn put(&self, list: Arc<[Process]>) {
        self.lists.insert(LIST, list);
    }

    pub(crate) fn invalidate(&self) {
        self.lists.remove(&LIST);
    }

    pub(crate) fn stats(&self) -> CacheStats {
        self.lists.stats()
    }
}
