//! Test reports: model, builder, and the operations submit, get and query.
//!
//! `model` holds the wire models of WSJF; `codes`, `status`, `comp_op` and `limits` their vocabulary, `time` the times,
//! `step_path` the way to a step, `names` telling equal names apart, `payload` the contents of attachments. `body` is a
//! report as the bytes that are sent. `builder` makes reports that
//! the server accepts, checked by `lint`; `header` and `service` are the operations.

mod body;
mod builder;
mod codes;
mod comp_op;
mod header;
mod limits;
mod lint;
mod model;
mod names;
mod payload;
pub(crate) mod refusal;
mod service;
mod status;
mod step_path;
mod time;

pub use body::{BodyChunks, BodyReader, ReportBody};
pub use builder::{
    BooleanLoop, EqualNames, Free, LoopRule, Many, MeasurementRef, MultiBoolean, MultiNumeric,
    MultiString, Nested, NotFinite, NumericLoop, Outcome, Plain, RepairBuilder, ReportBuilder,
    Sequence, SequenceLoop, Several, Single, StepRef, StringLoop, Taken, Turns, UnitId, Units,
    UurReport, UutReport,
};
pub use codes::{ChartType, ReportType, StepGroup, StepType};
pub use comp_op::CompOp;
pub use header::{HeaderQuery, ReportHeader};
pub use limits::{Limits, StringLimit};
pub use lint::{
    Finding, FixPolicy, FutureStart, RULES, Rule, Severity, fix, lint, lint_json,
    page as rules_page,
};
pub use model::{
    AdditionalArray, AdditionalData, AdditionalItem, AdditionalProperty, Asset, AssetStatistics,
    Attachment, BooleanMeasurement, Chart, ChartSeries, ExeCall, Failure, LoopInfo, MessagePopup,
    MiscInfo, NumericMeasurement, PropertyType, Report, SequenceCall, Step, StringMeasurement,
    SubUnit, Uur, UurReference, Uut,
};
pub use payload::Payload;
pub use service::{ReportService, Submitted};
pub use status::Status;
pub use step_path::StepPath;
pub use time::ReportTime;
