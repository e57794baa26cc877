//! How many connections are opened, and when: a cap that holds, connections ahead of need, and what the pool tells:
//!
//! ```text
//! cargo run -p wats-http --example pool_and_warm
//! ```

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod server;

use std::error::Error;

use tokio::task::JoinSet;
use wats_http::{Call, Client, Idempotency, Operation, PoolConfig, http::Method};

static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start(false).await?;
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .pool(PoolConfig::default().max_connections(8).max_idle(4))
        .build()?;

    // Before the first unit is tested: no call has to wait for a handshake then.
    client.warm(4).await?;
    println!("warm:  {:?}", client.pool_stats());

    // Far more calls than connections: the others wait in line, each with a deadline of its own (`Timeouts::pool`).
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        calls.spawn(async move { client.execute(Call::new(&VERSION)).await.map(|_| ()) });
    }
    while let Some(outcome) = calls.join_next().await {
        outcome??;
    }
    let stats = client.pool_stats();
    println!("after: {stats:?}");
    if stats.dialled > 8 && server.simulator.is_some() {
        return Err(format!("{} connections were opened for 8 slots", stats.dialled).into());
    }
    Ok(())
}
