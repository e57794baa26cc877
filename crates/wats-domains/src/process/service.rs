//! Operations on processes.

use std::sync::Arc;

use wats_cache::CacheStats;

use super::{Key, Process};
use crate::api::Api;
use crate::error::{Error, Result};
use crate::report::refusal;
use crate::route::{self, Cached};

/// Operations on processes; from [`Api::process`].
///
/// ```no_run
/// # async fn example(api: wats_domains::Api) -> wats_domains::Result<()> {
/// let processes = api.process().list().await?; // asks the server
/// let again = api.process().list().await?; // does not
/// if let Some(ict) = api.process().by_name("ict").await? {
///     println!("ICT has the code {:?}", ict.code);
/// }
/// println!("{}", api.process().stats()); // CacheStats(hits=2, misses=1, hit_rate=66.67%)
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProcessService<'a> {
    api: &'a Api,
}

impl<'a> ProcessService<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        Self { api }
    }

    /// All active processes (`GET /api/App/Processes`), from memory if they were read lately.
    ///
    /// # Errors
    /// The list is not cached and the call fails. Nothing is cached then.
    pub async fn list(self) -> Result<Arc<[Process]>> {
        match route::PROCESS_LIST.reads {
            Some(Cached::Processes) => self.api.processes().get_or_load(|| self.load()).await,
            None => self.load().await,
        }
    }

    /// Reads the list from the server in any case and keeps it.
    ///
    /// # Errors
    /// The call fails; what was cached before stays.
    pub async fn refresh(self) -> Result<Arc<[Process]>> {
        let list = self.load().await?;
        self.api.processes().put(Arc::clone(&list));
        Ok(list)
    }

    /// The process of a code. If the list in memory does not have it, the server is asked once more: it may be new. That it is
    /// missing is believed for a second then.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn by_code(self, code: i32) -> Result<Option<Process>> {
        self.find(Key::Code(code)).await
    }

    /// The process of a name, whatever the case of its letters; like [`by_code`](Self::by_code) with what is not in memory.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn by_name(self, name: &str) -> Result<Option<Process>> {
        self.find(Key::Name(name.to_lowercase())).await
    }

    /// Hits and misses of the cached list.
    pub fn stats(self) -> CacheStats {
        self.api.processes().stats()
    }

    async fn find(self, key: Key) -> Result<Option<Process>> {
        self.api.processes().find(key, || self.load()).await
    }

    /// Adds to the refusal of a report whose process the server does not know which ones it knows. They are read anew, as
    /// the list in memory led to that report.
    pub(crate) async fn explain(self, error: Error) -> Error {
        if !refusal::is_unknown_process(&error.findings()) {
            return error;
        }
        match self.api.processes().recent(|| self.load()).await {
            Ok(list) => Error::UnknownProcess {
                source: Box::new(error),
                known: list
                    .iter()
                    .filter_map(|process| Some((process.code?, process.name().to_owned())))
                    .collect(),
            },
            // What hinders reading the list is not what was asked for.
            Err(_) => error,
        }
    }

    async fn load(self) -> Result<Arc<[Process]>> {
        let route = &route::PROCESS_LIST;
        let list: Vec<Process> = self.api.read(route, route.call()).await?;
        Ok(list.into())
    }
}
