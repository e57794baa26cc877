//! The wire models of production (`Mes.Production.Public` and `PublicUnitVerification` of the server).

use wats_report::{ReportTime, wire};

use crate::product::{Product, ProductRevision};
use crate::setting::Setting;
use crate::tags::tagged;

wats_report::numbers! {
    /// In which phase of its life a unit is.
    pub enum UnitPhase: "a phase" {
        /// Nobody knows.
        Unknown = 1,
        /// It is made.
        UnderProduction = 2,
        /// It is repaired.
        ProductionRepair = 4,
        /// It came back and is repaired.
        ServiceRepair = 8,
        /// It is finished.
        Finalized = 16,
        /// It is gone.
        Scrapped = 32,
        /// It is tested beyond what is usual.
        ExtendedTest = 64,
        /// It is made to a customer's wish.
        Customization = 128,
        /// It has been repaired.
        Repaired = 256,
        /// Nobody finds it.
        Missing = 512,
        /// It is in a store.
        InStorage = 1024,
        /// It has left the factory.
        Shipped = 2048,
        /// It waits to be made.
        ProductionQueued = 4098,
        /// It waits to be repaired.
        ProductionRepairQueued = 4100,
        /// It came back and waits to be repaired.
        ServiceRepairQueued = 4104,
    }
}

wats_report::numbers! {
    /// What kind of number a type of serial numbers gives.
    pub enum SerialNumberIdentifier: "a kind of serial number" {
        /// A serial number.
        SerialNumber = 0,
        /// A MAC address.
        MacAddress = 1,
        /// An IMEI.
        Imei = 2,
    }
}

wire! {
    /// A unit, as production knows it. The [unit of a report](crate::report::Unit), which the prelude has, is another type.
    pub struct Unit {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
        /// Serial number of the unit that it is part of.
        "parentSerialNumber" => parent_serial_number: String,
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// When it got its serial number.
        "serialDate" => serial_date: ReportTime,
        /// Where it is.
        "currentLocation" => location: String,
        /// Free XML with user-defined values.
        "xmlData" => xml_data: String,
        /// Its phase.
        "unitPhaseId" => phase: UnitPhase,
        /// Its phase in words.
        "unitPhase" => phase_name: String,
        /// Code of the process that it is in.
        "processCode" => process_code: String,
        /// Tags.
        "tags" => tags: Vec<Setting>,
        /// Its revision in full.
        "productRevision" => product_revision: ProductRevision,
        /// Its product in full.
        "product" => product: Product,
        /// Units that are part of it.
        "subUnits" => sub_units: Vec<Unit>,
    }

    /// What has changed of a unit.
    pub struct UnitChange {
        /// Identifier, to [delete](crate::production::ProductionService::delete_change) the change when it was handled.
        "id" => id: i32,
        /// The unit.
        "unitSerialNumber" => serial_number: String,
        /// The unit that it is part of now.
        "newParentSerialNumber" => new_parent_serial_number: String,
        /// Its part number now.
        "newPartNumber" => new_part_number: String,
        /// Its revision now.
        "newRevision" => new_revision: String,
        /// Its phase now.
        "newUnitPhaseId" => new_phase: UnitPhase,
    }

    /// A batch of units.
    pub struct ProductionBatch {
        /// Batch number.
        "batchNumber" => batch_number: String,
        /// How many units it has.
        "batchSize" => size: i32,
    }

    /// A type of serial numbers.
    pub struct SerialNumberType {
        /// Name.
        "name" => name: String,
        /// Description.
        "description" => description: String,
        /// How a number is made.
        "format" => format: String,
        /// Regular expression that a number fits.
        "regEx" => pattern: String,
        /// What kind of number it is.
        "identifier" => identifier: SerialNumberIdentifier,
        /// The kind in words.
        "identifierName" => identifier_name: String,
    }

    /// A phase of units, as the server names it.
    pub struct Phase {
        /// The phase.
        "UnitPhaseId" => phase: UnitPhase,
        /// Its code.
        "Code" => code: String,
        /// Name for people.
        "Name" => name: String,
        /// Description.
        "Description" => description: String,
    }

    /// How good a unit is by the verification rules.
    pub struct UnitVerificationGrade {
        /// Status of the unit.
        "status" => status: String,
        /// Its grade.
        "grade" => grade: String,
        /// Whether its processes ran in the right order.
        "allProcessesExecutedInCorrectOrder" => all_in_order: bool,
        /// Whether it passed each process the first time.
        "allProcessesPassedFirstRun" => all_passed_first_run: bool,
        /// Whether it passed each process at some time.
        "allProcessesPassedAnyRun" => all_passed_any_run: bool,
        /// Whether it passed each process the last time.
        "allProcessesPassedLastRun" => all_passed_last_run: bool,
        /// Whether it was never repaired.
        "noRepairs" => no_repairs: bool,
        /// How it went in each process of the rule.
        "results" => results: Vec<UnitVerification>,
    }

    /// How a unit went in one process.
    pub struct UnitVerification {
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Its name.
        "processName" => process_name: String,
        /// Its place in the order.
        "processIndex" => process_index: i32,
        /// Status of the unit in it.
        "status" => status: String,
        /// When the test began.
        "startUtc" => start: ReportTime,
        /// The test station.
        "stationName" => station_name: String,
        /// How often it was tested.
        "totalCount" => total_count: i32,
        /// How often it did not pass.
        "nonPassedCount" => non_passed_count: i32,
        /// How often it was repaired.
        "repairCount" => repair_count: i32,
    }
}

tagged!(Unit);

impl Unit {
    /// A unit that is not saved yet.
    pub fn new(key: super::UnitKey<'_>) -> Self {
        Self {
            serial_number: Some(key.serial_number.to_owned()),
            part_number: Some(key.part_number.to_owned()),
            ..Self::default()
        }
    }
}

impl ProductionBatch {
    /// A batch of so many units.
    pub fn new(batch_number: impl Into<String>, size: i32) -> Self {
        Self {
            batch_number: Some(batch_number.into()),
            size: Some(size),
            ..Self::default()
        }
    }
}
