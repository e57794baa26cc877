//! Operations on inspections of a unit.

use serde_json::Value;
use uuid::Uuid;

use super::{
    DefinitionStatus, Inspection, InspectionMiscInfo, InspectionSequence, InspectionStep,
    ManualInspectionService, route,
};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::error::Result;
use crate::scanned::{self, Kind};

/// A unit to be inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InspectedUnit<'a> {
    /// Serial number.
    pub serial_number: &'a str,
    /// Part number.
    pub part_number: &'a str,
    /// Revision; empty for a unit without one.
    pub revision: &'a str,
    /// Batch number; empty for a unit without one.
    pub batch_number: &'a str,
}

impl InspectedUnit<'_> {
    fn check(self) -> Result<()> {
        scanned::check_some("serial number", self.serial_number, Kind::Number)?;
        scanned::check_some("part number", self.part_number, Kind::Number)?;
        scanned::check("revision", self.revision, Kind::Number)?;
        scanned::check("batch number", self.batch_number, Kind::Number)
    }
}

request! {
    /// From [`ManualInspectionService::sequences`].
    pub struct Sequences -> Vec<InspectionSequence>, by ask {
        /// Only those of this status.
        "status" => status: DefinitionStatus,
        /// The station where the unit is inspected.
        "stationName" => station_name: String as Name,
    }

    /// From [`ManualInspectionService::save_steps`].
    pub struct SaveSteps -> Value, by ask_any {
        /// Whether the inspection is done, which makes its report.
        "submit" => submit: bool,
        /// Whether the answer is the whole inspection.
        "returnRootSequence" => return_root_sequence: bool,
    }
}

impl ManualInspectionService {
    /// The sequences that a unit may go through (`GET /api/internal/ManualInspection/GetSequences`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty serial or part number; or the call fails.
    pub fn sequences(&self, unit: InspectedUnit<'_>) -> Sequences {
        let route = &route::sequences;
        let call = unit.check().map(|()| {
            let call = route.call().query("serialNumber", unit.serial_number);
            let call = call.query("partNumber", unit.part_number);
            let call = call.query("revision", unit.revision);
            call.query("batchNumber", unit.batch_number)
        });
        Sequences::new(&self.core, route, call)
    }

    /// The inspection of a unit (`GET /api/internal/ManualInspection/GetMiDetails/{id}`); `None` if there is none.
    pub fn inspection(&self, unit_id: Uuid) -> Ask<Option<Inspection>> {
        let call = route::inspection.call().path("id", unit_id);
        self.core.ask(&route::inspection, Ok(call))
    }

    /// As [`inspection`](Self::inspection), by the route that newer servers use
    /// (`GET /api/internal/ManualInspection/GetMiDetailsNew/{id}`).
    pub fn inspection_by_newer_route(&self, unit_id: Uuid) -> Ask<Option<Inspection>> {
        let call = route::inspection_by_newer_route.call().path("id", unit_id);
        self.core.ask(&route::inspection_by_newer_route, Ok(call))
    }

    /// Stores what was done of an inspection (`PUT /api/internal/ManualInspection/PutSequence`). The form of the answer is
    /// not described. It is not repeated, as submitting makes a report each time.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for no steps; or the call fails.
    pub fn save_steps(&self, steps: &[InspectionStep]) -> SaveSteps {
        let route = &route::save_steps;
        let call = argument::some("steps", steps).and_then(|steps| {
            steps.iter().try_for_each(finite)?;
            Ok(route.call().json(steps))
        });
        SaveSteps::new(&self.core, route, call)
    }

    /// Stores a step that asks for a text (`PUT /api/internal/ManualInspection/PutStringTest`). The form of the answer is
    /// not described.
    pub fn save_string_test(&self, step: &InspectionStep) -> Ask<Value> {
        let call = finite(step).map(|()| route::save_string_test.call().json(step));
        self.core.ask_any(&route::save_string_test, call)
    }

    /// Whether a misc info fits (`PUT /api/internal/ManualInspection/ValidateMiscInfo`). The form of the answer is not
    /// described.
    pub fn check_misc_info(&self, misc_info: &InspectionMiscInfo) -> Ask<Value> {
        let call = route::check_misc_info.call().json(misc_info);
        self.core.ask_any(&route::check_misc_info, Ok(call))
    }
}

fn finite(step: &InspectionStep) -> Result<()> {
    argument::finite("execution_time", step.execution_time.as_ref())
}
