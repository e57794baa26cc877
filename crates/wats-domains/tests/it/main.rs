//! The tests of `wats-domains`, in one binary.

#![recursion_limit = "512"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a panic here is the failing test, which tells by printing"
)]

mod access;
mod against_simulator;
#[path = "../../../wats-report/tests/it/alike.rs"]
#[allow(dead_code, reason = "the tests of reports use more of it")]
mod alike;
mod analytics;
mod asset;
mod auth;
mod barcode;
mod batching;
mod bom;
mod build_common;
mod bulk;
mod client;
#[cfg(feature = "convert")]
#[path = "../../../wats-report/tests/it/convert_samples.rs"]
mod convert_samples;
mod export;
mod exports;
mod foreign;
mod golden;
#[path = "../../../wats-report/tests/it/imitation.rs"]
mod imitation;
mod lint_agrees;
mod manual_inspection;
mod models;
mod process;
mod product;
mod production;
mod report_build;
mod report_build_random;
mod report_bulk;
mod report_common;
mod report_confirm;
#[cfg(feature = "convert")]
mod report_converted;
mod report_ids;
mod report_lint;
mod report_live;
mod report_mend;
mod report_order;
mod report_pages;
mod report_partial;
mod report_read;
mod report_submit;
mod reported;
#[path = "../../../wats-report/tests/it/reports.rs"]
mod reports;
mod root_cause;
mod save_lists;
mod scim;
mod serial_numbers;
mod server;
mod software;
mod strict_server;
mod system;
mod upload;
mod wait;
mod wait_bulk;
mod wait_inside;
mod words;
mod workflow;

#[cfg(feature = "convert")]
use wats_domains::report::{Station, Unit, convert::Defaults};
