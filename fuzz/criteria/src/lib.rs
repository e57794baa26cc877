//! What must hold of any bytes from outside: a function for each fuzz target, by crate, each with the corpus of its name.
//!
//! The fuzz targets call these functions by [`check`]; so does `tests/replay.rs`, which replays the corpora and makes up bytes
//! of its own, because cargo-fuzz is not everywhere. A function panics when what it is about does not hold.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a criterion says that it does not hold"
)]

use std::borrow::Cow;

mod codec;
mod domains;
mod http;
mod redis;
mod report;
mod sim;

/// What must hold of any bytes; it panics where it does not.
pub type Criterion = fn(&[u8]);

/// Every target: its name, which its corpus has too, and its criterion.
pub const TARGETS: &[(&str, Criterion)] = &[
    ("codec_archive", codec::archive),
    ("codec_fast", codec::fast),
    ("codec_read", codec::read),
    ("codec_records", codec::records),
    ("domains_answers", domains::answers),
    ("domains_filter", |bytes| domains::filter(&text(bytes))),
    ("domains_lists", domains::lists),
    ("domains_report", domains::report),
    ("domains_serial_numbers", domains::serial_numbers),
    ("domains_texts", domains::texts),
    ("http_address", |bytes| http::address(&text(bytes))),
    ("http_capture", http::capture),
    ("http_encoding", http::encoding),
    ("http_error_body", http::error_body),
    ("http_no_proxy", |bytes| http::no_proxy(&text(bytes))),
    ("http_proxy", http::proxy),
    ("http_redirect", |bytes| http::redirect(&text(bytes))),
    ("http_retry_after", |bytes| http::retry_after(&text(bytes))),
    ("http_settings", |bytes| http::settings(&text(bytes))),
    ("http_wire", http::wire),
    ("redis_envelope", redis::envelope),
    ("report_convert", report::convert),
    ("report_journal", report::journal),
    ("report_values", |bytes| report::values(&text(bytes))),
    ("report_wsxf", report::wsxf),
    ("sim_filter", |bytes| sim::filter(&text(bytes))),
    ("sim_report", sim::report),
    ("sim_request", sim::request),
];

/// Runs the criterion of a target.
pub fn check(target: &str, bytes: &[u8]) {
    let (_, criterion) = TARGETS
        .iter()
        .find(|(name, _)| *name == target)
        .unwrap_or_else(|| panic!("no target {target}"));
    criterion(bytes);
}

/// Bytes for a criterion that takes text.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
