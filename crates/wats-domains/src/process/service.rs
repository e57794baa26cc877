//! Operations on processes.

use std::sync::Arc;

use wats_cache::CacheStats;

use super::route;
use super::{Key, Process};
use crate::ask::{Ask, Core, Kept};
use crate::error::{Error, Result};
use crate::report::refusal;

/// Operations on processes; from [`Wats::process`](crate::Wats::process).
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
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
    core: &'a Arc<Core>,
}

impl<'a> ProcessService<'a> {
    pub(crate) fn new(core: &'a Arc<Core>) -> Self {
        Self { core }
    }

    /// All active processes (`GET /api/App/Processes`), from memory if they were read lately.
    ///
    /// # Errors
    /// The list is not cached and the call fails. Nothing is cached then.
    pub fn list(self) -> Ask<Arc<[Process]>> {
        self.core.run(|core| async move {
            match route::list.keeps {
                Some(Kept::Processes) => core.processes().get_or_load(|| load(&core)).await,
                None => load(&core).await,
            }
        })
    }

    /// Reads the list from the server in any case and keeps it.
    ///
    /// # Errors
    /// The call fails; what was cached before stays.
    pub fn refresh(self) -> Ask<Arc<[Process]>> {
        self.core.run(|core| async move {
            let list = load(&core).await?;
            core.processes().put(Arc::clone(&list));
            Ok(list)
        })
    }

    /// The process of a code. If the list in memory does not have it, the server is asked once more: it may be new. That it is
    /// missing is believed for a second then.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn by_code(self, code: i32) -> Ask<Option<Process>> {
        self.find(Key::Code(code))
    }

    /// The process of a name, whatever the case of its letters; like [`by_code`](Self::by_code) with what is not in memory.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn by_name(self, name: &str) -> Ask<Option<Process>> {
        self.find(Key::Name(name.to_lowercase()))
    }

    /// Hits and misses of the cached list.
    pub fn stats(self) -> CacheStats {
        self.core.processes().stats()
    }

    fn find(self, key: Key) -> Ask<Option<Process>> {
        self.core
            .run(|core| async move { core.processes().find(key, || load(&core)).await })
    }

    /// Adds to the refusal of a report whose process the server does not know which ones it knows. They are read anew, as
    /// the list in memory led to that report.
    pub(crate) async fn explain(self, error: Error) -> Error {
        if !refusal::is_unknown_process(&error.findings()) {
            return error;
        }
        match self.core.processes().recent(|| load(self.core)).await {
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

async fn load(core: &Core) -> Result<Arc<[Process]>> {
    let list: Vec<Process> = core.read(&route::list, route::list.call()).await?;
    Ok(list.into())
}
