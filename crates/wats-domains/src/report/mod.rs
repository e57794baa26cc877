//! Test reports: model, builder, and the operations submit, get and query.
//!
//! `model` holds the wire models of WSJF; `codes`, `status`, `comp_op` and `limits` their vocabulary, `time` the times,
//! `step_path` the way to a step, `names` telling equal names apart, `payload` the contents of attachments. `body` is a
//! report as the bytes that are sent. `builder` makes reports that the server accepts, checked by `lint`.
//!
//! The operations: `service` with `submit`, `read`, `pages`, `files` and `internal`; `header` holds what lists of
//! reports show, `query` which of it, `evaluate` makes outcomes of limits, `text` finds the id in a text, `upload`
//! makes the body of a submit, `answer` reads what is said of it, `refusal` takes a refusal apart. `in_order` keeps
//! reports of one id in their order, `bulk` goes through many, `partial` marks what was read in less detail,
//! `disposition` finds the name of a file.

mod answer;
mod body;
mod builder;
mod bulk;
mod codes;
mod comp_op;
mod disposition;
mod evaluate;
mod files;
mod header;
mod in_order;
pub(crate) mod internal;
mod limits;
mod lint;
mod model;
mod names;
mod pages;
mod partial;
mod payload;
mod query;
mod read;
pub(crate) mod refusal;
mod service;
mod status;
mod step_path;
mod submit;
mod text;
mod time;
mod upload;
mod zone;

pub use answer::Submitted;
pub use body::{BodyChunks, BodyReader, ReportBody};
pub use builder::{
    BooleanLoop, EqualNames, Free, LoopRule, Many, MeasurementRef, MultiBoolean, MultiNumeric,
    MultiString, Nested, NotFinite, NumericLoop, Outcome, Plain, RepairBuilder, ReportBuilder,
    Sequence, SequenceLoop, Several, Single, StepRef, StringLoop, Taken, Turns, UnitId, Units,
    UurReport, UutReport,
};
pub use bulk::BulkOptions;
pub use codes::{ChartType, ReportType, StepGroup, StepType};
pub use comp_op::CompOp;
pub use evaluate::evaluate;
pub use files::{AttachmentKey, Download};
pub use header::{
    HeaderAsset, HeaderAttachment, HeaderMiscInfo, HeaderSubUnit, MiscInfoData, MiscInfoHeader,
    ReportHeader,
};
pub(crate) use in_order::InOrder;
pub use internal::{ConfirmOptions, Fate, InternalReports, QuarantinedReport, ReportState};
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
pub use pages::{Cursor, HeaderPage, HeaderPages, HeaderStream};
pub use payload::Payload;
pub use query::{HeaderField, HeaderList, HeaderOrder, HeaderQuery, MiscInfoSearch};
pub use read::{Detail, DetailLevel};
pub use service::ReportService;
pub use status::Status;
pub use step_path::StepPath;
pub use submit::{SubmitMode, SubmitOptions};
pub use time::ReportTime;
