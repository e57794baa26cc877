//! The simulator in a process of its own: `serve sim LATENCY_MS PRODUCTS`.
//!
//! It answers `token` with its token, `reset` by counting anew, `counters` with requests and bytes,
//! and `connections` with the most that were open at one time.

use crate::{Result, server};
use std::time::Duration;
use wats_sim::Simulator;

/// Name of the child process.
pub(crate) const NAME: &str = "sim";

/// Is the simulator until the parent goes.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let [latency, products] = arguments else {
        return Err("usage: serve sim LATENCY_MS PRODUCTS".into());
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let builder = Simulator::builder()
        .latency(Duration::from_millis(latency.parse()?))
        .products(products.parse()?);
    let sim = runtime.block_on(builder.start())?;
    server::serve_until_closed(sim.base_url(), |question| match question {
        "token" => sim.token().to_owned(),
        "reset" => {
            sim.reset_counters();
            "done".to_owned()
        }
        "counters" => {
            let counters = sim.counters();
            format!(
                "{} {}",
                counters.total_requests(),
                counters.bytes_in + counters.bytes_out
            )
        }
        "connections" => sim.counters().connections_peak.to_string(),
        _ => "unknown question".to_owned(),
    })
}
