//! Report headers: what lists of reports show.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Outcome, Status};
use crate::ask::list::Key;
use crate::odata::Literal;
use wats_report::wire;
use wats_report::wire::Number;

wire! {
    /// The header of a stored report (`OData.ReportHeader` of the server).
    pub struct ReportHeader {
        /// Identifier of the report.
        "uuid" => id: Uuid,
        /// `T` for UUT, `R` for UUR.
        "reportType" => report_type: String,
        /// Serial number of the unit.
        "serialNumber" => serial_number: String,
        /// Part number of the unit.
        "partNumber" => part_number: String,
        /// Revision of the unit.
        "revision" => revision: String,
        /// Start in UTC; see [`started`](ReportHeader::started).
        "start" => start: String,
        /// Outcome in words, unlike in reports: `Passed`, `Failed`, `Error` or `Terminated`; see
        /// [`status`](ReportHeader::status).
        "result" => result: String,
        /// Serial number of the batch.
        "batchNumber" => batch_number: String,
        /// Name of the station.
        "stationName" => station: String,
        /// Where the station stands.
        "location" => location: String,
        /// What the station is for.
        "purpose" => purpose: String,
        /// Operator.
        "userName" => operator: String,
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Name of the process.
        "processName" => process_name: String,
        /// Comment.
        "comment" => comment: String,
        /// Execution time in seconds.
        "executionTime" => execution_time: Number,
        /// File of the test program.
        "swFilename" => software_filename: String,
        /// Version of the test program.
        "swVersion" => software_version: String,
        /// Socket of the test fixture.
        "testSocketIndex" => socket_index: i32,
        /// Identifier of the fixture.
        "fixtureId" => fixture_id: String,
        /// Error code.
        "errorCode" => error_code: i32,
        /// Error message.
        "errorMessage" => error_message: String,
        /// Which test of this unit in this process it was, 1 for the first.
        "run" => run: i32,
        /// The run in which the unit first passed.
        "passedInRun" => passed_in_run: i32,
        /// Name of the step that made the unit fail.
        "causedUutFailure" => caused_uut_failure: String,
        /// Path of that step.
        "causedUutFailurePath" => caused_uut_failure_path: String,
        /// Of a repair, the test it refers to.
        "referencedUut" => referenced_uut: Uuid,
        /// Whether the server has deleted the measurements.
        "measuresDeleted" => measures_deleted: bool,
        /// Ever-increasing order of processing; not a time.
        "timeStamp" => time_stamp: i64,
        /// How often the report was received: above 1 after a repeat.
        "receiveCount" => receive_count: i32,
        /// Size of the report in KB.
        "reportSize" => report_size: i32,
        /// Units built into the tested one; only when expanded, as the lists below.
        "subUnits" => sub_units: Vec<HeaderSubUnit>,
        /// Further named values of a test.
        "miscInfo" => misc_info: Vec<HeaderMiscInfo>,
        /// Equipment used.
        "assets" => assets: Vec<HeaderAsset>,
        /// Attachments of a test.
        "attachments" => attachments: Vec<HeaderAttachment>,
        /// Units of a repair.
        "uurSubUnits" => uur_sub_units: Vec<HeaderSubUnit>,
        /// Further named values of a repair.
        "uurMiscInfo" => uur_misc_info: Vec<HeaderMiscInfo>,
        /// Attachments of a repair.
        "uurAttachments" => uur_attachments: Vec<HeaderAttachment>,
    }

    /// A sub unit in a header.
    pub struct HeaderSubUnit {
        /// What part it is; only in tests.
        "partType" => part_type: String,
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Part number.
        "partNumber" => part_number: String,
        /// Revision.
        "revision" => revision: String,
    }

    /// A further named value in a header.
    pub struct HeaderMiscInfo {
        /// Its name.
        "description" => description: String,
        /// The value; numbers as text.
        "value" => value: String,
    }

    /// An asset in a header, as it was when the report was processed.
    pub struct HeaderAsset {
        /// Serial number.
        "serialNumber" => serial_number: String,
        /// Uses since the last maintenance or calibration.
        "runningCount" => running_count: i32,
        /// By how much that is over its limit.
        "runningCountExceeded" => running_count_exceeded: i32,
        /// All uses.
        "totalCount" => total_count: i32,
        /// By how much that is over its limit.
        "totalCountExceeded" => total_count_exceeded: i32,
        /// Days since the last maintenance.
        "daysSinceMaintenance" => days_since_maintenance: Number,
        /// Days by which maintenance is overdue.
        "maintenanceDaysOverdue" => maintenance_days_overdue: Number,
        /// Days since the last calibration.
        "daysSinceCalibration" => days_since_calibration: Number,
        /// Days by which calibration is overdue.
        "calibrationDaysOverdue" => calibration_days_overdue: Number,
    }

    /// An attachment in a header; its contents are read by [`attachment`](super::ReportService::attachment).
    pub struct HeaderAttachment {
        /// Of a test: the step that it belongs to.
        "stepId" => step_id: i32,
        /// Of a repair: its identifier.
        "id" => id: Uuid,
        /// Name of the file.
        "filename" => filename: String,
    }

    /// What a search in misc info finds (`WATS_UUTResult` of the server): less than a [`ReportHeader`].
    pub struct MiscInfoHeader {
        /// Identifier of the report.
        "uuid" => id: Uuid,
        /// Serial number of the unit.
        "serialNumber" => serial_number: String,
        /// Part number of the unit.
        "partNumber" => part_number: String,
        /// Start in UTC.
        "start" => start: String,
        /// Outcome in words; see [`status`](MiscInfoHeader::status).
        "result" => result: String,
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Name of the process.
        "processName" => process_name: String,
        /// The misc info of the report.
        "miscData" => misc_data: Vec<MiscInfoData>,
    }

    /// A named value that a search in misc info found.
    pub struct MiscInfoData {
        /// Its name.
        "description" => description: String,
        /// The value.
        "data" => data: String,
    }
}

/// Pages go along the order of processing.
pub(super) static KEY: Key<ReportHeader> = Key {
    member: "timeStamp",
    most: Some(10_000),
    of: |header| header.time_stamp.map(Literal::Integer),
};

impl ReportHeader {
    /// The outcome as reports name it; `None` if the server sent none or one that this version does not know.
    pub fn status(&self) -> Option<Status> {
        of_a_report(self.result.as_deref()?)
    }

    /// The start as a moment; `None` if the server sent none, or no time. A time without an offset is UTC.
    pub fn started(&self) -> Option<Timestamp> {
        let text = self.start.as_deref()?;
        text.parse().or_else(|_| format!("{text}Z").parse()).ok()
    }
}

impl MiscInfoHeader {
    /// The outcome as reports name it; `None` if the server sent none or one that this version does not know.
    pub fn status(&self) -> Option<Status> {
        of_a_report(self.result.as_deref()?)
    }
}

fn of_a_report(word: &str) -> Option<Status> {
    let status = Status::from_word(word);
    Outcome::try_from(&status).is_ok().then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_utc_with_and_without_saying_so() {
        let at = |start: &str| {
            let start = Some(start.to_owned());
            let header = ReportHeader {
                start,
                ..ReportHeader::default()
            };
            header.started().map(|at| at.to_string())
        };
        let utc = Some("2026-01-30T21:01:41Z".to_owned());
        assert_eq!(at("2026-01-30T21:01:41Z"), utc);
        assert_eq!(at("2026-01-30T22:01:41+01:00"), utc);
        assert_eq!(at("2026-01-30T21:01:41"), utc);
        assert_eq!(at("yesterday"), None);
    }
}
