//! Operations on workflows.

use super::route;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::production::UnitKey;

wats_report::numbers! {
    /// How far the definition of a workflow has come.
    pub enum WorkflowStatus: "the status of a workflow" {
        /// A draft.
        Draft = 0,
        /// Waits for its release.
        Pending = 1,
        /// Released.
        Released = 2,
        /// Not in use any more.
        Revoked = 3,
    }
}

request! {
    /// From [`WorkflowService::start_test`].
    pub struct StartTest -> bool, by ask {
        /// Name of the operator.
        "operatorName" => operator: String as Name,
        /// Name of the test station.
        "stationName" => station: String as Name,
        /// Status of the definition with which the workflow was begun on the unit; released unless told.
        "status" => status: WorkflowStatus,
    }

    /// From [`WorkflowService::end_test`].
    pub struct EndTest -> bool, by ask {
        /// Name of the operator.
        "operatorName" => operator: String as Name,
        /// Name of the test station.
        "stationName" => station: String as Name,
        /// Status of the definition with which the workflow was begun on the unit; released unless told.
        "status" => status: WorkflowStatus,
    }
}

service! {
    /// Operations on workflows; from [`Wats::workflow`](crate::Wats::workflow).
    ///
    /// The unit must exist, a workflow must have been begun on it, and its current activity must be a test; else the answer is
    /// `false`. Nothing is repeated, as the server takes each call for a step of its own.
    pub struct WorkflowService;
}

impl WorkflowService {
    /// Begins the test of a unit (`GET /api/Workflow/StartTest`). The answer says whether it has begun.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a number that is empty or holds what nobody sees; or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::production::UnitKey;
    ///
    /// let unit = UnitKey { serial_number: "0001", part_number: "PCBA-001" };
    /// if api.workflow().start_test(unit).operator("Ada").await? {
    ///     api.workflow().end_test(unit, true).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn start_test(&self, unit: UnitKey<'_>) -> StartTest {
        let route = &route::start_test;
        StartTest::new(&self.core, route, unit.query(route.call()))
    }

    /// Ends the test of a unit as passed or failed (`GET /api/Workflow/EndTest`). The answer says whether it has ended.
    ///
    /// # Errors
    /// As [`start_test`](Self::start_test).
    pub fn end_test(&self, unit: UnitKey<'_>, passed: bool) -> EndTest {
        let route = &route::end_test;
        let call = unit.query(route.call());
        EndTest::new(
            &self.core,
            route,
            call.map(|call| call.query("passed", passed)),
        )
    }
}
