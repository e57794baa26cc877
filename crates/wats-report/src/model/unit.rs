//! What the header of a report lists: named values, units, equipment.

use uuid::Uuid;

use super::Failure;
use crate::wire::{Number, wire};

wire! {
    /// A named text or number of a report.
    pub struct MiscInfo {
        /// Name.
        "description" => description: String,
        /// Type definition; no longer used.
        "typedef" => type_definition: String,
        /// Text.
        "text" => text: String,
        /// Number.
        "numeric" => number: i32,
        /// Identifier; only in repair reports.
        "id" => id: Uuid,
    }

    /// A unit built into another. In a repair report the repaired unit is the first.
    pub struct SubUnit {
        /// What kind of part it is.
        "partType" => part_type: String,
        /// Part number.
        "pn" => part_number: String,
        /// Revision.
        "rev" => revision: String,
        /// Serial number.
        "sn" => serial_number: String,
        /// Number within a repair report, by which other units refer to it.
        "idx" => index: i32,
        /// Number of the unit that it is built into; only in repair reports.
        "parentIdx" => parent_index: i32,
        /// Where it sits.
        "position" => position: i32,
        /// Number of the unit that took its place; only in repair reports.
        "replacedIdx" => replaced_by: i32,
        /// What was wrong with it; only in repair reports.
        "failures" => failures: Vec<Failure>,
    }

    /// Equipment used.
    pub struct Asset {
        /// Serial number of the equipment.
        "assetSN" => serial_number: String,
        /// How much it was used.
        "usageCount" => usage_count: i32,
    }

    /// State of equipment at the time of the test; only the server writes it.
    pub struct AssetStatistics {
        /// Serial number of the equipment.
        "assetSN" => serial_number: String,
        /// Uses since the last calibration.
        "runningCount" => running_count: i32,
        /// How far that is above the limit.
        "runningCountExceeded" => running_count_exceeded: i32,
        /// Uses in all.
        "totalCount" => total_count: i32,
        /// How far that is above the limit.
        "totalCountExceeded" => total_count_exceeded: i32,
        /// Days since the last calibration.
        "daysSinceCalibration" => days_since_calibration: Number,
        /// Whether it has never been calibrated.
        "isDaysSinceCalibrationUnknown" => calibration_unknown: bool,
        /// Days by which calibration is overdue.
        "calibrationDaysOverdue" => calibration_days_overdue: Number,
        /// Days since the last maintenance.
        "daysSinceMaintenance" => days_since_maintenance: Number,
        /// Whether it has never been maintained.
        "isDaysSinceMaintenanceUnknown" => maintenance_unknown: bool,
        /// Days by which maintenance is overdue.
        "maintenanceDaysOverdue" => maintenance_days_overdue: Number,
        /// What the server has to say of it.
        "message" => message: String,
    }
}
