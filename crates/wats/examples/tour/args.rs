//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Shows what the SDK does, with measured figures next to the naive way of doing the same.
#[derive(Debug, Parser)]
#[command(name = "tour")]
pub(crate) struct Args {
    /// Address of a WATS server to use instead of the simulator. 100 demonstration reports are submitted to it
    /// (part number WATS-DEMO, purpose Demo).
    #[arg(long, requires = "token")]
    pub(crate) base_url: Option<String>,

    /// API token for --base-url.
    #[arg(long, env = "WATS_AUTH_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,

    /// Trust the CA certificates of this PEM file in addition to the system's.
    #[arg(long, requires = "base_url")]
    pub(crate) ca: Option<PathBuf>,

    /// Write the figures to this file, as JSON.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,

    /// Submit this WSJF file, read it back and compare; nothing else is shown.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,

    /// What each request to the simulator takes, in milliseconds.
    #[arg(long, default_value_t = 20, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub(crate) latency: u64,
}

impl Args {
    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency)
    }

    /// What may have happened when the tour was stopped in the middle: a call under way may have been carried out.
    pub(crate) fn when_stopped(&self) -> &'static str {
        if self.report.is_some() {
            "the server may have received the report; submitting the file again doubles nothing"
        } else if self.base_url.is_some() {
            "the figures shown are complete; the server may have received some of the demonstration reports"
        } else {
            "the figures shown are complete"
        }
    }
}
