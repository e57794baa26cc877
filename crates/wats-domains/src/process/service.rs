//! Operations on processes.

use std::sync::Arc;
use std::time::Duration;

use super::Process;
use super::route;
use crate::ask::{Ask, Core, Kept};
use crate::error::{Error, Result};
use crate::report::refusal;

/// A list that is no older is believed where it lacks something.
const BELIEVED: Duration = Duration::from_secs(1);

/// Operations on processes; from [`Wats::process`](crate::Wats::process).
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// let processes = api.process().list().await?; // asks the server
/// let again = api.process().list().await?; // does not
/// if let Some(ict) = api.process().by_name("ict").await? {
///     println!("ICT has the code {:?}", ict.code);
/// }
/// println!("{}", api.cache_stats().processes); // CacheStats(hits=2, misses=1, hit_rate=66.67%)
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ProcessService {
    core: Arc<Core>,
}

impl ProcessService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// All active processes (`GET /api/App/Processes`), from memory if they were read lately
    /// ([`CacheOptions::processes`](crate::CacheOptions::processes)).
    ///
    /// # Errors
    /// The list is not in memory and the call fails. Nothing is kept then.
    pub fn list(&self) -> Ask<Arc<[Process]>> {
        self.core
            .run(|core| async move { list(&core, Duration::MAX).await })
    }

    /// Forgets the list in memory: the next call reads it from the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Processes);
    }

    /// The process of a code. If the list in memory does not have it and is older than a second, the server is asked once
    /// more: it may be new.
    ///
    /// # Errors
    /// As [`list`](Self::list); what is in memory stays.
    pub fn by_code(&self, code: i32) -> Ask<Option<Process>> {
        self.find(move |process| process.code == Some(code))
    }

    /// The process of a name, whatever the case of its letters; like [`by_code`](Self::by_code) with what is not in memory.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn by_name(&self, name: &str) -> Ask<Option<Process>> {
        let name = name.to_lowercase();
        self.find(move |process| process.name().to_lowercase() == name)
    }

    fn find(
        &self,
        fits: impl Fn(&Process) -> bool + Send + Sync + 'static,
    ) -> Ask<Option<Process>> {
        self.core.run(|core| async move {
            let found = |list: &[Process]| list.iter().find(|process| fits(process)).cloned();
            let process = found(&list(&core, Duration::MAX).await?);
            if process.is_some() || !core.keeps(Kept::Processes) {
                return Ok(process);
            }
            Ok(found(&list(&core, BELIEVED).await?))
        })
    }

    /// Adds to the refusal of a report whose process the server does not know which ones it knows. They are read anew, as
    /// the list in memory led to that report.
    pub(crate) async fn explain(&self, error: Error) -> Error {
        if !refusal::is_unknown_process(&error.findings()) {
            return error;
        }
        match list(&self.core, BELIEVED).await {
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
}

/// The list, from memory if it is no older than that.
async fn list(core: &Core, max_age: Duration) -> Result<Arc<[Process]>> {
    core.read_list(&route::list, route::list.call(), max_age)
        .await
}
