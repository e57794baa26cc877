//! Test reports: model, builder, and the operations submit, get and query.
//!
//! `model` holds the wire models of WSJF, `status` and `limits` their vocabulary, `time` the times; `builder` makes
//! reports that the server accepts, checked by `lint`; `header` and `service` are the operations.

mod builder;
mod header;
mod limits;
mod lint;
mod model;
pub(crate) mod refusal;
mod service;
mod status;
mod time;

pub use builder::{MultiNumeric, ReportBuilder, Sequence, UutReport};
pub use header::{HeaderQuery, ReportHeader};
pub use limits::{CompOp, Limits, StringLimit};
pub use lint::{
    Finding, FixPolicy, FutureStart, RULES, Rule, Severity, fix, lint, lint_json,
    page as rules_page,
};
pub use model::{
    BooleanMeasurement, NumericMeasurement, Report, SequenceCall, Step, StringMeasurement, Uut,
};
pub use service::{ReportService, Submitted};
pub use status::Status;
pub use time::ReportTime;
