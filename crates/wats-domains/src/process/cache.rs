//! The one cached list of processes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wats_cache::{AsyncTtlCache, CacheStats, LoadError, Loaded, TtlCache};

use super::Process;
use crate::error::{Error, Result};

/// The only key.
const LIST: &str = "processes";

/// For how long a process that the server was asked for in vain is believed to be missing.
const MISSING: Duration = Duration::from_secs(1);
/// Most processes that are known to be missing.
const MOST_MISSING: usize = 256;

/// What a process is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Code(i32),
    /// In small letters.
    Name(String),
    /// Some process that the list does not name.
    Other,
}

impl Key {
    fn fits(&self, process: &Process) -> bool {
        match self {
            Self::Code(code) => process.code == Some(*code),
            Self::Name(name) => process.name().to_lowercase() == *name,
            Self::Other => false,
        }
    }
}

/// The error of a load that others may have waited for.
fn unshared(error: LoadError<Arc<Error>>) -> Error {
    match error {
        LoadError::Failed(error) => Arc::try_unwrap(error).unwrap_or_else(Error::Shared),
        LoadError::Reentrant => Error::Data(error.to_string()),
    }
}

/// A cache of one entry, with the single flight and statistics of any other.
#[derive(Debug)]
pub(crate) struct ProcessCache {
    lists: AsyncTtlCache<&'static str, Arc<[Process]>>,
    /// Keeps nothing: it makes one call of those that want a newer list at the same time.
    reading: AsyncTtlCache<&'static str, Arc<[Process]>>,
    missing: TtlCache<Key, ()>,
}

impl ProcessCache {
    pub(crate) fn new(ttl: Option<Duration>) -> Self {
        Self {
            lists: AsyncTtlCache::builder()
                .max_entries(1)
                .default_ttl(ttl)
                .build(),
            reading: AsyncTtlCache::builder().max_entries(1).build(),
            missing: TtlCache::builder()
                .max_entries(MOST_MISSING)
                .default_ttl(MISSING)
                .build(),
        }
    }

    /// The process of this key. A list from memory that does not have it may be older than the process, so the server is
    /// asked once more before that is believed; then it is believed for a second, so that a loop asks no more often.
    pub(crate) async fn find<F, Fut>(&self, key: Key, load: F) -> Result<Option<Process>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Arc<[Process]>>>,
    {
        let loaded = AtomicBool::new(false);
        let load = || {
            loaded.store(true, Ordering::Relaxed);
            load()
        };
        let found = |list: &[Process]| list.iter().find(|process| key.fits(process)).cloned();
        let list = self.get_or_load(load).await?;
        let process = found(&list);
        if process.is_some() || loaded.load(Ordering::Relaxed) || self.missing.contains_key(&key) {
            return Ok(process);
        }
        let process = found(&self.read_anew(load).await?);
        if process.is_none() {
            self.missing.insert(key, ());
        }
        Ok(process)
    }

    /// The list, read anew unless that was done for the same reason within the last second.
    pub(crate) async fn recent<F, Fut>(&self, load: F) -> Result<Arc<[Process]>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Arc<[Process]>>>,
    {
        if self.missing.contains_key(&Key::Other) {
            return self.get_or_load(load).await;
        }
        self.missing.insert(Key::Other, ());
        self.read_anew(load).await
    }

    /// Reads the list by one call for all who want that now. What is in memory stays until the new list is there.
    async fn read_anew<F, Fut>(&self, load: F) -> Result<Arc<[Process]>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Arc<[Process]>>>,
    {
        let load = || async {
            let list = load().await.map_err(Arc::new)?;
            self.put(Arc::clone(&list));
            // Over at once: it stands in the other cache.
            Ok(Loaded::new(list).ttl(Duration::ZERO))
        };
        let read = self.reading.get_or_load_shared_with(LIST, load).await;
        read.map_err(unshared)
    }

    /// The cached list, or what `load` brings, a failure too; callers that come meanwhile wait for the one load. So no
    /// caller waits longer than one call may take, however many wait at a server that hangs.
    pub(crate) async fn get_or_load<F, Fut>(&self, load: F) -> Result<Arc<[Process]>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Arc<[Process]>>>,
    {
        self.lists
            .get_or_try_insert_shared_with(LIST, || async { load().await.map_err(Arc::new) })
            .await
            .map_err(unshared)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

    use super::*;
    use tokio::time::Instant;

    async fn hang() -> Result<Arc<[Process]>> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(Error::Data("the server hangs".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_for_a_load_that_fails_fail_with_it() {
        let cache = Arc::new(ProcessCache::new(Some(Duration::from_secs(60))));
        let start = Instant::now();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let cache = Arc::clone(&cache);
            calls.spawn(async move {
                let error = cache.get_or_load(hang).await.unwrap_err();
                (error.to_string(), start.elapsed().as_secs())
            });
        }
        for seen in calls.join_all().await {
            assert_eq!(seen, ("the server hangs".to_owned(), 1));
        }
        assert_eq!(cache.stats().loads_failed, 1);
        // It is not cached, and who shares it with nobody has it as it is.
        let error = cache.get_or_load(hang).await.unwrap_err();
        assert!(matches!(error, Error::Data(_)), "{error:?}");
        assert_eq!(start.elapsed().as_secs(), 2);
    }

    #[tokio::test]
    async fn a_list_is_kept_for_its_time_and_none_is_until_it_is_refreshed() {
        for (ttl, loads) in [
            (Some(Duration::ZERO), 3),
            (Some(Duration::from_secs(60)), 1),
            (None, 1),
        ] {
            let cache = ProcessCache::new(ttl);
            let loaded = std::cell::Cell::new(0);
            for _ in 0..3 {
                let load = || {
                    loaded.set(loaded.get() + 1);
                    async { Ok(Arc::from([])) }
                };
                cache.get_or_load(load).await.unwrap();
            }
            assert_eq!(loaded.get(), loads, "{ttl:?}");
        }
    }
}
