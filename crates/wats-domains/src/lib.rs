#![doc = include_str!("../README.md")]
//!
//! # Layout
//! One folder per domain, each with its wire models (`model`) and its operations (`service`). Beside them: `api` (the
//! root), `route` (the table of operations), `odata` (filters), `wire` (models that lose nothing), `scanned` (texts that
//! tell units apart), `error`.

mod api;
mod error;
mod odata;
mod process;
mod product;
pub mod report;
mod route;
mod scanned;
pub mod wire;

pub use api::{Api, ApiOptions};
pub use error::{Error, Result};
pub use odata::{Filter, Literal, Member};
pub use process::{Process, ProcessService};
pub use product::{Product, ProductQuery, ProductRevision, ProductService, ProductSummary};
#[doc(inline)]
pub use report::{Finding, HeaderQuery, Limits, Report, ReportHeader, ReportService, UutReport};

pub use scanned::{Cleaned, clean_scanned};

pub use wats_cache::CacheStats;
// Types of these stand in public signatures.
pub use {bytes, jiff, uuid};
