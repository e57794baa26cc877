//! What does not change while the server runs.

use std::time::Duration;

use crate::report_rules::ReportRules;

/// The name of the server, under which it is its own client.
pub(crate) const SERVER_NAME: &str = "WATS-SIM";

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) latency: Duration,
    pub(crate) max_body: usize,
    pub(crate) rules: ReportRules,
    pub(crate) gzip: bool,
    /// Whether packed bodies of requests are taken.
    pub(crate) gzip_requests: bool,
    /// Most headers in one answer, whatever was asked for.
    pub(crate) max_headers: usize,
}
