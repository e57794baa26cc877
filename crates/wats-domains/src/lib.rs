#![doc = include_str!("../README.md")]
//!
//! # Layout
//! One folder per domain, each with its rows of the table (`route`), its wire models (`model`) and its operations (`service`). Beside them: `client`
//! ([`Wats`]) and its `builder`, `ask` (how operations are carried out, and the form of the table), `bulk` (many items in one operation), `batching` (single look-ups that share queries), `route` (its tests), `odata` (filters), `argument` and `scanned` (what arguments may be: counts, lists, times and ids; texts), `tags` (names and values of users),
//! `error`, `environment` (variables and profiles), `station` (what reports begin with). The report itself is the crate [`wats_report`], and [`report`] shows both.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod analytics;
mod argument;
mod ask;
pub mod asset;
pub mod auth;
pub mod barcode;
mod batching;
mod builder;
mod bulk;
mod client;
mod environment;
mod error;
pub mod export;
pub mod manual_inspection;
mod odata;
pub mod process;
pub mod product;
pub mod production;
#[cfg(feature = "queue")]
#[cfg_attr(docsrs, doc(cfg(feature = "queue")))]
pub mod queue;
pub mod report;
pub mod root_cause;
mod route;
mod scanned;
pub mod scim;
pub mod server;
mod setting;
#[cfg(feature = "redis")]
mod shared;
pub mod software;
mod station;
pub mod system;
mod tags;
pub mod workflow;
mod xml;

pub use ask::{Ask, CacheOptions, CachesStats, ClassOptions, List, Pages, PagesIter, RemoteFile};
pub use builder::WatsBuilder;
pub use bulk::{BatchingOptions, BulkOptions};
pub use client::Wats;
pub use environment::{Config, ConfigEntry};
pub use error::{Error, Result};
pub use odata::{Filter, Literal, Member};
#[doc(inline)]
pub use process::{Process, ProcessService};
#[doc(inline)]
pub use product::{Product, ProductQuery, ProductRevision, ProductService, ProductSummary};
#[doc(inline)]
pub use report::{
    Finding, HeaderQuery, MeasurementLimits, Report, ReportHeader, ReportService, UutReport,
};

#[doc(inline)]
pub use server::{Access, Capabilities, ClockSkew, PingReply, ServerVersion};
pub use setting::{Setting, SettingChange};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use shared::SharedStats;

#[doc(inline)]
pub use wats_batch::{BatchProgress, Partition};
#[doc(inline)]
pub use wats_report::{Cleaned, clean_scanned, wire};

pub use wats_cache::{CacheStats, Read};
