//! Two stations on one Redis: what one has asked for, the other has without asking.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… \
//!     cargo run -p wats --features redis --example shared -- redis://127.0.0.1:6379
//! ```
//! Run it twice within five minutes: the second run asks the server for nothing.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::Duration;

use wats::WatsBuilder;
use wats::redis::Shared;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(redis) = std::env::args().nth(1) else {
        return Err("give the address of a Redis: redis://127.0.0.1:6379".into());
    };
    let shared = Shared::builder(&redis).build()?;
    let wats = WatsBuilder::from_env()?.shared(&shared).build()?;
    // A station need not wait: without a connection it asks the server. This program shows what is shared.
    for _ in 0..200 {
        if shared.is_trusted() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let processes = wats.process().list().await?;
    println!("{} processes", processes.len());
    println!("in memory: {}", wats.cache_stats().processes);
    for namespace in shared.stats() {
        println!("{namespace}");
    }
    Ok(())
}
