#![doc = include_str!("../README.md")]
//!
//! # Layout
//! This crate has no logic of its own: [`Wats`] and its builder put `wats-domains` on `wats-http`, and everything else
//! is re-exported. The layers are reachable as [`http`], [`cache`], [`batch`] and [`codec`].

mod builder;

pub use builder::{Wats, WatsBuilder};

#[doc(inline)]
pub use wats_domains::{
    Api, ApiOptions, Ask, BulkOptions, CacheOptions, CacheStats, CachesStats, ClassOptions,
    Cleaned, Error, Filter, Finding, HeaderQuery, List, Literal, MeasurementLimits, Member, Pages,
    PagesIter, Partition, Process, ProcessService, Product, ProductQuery, ProductRevision,
    ProductService, ProductSummary, Progress, Report, ReportHeader, ReportService, Result,
    UutReport, clean_scanned, report, wire,
};
#[doc(no_inline)]
pub use wats_domains::{bytes, jiff, uuid};
#[doc(inline)]
pub use wats_http::{
    BreakerConfig, Deadline, ErrorKind, Intercept, PoolConfig, ProxyConfig, RateLimit,
    RequestCompression, RetryConfig, SizeLimits, Timeouts, TlsConfig,
};

/// Requests together: batchers and bounded maps.
pub use wats_batch as batch;
/// Answers kept: caches with a time to live.
pub use wats_cache as cache;
/// Reports as bytes: JSON, MessagePack, compressed JSON.
pub use wats_codec as codec;
/// Calls sent: the transport.
pub use wats_http as http;

/// What most programs need: `use wats::prelude::*;`
pub mod prelude {
    pub use crate::report::{
        Attachment, Chart, ChartType, Failure, LoopRule, Outcome, StringLimit, SubUnit, UurReport,
    };
    pub use crate::{
        Filter, HeaderQuery, MeasurementLimits, Product, ProductQuery, UutReport, Wats,
        clean_scanned,
    };
}
