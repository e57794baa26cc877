//! The three ways side by side against a "server" that takes 20 ms a call, and the naive loop.
//!
//! ```text
//! cargo run --release -p wats-batch --example three_ways
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use wats_batch::{BatchConfig, ChunkConfig, ChunkedBatcher, RequestBatcher, batch_map};

const ITEMS: u32 = 100;

/// Counts its calls; each takes 20 ms, however many items it has.
#[derive(Clone, Default)]
struct Server(Arc<AtomicUsize>);

impl Server {
    async fn get_many(&self, ids: Vec<u32>) -> Vec<String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        ids.into_iter().map(|id| format!("product {id}")).collect()
    }

    async fn get(&self, id: u32) -> Option<String> {
        self.get_many(vec![id]).await.pop()
    }

    fn report(&self, what: &str, start: Instant) {
        let (calls, took) = (self.0.swap(0, Ordering::Relaxed), start.elapsed());
        println!("{what:<34} {calls:>4} calls  {took:>8.1?}");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::default();

    let start = Instant::now();
    for id in 0..ITEMS {
        server.get(id).await;
    }
    server.report("one after the other", start);

    let start = Instant::now();
    batch_map(0..ITEMS, 10, |id| server.get(id)).await;
    server.report("batch_map, 10 at a time", start);

    let start = Instant::now();
    let config = ChunkConfig::default().chunk_size(20);
    let chunked = ChunkedBatcher::<_, std::convert::Infallible>::new(config)?;
    let call = async |ids| Ok(server.get_many(ids).await);
    let products = chunked.run(0..ITEMS, call).await;
    assert_eq!(products.len(), ITEMS as usize);
    server.report("ChunkedBatcher, chunks of 20", start);

    // A hundred callers who know nothing of each other.
    let start = Instant::now();
    let bulk = server.clone();
    let config = BatchConfig::default().max_batch_size(25);
    let batcher = RequestBatcher::infallible(config, move |ids| {
        let bulk = bulk.clone();
        async move { bulk.get_many(ids).await }
    })?;
    for product in join_all((0..ITEMS).map(|id| batcher.add(id))).await {
        product?;
    }
    server.report("RequestBatcher, 100 callers", start);
    println!("\n{}", batcher.stats());
    Ok(())
}
