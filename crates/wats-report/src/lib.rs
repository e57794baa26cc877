#![doc = include_str!("../README.md")]
//!
//! # Layout
//! Here is what most programs name. [`model`] holds the wire models of WSJF, made by [`wire`]; `codes`, `status`, `comp_op`
//! and `limits` their vocabulary, `time` and [`zone`] the times, `step_path` the way to a step, `names` tells equal names
//! apart. [`builder`] makes reports that the server accepts, checked by [`lint`](mod@lint), and [`live`] those of tests in progress; `evaluate` makes outcomes of
//! limits. `payload` holds the contents of attachments, and [`body`] is a report as the bytes that are sent. [`text`] finds
//! the id in a text, `wsxf` (feature `xml`) reads and writes reports as XML, `convert` (feature `convert`) reads other formats, `content_id`
//! makes an id of what was read, and [`scanned`] knows the characters that nobody sees.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod body;
pub mod builder;
mod codes;
mod comp_op;
#[cfg(feature = "xml")]
mod content_id;
#[cfg(feature = "convert")]
#[cfg_attr(docsrs, doc(cfg(feature = "convert")))]
pub mod convert;
#[doc(hidden)]
pub mod error;
mod evaluate;
mod limits;
pub mod lint;
pub mod live;
pub mod model;
mod names;
mod partial;
mod payload;
pub mod scanned;
mod status;
mod step_path;
pub mod text;
mod time;
pub mod wire;
#[cfg(feature = "xml")]
#[cfg_attr(docsrs, doc(cfg(feature = "xml")))]
pub mod wsxf;
pub mod zone;

pub use builder::{LoopRule, Outcome, Station, Unit, UurReport, UutReport};
pub use codes::{ChartType, ReportType, StepGroup, StepType};
pub use comp_op::CompOp;
pub use error::{Error, Result};
pub use evaluate::evaluate;
pub use limits::{MeasurementLimits, StringLimit, Tolerance};
pub use lint::{Finding, Severity, fix, lint, lint_json};
pub use model::{AdditionalData, Attachment, Chart, Failure, MiscInfo, Report, Step, SubUnit};
pub use payload::Payload;
pub use scanned::{Cleaned, clean_scanned};
pub use status::Status;
pub use step_path::StepPath;
pub use time::ReportTime;

// Types of these stand in public signatures.
pub use {bytes, jiff, uuid};
