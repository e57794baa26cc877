//! The wire models of WSJF (WATS Standard JSON Format), as the server's schema names them.
//!
//! Every member is optional, unknown ones are kept: a report that is read and written again has the same members with
//! the same values. How the numbers of an export were written (`valueFormat`, `errorCodeFormat` …) is kept in `extra`.
//!
//! Here are the report and its header; `step` has the tree of steps and `measurement` what steps measured, `chart` the
//! charts, `attachment` files, `unit` what the header lists (misc info, sub units, assets), `repair` what only repairs have, `additional`
//! free data.

mod additional;
mod attachment;
mod chart;
mod measurement;
mod repair;
mod step;
mod unit;

pub use additional::{
    AdditionalArray, AdditionalData, AdditionalItem, AdditionalProperty, PropertyType,
};
pub use attachment::Attachment;
pub use chart::{Axis, Chart, ChartSeries};
pub use measurement::{BooleanMeasurement, NumericMeasurement, StringMeasurement};
pub use repair::{Failure, Uur, UurReference};
pub use step::{ExeCall, LoopInfo, MessagePopup, SequenceCall, Step};
pub use unit::{Asset, AssetStatistics, MiscInfo, SubUnit};

use uuid::Uuid;

use super::partial::Partial;
use super::{ReportTime, ReportType, Status};
use crate::wire::{Number, wire};

wire! {
    /// A report: the header and, for a UUT report, the tree of steps.
    pub struct Report {
        /// Test (UUT) or repair (UUR).
        "type" => report_type: ReportType,
        /// Identifier chosen by the client; submitting it again overwrites.
        "id" => id: Uuid,
        /// Part number of the unit.
        "pn" => part_number: String,
        /// Serial number of the unit.
        "sn" => serial_number: String,
        /// Revision of the unit.
        "rev" => revision: String,
        /// Name of the product; only the server writes it.
        "productName" => product_name: String,
        /// Code of the process; it must exist on the server. In a repair report that of the repair.
        "processCode" => process_code: i32,
        /// Name of the process, as the server spells it.
        "processName" => process_name: String,
        /// Outcome.
        "result" => result: Status,
        /// Name of the station.
        "machineName" => station: String,
        /// Where the station stands.
        "location" => location: String,
        /// What the station is for.
        "purpose" => purpose: String,
        /// Who sent the report; only the server writes it.
        "origin" => origin: String,
        /// Start in the station's local time, with offset.
        "start" => start: ReportTime,
        /// The same moment in UTC.
        "startUTC" => start_utc: ReportTime,
        /// The root of the tree of steps.
        "root" => root: Step,
        /// The header members of a UUT report.
        "uut" => uut: Uut,
        /// The header members of a UUR report.
        "uur" => uur: Box<Uur>,
        /// Further named values.
        "miscInfos" => misc_infos: Vec<MiscInfo>,
        /// Units built into this one; of a repair report the unit itself, too.
        "subUnits" => sub_units: Vec<SubUnit>,
        /// Equipment used.
        "assets" => assets: Vec<Asset>,
        /// State of the equipment; only the server writes it.
        "assetStats" => asset_statistics: Vec<AssetStatistics>,
        /// Files of a repair report.
        "binaryData" => attachments: Vec<Attachment>,
        /// Free data.
        "additionalData" => additional_data: Vec<AdditionalData>,
        @own partial: Partial,
    }

    /// The header members of a UUT report.
    pub struct Uut {
        /// Execution time in seconds.
        "execTime" => execution_time: Number,
        /// Operator.
        "user" => operator: String,
        /// Comment.
        "comment" => comment: String,
        /// Socket of the test fixture.
        "testSocketIndex" => socket_index: i32,
        /// Serial number of the batch.
        "batchSN" => batch_serial_number: String,
        /// Identifier of the fixture.
        "fixtureId" => fixture_id: String,
        /// Error code.
        "errorCode" => error_code: i32,
        /// Error message.
        "errorMessage" => error_message: String,
        /// How many units of the batch failed.
        "batchFailCount" => batch_fail_count: i32,
        /// Which unit of the batch this is.
        "batchLoopIndex" => batch_loop_index: i32,
        /// Id of the step that made the unit fail; only the server writes it.
        "stepIdCausedUUTFailure" => failing_step_id: i32,
        /// Repairs that refer to this test; only the server writes it.
        "refUURs" => repairs: Vec<UurReference>,
    }
}

impl Report {
    /// Whether it was read as a part of what the server has. Submitted, it would overwrite the whole by a part.
    pub fn is_partial(&self) -> bool {
        self.partial.0
    }

    /// Notes whether it was read as a part of what the server has; nothing of that is written.
    pub fn set_partial(&mut self, partial: bool) {
        self.partial = Partial(partial);
    }

    /// How many steps the report has, the root included.
    pub fn step_count(&self) -> usize {
        self.steps().count()
    }

    /// All steps, the root first, each before the steps within it.
    ///
    /// ```
    /// use wats_report::Report;
    ///
    /// let report: Report = serde_json::from_str(
    ///     r#"{"root": {"name": "Main", "steps": [{"name": "A", "steps": [{"name": "B"}]}, {"name": "C"}]}}"#,
    /// )?;
    /// let names: Vec<_> = report.steps().map(|step| step.name()).collect();
    /// assert_eq!(names, ["Main", "A", "B", "C"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        // A stack of our own: a report of any depth must not end the thread.
        let mut open: Vec<&Step> = self.root.iter().collect();
        std::iter::from_fn(move || {
            let step = open.pop()?;
            open.extend(step.steps().iter().rev());
            Some(step)
        })
    }
}
