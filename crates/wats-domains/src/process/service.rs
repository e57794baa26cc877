//! Operations on processes.

use std::sync::Arc;

use wats_cache::CacheStats;

use super::Process;
use crate::api::Api;
use crate::error::Result;
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

    /// The process of a code.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn by_code(self, code: i32) -> Result<Option<Process>> {
        self.find(|process| process.code == Some(code)).await
    }

    /// The process of a name, whatever the case of its letters.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn by_name(self, name: &str) -> Result<Option<Process>> {
        let wanted = name.to_lowercase();
        self.find(|process| process.name().to_lowercase() == wanted)
            .await
    }

    /// Hits and misses of the cached list.
    pub fn stats(self) -> CacheStats {
        self.api.processes().stats()
    }

    async fn find(self, wanted: impl Fn(&Process) -> bool) -> Result<Option<Process>> {
        Ok(self
            .list()
            .await?
            .iter()
            .find(|process| wanted(process))
            .cloned())
    }

    async fn load(self) -> Result<Arc<[Process]>> {
        let route = &route::PROCESS_LIST;
        let list: Vec<Process> = self.api.read(route, route.call()).await?;
        Ok(list.into())
    }
}
