//! A server that refuses reports with faults.

use serde_json::Value;
use wats_domains::Wats;
use wats_domains::report::Finding;
use wats_sim::{ReportRules, Simulator};

/// A simulated server with all rules.
pub(crate) struct StrictServer {
    runtime: tokio::runtime::Runtime,
    api: Wats,
    _sim: Simulator,
}

impl StrictServer {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let builder = Simulator::builder().report_rules(ReportRules::Strict);
        let sim = runtime.block_on(builder.start()).unwrap();
        let client = wats_http::Client::builder()
            .base_url(sim.base_url())
            .token(sim.token())
            .rate_limit(None)
            .build()
            .unwrap();
        Self {
            api: Wats::from(client),
            runtime,
            _sim: sim,
        }
    }

    /// What the server has against a report; `None` when it takes it.
    pub(crate) fn findings(&self, report: &Value) -> Option<Vec<Finding>> {
        let text = serde_json::to_vec(report).unwrap();
        let answer = self.runtime.block_on(self.api.report().submit_wsjf(text));
        answer.err().map(|error| {
            let found = error.findings();
            // An id that is none is refused before the server is asked.
            assert!(!found.is_empty() || error.status().is_none(), "{error:#}");
            found
        })
    }
}
