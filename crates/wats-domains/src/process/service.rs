//! Operations on processes.

use std::sync::Arc;
use std::time::Duration;

use super::{Process, ProcessKey, route};
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Core, Kept};
use crate::error::{Error, Result};
use crate::report::refusal;

/// A list that is no older is believed where it lacks something.
const BELIEVED: Duration = Duration::from_secs(1);

/// The codes that are usual where none is chosen.
const DEFAULT_TEST: i32 = 100;
const DEFAULT_REPAIR: i32 = 500;

request! {
    /// From [`ProcessService::list`].
    pub struct ListProcesses -> Arc<[Process]>, by ask_list {
        /// Whether test operations are among them.
        "includeTestOperations" => test_operations: bool,
        /// Whether repair operations are among them.
        "includeRepairOperations" => repair_operations: bool,
        /// Whether other work in progress is among them.
        "includeWipOperations" => wip_operations: bool,
        /// Whether processes are among them that are not in use any more.
        "includeInactiveProcesses" => inactive: bool,
    }
}

service! {
    /// Operations on processes; from [`Wats::process`](crate::Wats::process).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let processes = api.process().list().await?; // asks the server
    /// let again = api.process().list().await?; // does not
    /// if let Some(ict) = api.process().by_name("ict test").await? {
    ///     println!("ICT test has the code {:?}", ict.code);
    /// }
    /// println!("{}", api.cache_stats().processes); // CacheStats(hits=2, misses=1, hit_rate=66.67%)
    /// # Ok(()) }
    /// ```
    pub struct ProcessService;
}

impl ProcessService {
    /// All active processes (`GET /api/App/Processes`), from memory if they were read lately
    /// ([`CacheOptions::processes`](crate::CacheOptions::processes)). Its setters choose others; each choice is kept for
    /// itself.
    ///
    /// # Errors
    /// The list is not in memory and the call fails. Nothing is kept then.
    pub fn list(&self) -> ListProcesses {
        ListProcesses::new(&self.core, &route::list, Ok(route::list.call()))
    }

    /// Forgets processes and repair operations in memory: the next reads ask the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Processes);
        self.core.clear(Kept::RepairConfigs);
    }

    /// The active process of a code or a name. If the list in memory does not have it and is older than a second, the server
    /// is asked once more: it may be new.
    ///
    /// # Errors
    /// [`Error::Query`] for a name that is empty or holds what nobody sees; or as [`list`](Self::list), and what is in memory
    /// stays.
    pub fn find<'a>(&self, key: impl Into<ProcessKey<'a>>) -> Ask<Option<Process>> {
        self.find_of(key.into(), |_| true)
    }

    /// The process of a code; see [`find`](Self::find).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn by_code(&self, code: i32) -> Ask<Option<Process>> {
        self.find(code)
    }

    /// The process of a name, whatever the case of its letters; see [`find`](Self::find).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn by_name(&self, name: &str) -> Ask<Option<Process>> {
        self.find(name)
    }

    /// The test operation of a code or a name; `None` if there is none that test reports may use. See [`find`](Self::find).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let valid = api.process().test_operation(100).await?.is_some();
    /// # let _ = valid;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn test_operation<'a>(&self, key: impl Into<ProcessKey<'a>>) -> Ask<Option<Process>> {
        self.find_of(key.into(), Process::is_test)
    }

    /// The repair operation of a code or a name; `None` if there is none that repair reports may use. See
    /// [`find`](Self::find).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn repair_operation<'a>(&self, key: impl Into<ProcessKey<'a>>) -> Ask<Option<Process>> {
        self.find_of(key.into(), Process::is_repair)
    }

    /// The other work in progress of a code or a name; `None` if there is none. See [`find`](Self::find).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn wip_operation<'a>(&self, key: impl Into<ProcessKey<'a>>) -> Ask<Option<Process>> {
        self.find_of(key.into(), Process::is_wip)
    }

    /// The active test operations, those of [`list`](Self::list).
    pub fn test_operations(&self) -> Ask<Vec<Process>> {
        self.all_of(Process::is_test)
    }

    /// The active repair operations, those of [`list`](Self::list).
    pub fn repair_operations(&self) -> Ask<Vec<Process>> {
        self.all_of(Process::is_repair)
    }

    /// The other work in progress, that of [`list`](Self::list).
    pub fn wip_operations(&self) -> Ask<Vec<Process>> {
        self.all_of(Process::is_wip)
    }

    /// The test operation to use where none is chosen: that of the code 100, which is the usual one, or else the first of
    /// [`test_operations`](Self::test_operations).
    pub fn default_test_operation(&self) -> Ask<Option<Process>> {
        self.default_of(DEFAULT_TEST, Process::is_test)
    }

    /// The repair operation to use where none is chosen: that of the code 500, which is the usual one, or else the first of
    /// [`repair_operations`](Self::repair_operations).
    pub fn default_repair_operation(&self) -> Ask<Option<Process>> {
        self.default_of(DEFAULT_REPAIR, Process::is_repair)
    }

    fn find_of(&self, key: ProcessKey<'_>, kind: fn(&Process) -> bool) -> Ask<Option<Process>> {
        let fits = key.matcher();
        self.core.run(|core| async move {
            let fits = fits?;
            let fits = |process: &&Process| fits(process) && kind(process);
            let process = list(&core, Duration::MAX).await?.iter().find(fits).cloned();
            if process.is_some() || !core.keeps(Kept::Processes) {
                return Ok(process);
            }
            Ok(list(&core, BELIEVED).await?.iter().find(fits).cloned())
        })
    }

    fn all_of(&self, kind: fn(&Process) -> bool) -> Ask<Vec<Process>> {
        self.core.run(|core| async move {
            let all = list(&core, Duration::MAX).await?;
            Ok(all
                .iter()
                .filter(|process| kind(process))
                .cloned()
                .collect())
        })
    }

    fn default_of(&self, code: i32, kind: fn(&Process) -> bool) -> Ask<Option<Process>> {
        let all = self.all_of(kind);
        self.core.run(|_| async move {
            let mut all = all.await?;
            let place = all.iter().position(|process| process.code == Some(code));
            let place = place.unwrap_or_default();
            Ok((place < all.len()).then(|| all.swap_remove(place)))
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
async fn list(core: &Arc<Core>, max_age: Duration) -> Result<Arc<[Process]>> {
    let call = Ok(route::list.call());
    core.ask_list_within(max_age, &route::list, call).await
}
