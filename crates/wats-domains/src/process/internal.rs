//! Operations on processes by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{
    DetailedProcess, FailCode, ProcessService, RepairCategory, RepairConfig, RepairConfigs, route,
};
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;

service! {
    /// Internal operations on processes; from [`ProcessService::internal`].
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// for category in api.process().internal().repair_categories(500).await? {
    ///     for code in category.fail_codes() {
    ///         println!("{}: {}", category.description(), code.description());
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub struct InternalProcesses, internal of ProcessService;
}

request! {
    /// From [`InternalProcesses::repair_config`].
    pub struct GetRepairConfig -> Arc<Value>, by ask_kept {
        /// The code of the process.
        "processCode" => process_code: i32,
    }
}

impl InternalProcesses {
    /// All processes with their ids (`GET /api/internal/Process/GetProcesses`), from memory as
    /// [`ProcessService::list`] does.
    pub fn list(&self) -> Ask<Arc<[DetailedProcess]>> {
        let route = &route::internal::list;
        self.core.ask_list(route, Ok(route.call()))
    }

    /// A process by its id (`GET /api/internal/Process/GetProcess/{id}`), from memory as [`list`](Self::list) does.
    pub fn get(&self, id: Uuid) -> Ask<Arc<DetailedProcess>> {
        let route = &route::internal::get;
        self.core.ask_kept(route, Ok(route.call().path("id", id)))
    }

    /// What all repair operations ask for, by their codes (`GET /api/internal/Process/GetRepairOperations`), from memory if
    /// they were read lately ([`CacheOptions::repair_configs`](crate::CacheOptions::repair_configs)).
    pub fn repair_configs(&self) -> Ask<Arc<RepairConfigs>> {
        let route = &route::internal::repair_configs;
        self.core.ask_kept(route, Ok(route.call()))
    }

    /// What one repair operation asks for, by the id of its process (`GET /api/internal/Process/GetRepairOperation/{id}`),
    /// from memory as [`repair_configs`](Self::repair_configs) does. The form of the answer is not described.
    pub fn repair_config(&self, id: Uuid) -> GetRepairConfig {
        let route = &route::internal::repair_config;
        GetRepairConfig::new(&self.core, route, Ok(route.call().path("id", id)))
    }

    /// The categories of failures of a repair operation, each with its codes; none if there is no such operation. They are
    /// those of [`repair_configs`](Self::repair_configs).
    pub fn repair_categories(&self, code: i32) -> Ask<Vec<RepairCategory>> {
        let all = self.repair_configs();
        self.core.run(|_| async move {
            let all = all.await?;
            let operation = all.get(code);
            Ok(operation.map_or_else(Vec::new, |operation| operation.categories().to_vec()))
        })
    }

    /// The codes of failures of a repair operation, each with its category; none if there is no such operation. They are
    /// those of [`repair_configs`](Self::repair_configs), and fill a [`Failure`](crate::report::Failure) of a repair report.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::report::Failure;
    ///
    /// let codes = api.process().internal().fail_codes(500).await?;
    /// if let Some(code) = codes.iter().find(|code| code.code.description() == "Cold solder") {
    ///     let failure = Failure::new(code.failure_code()).component("R7");
    ///     # let _ = failure;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn fail_codes(&self, code: i32) -> Ask<Vec<FailCode>> {
        let all = self.repair_configs();
        self.core.run(|_| async move {
            let all = all.await?;
            let codes = all.get(code).into_iter();
            let codes = codes.flat_map(RepairConfig::fail_codes);
            let owned = |(category, code): (&RepairCategory, &RepairCategory)| FailCode {
                category: category.description().to_owned(),
                code: code.clone(),
            };
            Ok(codes.map(owned).collect())
        })
    }
}
