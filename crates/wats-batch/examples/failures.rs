//! What callers see when things go wrong: refused items, a poisoned batch, a busy server, a shutdown.
//!
//! ```text
//! cargo run -p wats-batch --example failures
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wats_batch::{BatchConfig, BatchError, ConfigError, Policy, RequestBatcher, Retry};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum ServerError {
    #[error("busy")]
    Busy,
    #[error("no such part")]
    NotFound,
    #[error("the whole request was rejected")]
    Rejected,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ConfigError> {
    static WAS_BUSY: AtomicBool = AtomicBool::new(false);
    let batcher: RequestBatcher<u32, u32, ServerError> =
        RequestBatcher::builder(BatchConfig::default().policy(Policy::Eager))
            .retry(Retry::attempts(2).when(|error| *error == ServerError::Busy))
            .bisect_when(|error| *error == ServerError::Rejected)
            .build(|parts: Vec<u32>| async move {
                println!("  call with {} parts", parts.len());
                if !WAS_BUSY.swap(true, Ordering::Relaxed) {
                    return Err(ServerError::Busy);
                }
                if parts.contains(&13) {
                    return Err(ServerError::Rejected);
                }
                Ok(parts
                    .into_iter()
                    .map(|part| {
                        if part == 4 {
                            Err(ServerError::NotFound)
                        } else {
                            Ok(part)
                        }
                    })
                    .collect::<Vec<_>>())
            })?;

    println!("16 parts: the server is busy once, 4 does not exist, 13 poisons its batch");
    for (part, answer) in batcher.add_many(0..16).await.into_iter().enumerate() {
        match answer {
            Ok(_) => {}
            Err(BatchError::Item(error)) => println!("{part}: {error}"),
            Err(error) => println!("{part}: {error:#}"),
        }
    }
    println!("{}\n", batcher.stats());

    println!("a shutdown while the server hangs");
    let config = BatchConfig::default()
        .max_batch_size(1)
        .max_concurrent_batches(1);
    let stuck: RequestBatcher<u32, u32, ServerError> =
        RequestBatcher::new(config, |_: Vec<u32>| {
            std::future::pending::<Result<Vec<u32>, _>>()
        })?;
    let waiting: Vec<_> = (0..2).filter_map(|part| stuck.try_add(part).ok()).collect();
    let aborted = stuck.close_within(Duration::from_millis(20)).await;
    println!("(unsent, interrupted) = {aborted:?}");
    for ticket in waiting {
        if let Err(error) = ticket.await {
            println!("{error}");
        }
    }
    Ok(())
}
