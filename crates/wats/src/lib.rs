#![doc = include_str!("../README.md")]
//!
//! # Layout
//! This crate has no code of its own. At its root is all of `wats-domains`, the typed layer, and of the transport what
//! [`WatsBuilder`] takes. The layers below are whole in [`http`], [`cache`], [`batch`] and [`codec`].
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use wats_domains::*;

// Types of these stand in public signatures.
pub use {bytes, jiff, serde_json, uuid};

#[doc(no_inline)]
pub use wats_http::http::StatusCode;
#[doc(inline)]
pub use wats_http::{
    BreakerConfig, ClientBuilder, Deadline, ErrorKind, Intercept, PoolConfig, ProxyConfig,
    ProxyCredentials, RateLimit, RequestCompression, RetryConfig, SizeLimits, Timeouts, TlsConfig,
    TokenProvider,
};

#[cfg(feature = "test-util")]
#[doc(no_inline)]
pub use wats_http::test_util;

/// Requests together: batchers and bounded maps.
#[doc(no_inline)]
pub use wats_batch as batch;
/// Answers kept: caches with a time to live.
#[doc(no_inline)]
pub use wats_cache as cache;
/// Values as bytes: JSON, MessagePack, compressed JSON, archives.
#[doc(no_inline)]
pub use wats_codec as codec;
/// Calls sent: the transport.
#[doc(no_inline)]
pub use wats_http as http;
/// What processes share, on Redis or Valkey.
#[cfg(feature = "redis")]
#[doc(no_inline)]
pub use wats_redis as redis;

/// What most programs need: `use wats::prelude::*;`
pub mod prelude {
    pub use crate::report::{
        AdditionalData, Attachment, Chart, ChartType, Failure, LoopRule, MiscInfo, Outcome, Report,
        Station, Status, StepGroup, StepType, StringLimit, SubUnit, Tolerance, Unit, UurReport,
    };
    pub use crate::{
        BulkOptions, Filter, HeaderQuery, MeasurementLimits, Product, ProductQuery,
        ProductRevision, UutReport, Wats, clean_scanned,
    };
}
