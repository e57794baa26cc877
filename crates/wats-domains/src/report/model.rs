//! The wire models of WSJF (WATS Standard JSON Format), as the server's schema names them.
//!
//! Every member is optional, unknown ones are kept: a report that is read and written again has the same members with
//! the same values. Parts that have no type of their own yet (loops, charts, attachments, sub units …) are kept whole
//! in `extra`.

use serde_json::Value;
use uuid::Uuid;

use super::{CompOp, ReportTime, Status};
use crate::wire::{Number, wire};

wire! {
    /// A report: the header and, for a UUT report, the tree of steps.
    pub struct Report {
        /// `T` for a UUT (test) report, `R` for a UUR (repair) report.
        "type" => report_type: String,
        /// Identifier chosen by the client; submitting it again overwrites.
        "id" => id: Uuid,
        /// Part number of the unit.
        "pn" => part_number: String,
        /// Serial number of the unit.
        "sn" => serial_number: String,
        /// Revision of the unit.
        "rev" => revision: String,
        /// Code of the process; it must exist on the server.
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
        /// Start in the station's local time, with offset.
        "start" => start: ReportTime,
        /// The same moment in UTC.
        "startUTC" => start_utc: ReportTime,
        /// The root of the tree of steps.
        "root" => root: Step,
        /// The header members of a UUT report.
        "uut" => uut: Uut,
        /// Further named values.
        "miscInfos" => misc_infos: Value,
        /// Units built into this one.
        "subUnits" => sub_units: Value,
        /// Equipment used.
        "assets" => assets: Value,
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
    }

    /// One step of a test; a sequence holds further steps.
    pub struct Step {
        /// Order number within the report.
        "id" => id: i32,
        /// `S`etup, `M`ain or `C`leanup.
        "group" => group: String,
        /// Type in the words of the test executive; decides only the icon.
        "stepType" => step_type: String,
        /// Name, unique among siblings.
        "name" => name: String,
        /// Start, with offset.
        "start" => start: ReportTime,
        /// Outcome.
        "status" => status: Status,
        /// Error code.
        "errorCode" => error_code: i32,
        /// Error message.
        "errorMessage" => error_message: String,
        /// Duration in seconds.
        "totTime" => total_time: Number,
        /// Whether the step made its sequence fail.
        "causedSeqFailure" => caused_sequence_failure: bool,
        /// Whether the step made the unit fail.
        "causedUUTFailure" => caused_uut_failure: bool,
        /// Comment.
        "reportText" => report_text: String,
        /// Steps of a sequence.
        "steps" => steps: Vec<Step>,
        /// Numeric measurements.
        "numericMeas" => numeric: Vec<NumericMeasurement>,
        /// Text measurements.
        "stringMeas" => strings: Vec<StringMeasurement>,
        /// Pass/fail measurements.
        "booleanMeas" => booleans: Vec<BooleanMeasurement>,
        /// The sequence that a sequence step called.
        "seqCall" => sequence_call: SequenceCall,
    }

    /// A measured number with its limits.
    pub struct NumericMeasurement {
        /// Comparison operator.
        "compOp" => comp_op: CompOp,
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
        /// Unit of measurement.
        "unit" => unit: String,
        /// Measured value.
        "value" => value: Number,
        /// Upper limit of operators with two.
        "highLimit" => high_limit: Number,
        /// Lower limit, and the only one of operators with one.
        "lowLimit" => low_limit: Number,
    }

    /// A measured text with its limit.
    pub struct StringMeasurement {
        /// Comparison operator.
        "compOp" => comp_op: CompOp,
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
        /// Measured text.
        "value" => value: String,
        /// Text to compare with.
        "limit" => limit: String,
    }

    /// A pass/fail measurement.
    pub struct BooleanMeasurement {
        /// Name; needed where a step has several.
        "name" => name: String,
        /// Outcome.
        "status" => status: Status,
    }

    /// The sequence that a sequence step called.
    pub struct SequenceCall {
        /// Path of the file that holds the sequence.
        "path" => path: String,
        /// Name of the sequence.
        "name" => name: String,
        /// Version of the file.
        "version" => version: String,
    }
}

impl Step {
    /// The name; empty if there is none.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The steps of a sequence; empty for other steps.
    pub fn steps(&self) -> &[Self] {
        self.steps.as_deref().unwrap_or_default()
    }

    /// Numeric measurements; empty for other steps.
    pub fn numeric(&self) -> &[NumericMeasurement] {
        self.numeric.as_deref().unwrap_or_default()
    }

    /// Text measurements; empty for other steps.
    pub fn strings(&self) -> &[StringMeasurement] {
        self.strings.as_deref().unwrap_or_default()
    }

    /// Pass/fail measurements; empty for other steps.
    pub fn booleans(&self) -> &[BooleanMeasurement] {
        self.booleans.as_deref().unwrap_or_default()
    }
}

impl Report {
    /// How many steps the report has, the root included.
    pub fn step_count(&self) -> usize {
        // A stack of our own: a report of any depth must not end the thread.
        let mut count = 0;
        let mut open: Vec<&Step> = self.root.iter().collect();
        while let Some(step) = open.pop() {
            count += 1;
            open.extend(step.steps());
        }
        count
    }
}
