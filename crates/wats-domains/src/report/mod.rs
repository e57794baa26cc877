//! Test reports: model, builder, and the operations submit, get and query.
//!
//! `model` holds the wire models of WSJF, `status` and `limits` their vocabulary, `time` the times; `builder` makes
//! reports that the server accepts, checked by `lint`; `header` and `service` are the operations.

mod builder;
mod evaluate;
mod files;
mod header;
pub(crate) mod internal;
mod limits;
mod lint;
mod model;
mod pages;
mod query;
mod read;
pub(crate) mod refusal;
mod service;
mod status;
mod submit;
mod text;
mod time;

pub use builder::{MultiNumeric, ReportBuilder, Sequence, UutReport};
pub use evaluate::evaluate;
pub use files::{AttachmentKey, Download};
pub use header::{
    HeaderAsset, HeaderAttachment, HeaderMiscInfo, HeaderSubUnit, MiscInfoData, MiscInfoHeader,
    ReportHeader,
};
pub use internal::{ConfirmOptions, Fate, InternalReports, QuarantinedReport, ReportState};
pub use limits::{CompOp, Limits, StringLimit};
pub use lint::{
    Finding, FixPolicy, FutureStart, RULES, Rule, Severity, fix, lint, lint_json,
    page as rules_page,
};
pub use model::{
    BooleanMeasurement, NumericMeasurement, Report, SequenceCall, Step, StringMeasurement, Uut,
};
pub use pages::{Cursor, HeaderPage, HeaderPages, HeaderStream};
pub use query::{HeaderField, HeaderKind, HeaderList, HeaderOrder, HeaderQuery, MiscInfoSearch};
pub use read::{BulkOptions, Detail, DetailLevel};
pub use service::ReportService;
pub use status::Status;
pub use submit::{SubmitMode, SubmitOptions, Submitted};
pub use time::ReportTime;
