//! The rows, one file per area. A row's id begins with the name of its area and never changes.

mod batch;
mod cache;
mod codec;
mod domains;
mod http;
mod queue;
mod redis;
mod scaling;
mod scenario;
mod sim;

use crate::Result;
use crate::spec::{Context, RowSpec};

/// All areas in the order of the report.
pub const NAMES: [&str; 10] = [
    "cache", "batch", "codec", "http", "domains", "redis", "scenario", "queue", "sim", "scaling",
];

/// The rows of all areas.
pub fn all(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = Vec::new();
    rows.extend(cache::rows(ctx));
    rows.extend(batch::rows(ctx));
    rows.extend(codec::rows(ctx));
    rows.extend(http::rows(ctx));
    rows.extend(domains::rows(ctx));
    rows.extend(redis::rows(ctx));
    rows.extend(scenario::rows(ctx));
    rows.extend(queue::rows(ctx));
    rows.extend(sim::rows(ctx));
    rows.extend(scaling::rows(ctx));
    rows
}

/// Why the rows of an area cannot run on this machine, if so.
pub fn missing(area: &str) -> Option<String> {
    match area {
        "redis" => redis::missing(),
        _ => None,
    }
}

/// Is the child process `name`; see [`crate::server`].
///
/// # Errors
/// For an unknown name, and whatever the server fails with.
pub fn serve(name: &str, arguments: &[String]) -> Result<()> {
    match name {
        http::server::NAME => http::server::serve(arguments),
        http::instructions::NAME => http::instructions::run(arguments),
        redis::station::NAME => redis::station::serve(arguments),
        queue::process::NAME => queue::process::serve(arguments),
        scenario::contestant::NAME => scenario::contestant::serve(arguments),
        scenario::sim::NAME => scenario::sim::serve(arguments),
        _ => Err(format!("there is no server {name:?}").into()),
    }
}
