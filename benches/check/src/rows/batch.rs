//! The batchers, with a bulk function that costs nothing.

use super::{Row, Work, row, runtime};
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;
use wats_batch::{BatchConfig, Policy, RequestBatcher, batch_map};
use wats_bench_check::Result;

/// Tasks that add, and the size of a batch.
const TASKS: u64 = 100;
const SIZE: usize = 50;

pub(super) const ROWS: &[Row] = &[
    row("batch.add", [1000, 20_000], |_| add()),
    row("batch.map", [1000, 50_000], |_| map()),
    row("batch.lone_add", [100, 5000], |_| lone_add()).within(8.0),
];

type Batcher = RequestBatcher<u64, u64, Infallible>;

fn batcher() -> Result<Batcher> {
    let config = BatchConfig::default()
        .max_batch_size(SIZE)
        .policy(Policy::Eager);
    let bulk = async |items: Vec<u64>| items.into_iter().map(Ok).collect::<Vec<_>>();
    Ok(RequestBatcher::new(config, bulk)?)
}

fn add() -> Result<Work> {
    let (runtime, batcher) = (runtime()?, batcher()?);
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            let next = Arc::new(AtomicU64::new(0));
            let mut tasks = JoinSet::<Result<()>>::new();
            for _ in 0..TASKS {
                let (batcher, next) = (batcher.clone(), Arc::clone(&next));
                tasks.spawn(async move {
                    loop {
                        let item = next.fetch_add(1, Ordering::Relaxed);
                        if item >= times {
                            return Ok(());
                        }
                        black_box(batcher.add(item).await?);
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task??;
            }
            Ok(())
        })
    }))
}

fn map() -> Result<Work> {
    let runtime = runtime()?;
    Ok(Box::new(move |times| {
        let mapped = batch_map(0..times, 10, async |item| black_box(item));
        black_box(runtime.block_on(mapped));
        Ok(())
    }))
}

fn lone_add() -> Result<Work> {
    let (runtime, batcher) = (runtime()?, batcher()?);
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for item in 0..times {
                black_box(batcher.add(item).await?);
            }
            Ok(())
        })
    }))
}
