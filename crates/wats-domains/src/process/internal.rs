//! Operations on processes by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{
    DetailedProcess, ProcessService, RepairCategory, RepairOperation, RepairOperations, route,
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
    /// From [`InternalProcesses::repair_operation`].
    pub struct GetRepairOperation -> Arc<Value>, by ask_kept {
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
    /// they were read lately ([`CacheOptions::repair_operations`](crate::CacheOptions::repair_operations)).
    pub fn repair_operations(&self) -> Ask<Arc<RepairOperations>> {
        let route = &route::internal::repair_operations;
        self.core.ask_kept(route, Ok(route.call()))
    }

    /// What one repair operation asks for, by the id of its process (`GET /api/internal/Process/GetRepairOperation/{id}`),
    /// from memory as [`repair_operations`](Self::repair_operations) does. The form of the answer is not described.
    pub fn repair_operation(&self, id: Uuid) -> GetRepairOperation {
        let route = &route::internal::repair_operation;
        GetRepairOperation::new(&self.core, route, Ok(route.call().path("id", id)))
    }

    /// The categories of failures of a repair operation, each with its codes; none if there is no such operation. They are
    /// those of [`repair_operations`](Self::repair_operations).
    pub fn repair_categories(&self, code: i32) -> Ask<Vec<RepairCategory>> {
        let all = self.repair_operations();
        self.core.run(|_| async move {
            let all = all.await?;
            let operation = all.get(code);
            Ok(operation.map_or_else(Vec::new, |operation| operation.categories().to_vec()))
        })
    }

    /// The codes of failures of a repair operation, of all its categories; none if there is no such operation. They are
    /// those of [`repair_operations`](Self::repair_operations).
    pub fn fail_codes(&self, code: i32) -> Ask<Vec<RepairCategory>> {
        let all = self.repair_operations();
        self.core.run(|_| async move {
            let all = all.await?;
            let codes = all.get(code).into_iter();
            let codes = codes.flat_map(RepairOperation::fail_codes);
            Ok(codes.map(|(_, code)| code.clone()).collect())
        })
    }
}
