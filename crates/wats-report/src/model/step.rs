//! The tree of steps.

use super::{
    AdditionalData, Attachment, BooleanMeasurement, Chart, NumericMeasurement, StringMeasurement,
};
use crate::wire::{Number, wire};
use crate::{ReportTime, Status, StepGroup, StepType};

wire! {
    /// One step of a test; a sequence holds further steps.
    pub struct Step {
        /// Order number within the report.
        "id" => id: i32,
        /// `S`etup, `M`ain or `C`leanup.
        "group" => group: StepGroup,
        /// Type in the words of the test executive; decides only the icon.
        "stepType" => step_type: StepType,
        /// Number of the step in an interactive run.
        "interactiveExeNum" => interactive_number: i32,
        /// Summary or iteration of a loop.
        "loop" => loop_info: Box<LoopInfo>,
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
        /// Identifier in the test executive.
        "tsGuid" => ts_guid: String,
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
        /// Free data.
        "additionalResults" => additional_results: Vec<AdditionalData>,
        /// The sequence that a sequence step called.
        "seqCall" => sequence_call: Box<SequenceCall>,
        /// The program that was called.
        "callExe" => exe_call: Box<ExeCall>,
        /// The message that was shown.
        "messagePopup" => message_popup: Box<MessagePopup>,
        /// A chart.
        "chart" => chart: Box<Chart>,
        /// A file.
        "attachment" => attachment: Box<Attachment>,
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

    /// The summary of a loop, which comes first and has no index, or one of the iterations that follow it as siblings.
    pub struct LoopInfo {
        /// Which iteration it is, from 0; none in the summary.
        "idx" => index: i32,
        /// Summary: how many iterations there are.
        "num" => count: i32,
        /// Summary: index of the last iteration.
        "endingIndex" => ending_index: i32,
        /// Summary: how many iterations passed.
        "passed" => passed: i32,
        /// Summary: how many iterations failed.
        "failed" => failed: i32,
    }

    /// A program that a step called.
    pub struct ExeCall {
        /// Its exit code.
        "exitCode" => exit_code: Number,
    }

    /// A message to the operator, and the answer.
    pub struct MessagePopup {
        /// The text that was entered.
        "response" => response: String,
        /// Number of the button that was pressed.
        "button" => button: i32,
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

    /// Whether it is the summary or an iteration of a loop, in whatever form.
    pub(crate) fn is_in_loop(&self) -> bool {
        self.loop_info.is_some()
            || (!self.extra.is_empty()
                && self.extra.get("loop").is_some_and(|info| !info.is_null()))
    }

    /// Whether it is an iteration of a loop; the summary before it speaks for it.
    pub fn is_iteration(&self) -> bool {
        self.loop_info
            .as_deref()
            .is_some_and(|info| info.index.is_some())
    }
}
