//! Test reports: everything of [`wats_report`] (model, builder, linter, evaluation), and what travels: submit, get and query.
//!
//! The operations: `service` with `submit`, `read`, `lookup`, `pages`, `files` and `internal`; `header` holds what lists of
//! reports show, `query` which of it, `upload` makes the body of a submit, `stored` sends texts of files and other stores, `texts` finds the reports in them and their ids, `answer` reads what is said of it, `refusal`
//! takes a refusal apart, `each` gives many one by one, `disposition` finds the name of a file.

mod answer;
#[cfg(test)]
pub(crate) mod calls;
mod each;
mod files;
mod header;
pub(crate) mod internal;
mod lookup;
mod pages;
mod query;
mod read;
pub(crate) mod refusal;
pub(crate) mod route;
mod service;
pub(crate) mod stored;
pub(crate) mod submit;
mod texts;
mod upload;

pub use answer::Submitted;
pub use each::{ReportIter, ReportStream};
pub use files::AttachmentKey;
pub use header::{
    HeaderAsset, HeaderAttachment, HeaderMiscInfo, HeaderSubUnit, MiscInfoData, MiscInfoHeader,
    ReportHeader,
};
pub use internal::{
    ConfirmOptions, InternalReports, QuarantinedReport, ReportState, SubmissionState,
};
pub use pages::Cursor;
pub use query::{HeaderField, HeaderList, HeaderOrder, HeaderQuery, MiscInfoSearch};
pub use read::{Detail, DetailLevel};
pub use service::ReportService;
pub use stored::{ReportFormat, StoredReport};
pub use submit::{SubmitMode, SubmitOptions};
pub use texts::ReportText;
#[cfg(feature = "convert")]
#[cfg_attr(docsrs, doc(cfg(feature = "convert")))]
pub use wats_report::convert;
#[cfg(feature = "xml")]
#[cfg_attr(docsrs, doc(cfg(feature = "xml")))]
pub use wats_report::wsxf;
#[doc(inline)]
pub use wats_report::{
    AdditionalData, Attachment, Chart, ChartType, CompOp, Error, Failure, Finding, LoopRule,
    MeasurementLimits, MiscInfo, Outcome, Payload, Report, ReportTime, ReportType, Result,
    Severity, Station, Status, Step, StepGroup, StepPath, StepType, StringLimit, SubUnit,
    Tolerance, Unit, UurReport, UutReport, body, builder, evaluate, fix, lint, lint_json, live,
    model,
};
