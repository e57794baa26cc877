//! The batchers under comparison, each reduced to "add an item, get its answer".

use super::work;
use crate::Result;
use async_graphql::dataloader;
use batch_aint_one::{Batcher, BatchingPolicy, Limits, Processor};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use ultra_batch::{BatchExecutor, Executor};
use wats_batch::{BatchConfig, Policy, RequestBatcher};

const SIZE: usize = 50;
const WINDOW: Duration = Duration::from_millis(1);

/// A batcher of numbers.
pub(super) trait Adder: Clone + Send + Sync + 'static {
    /// Name in the report.
    const NAME: &'static str;

    /// Made inside a runtime.
    fn new() -> Result<Self>;

    fn add(&self, item: u64) -> impl Future<Output = Result<u64>> + Send;
}

type Ours = RequestBatcher<u64, u64, Infallible>;

fn ours(policy: Policy, window: Duration) -> Result<Ours> {
    let config = BatchConfig::default()
        .max_batch_size(SIZE)
        .max_wait(window)
        .policy(policy);
    // Answers with a `Result` for each item, as the peers' callers get one.
    let batcher = RequestBatcher::new(config, async |items: Vec<u64>| {
        items
            .into_iter()
            .map(|item| Ok(work(item)))
            .collect::<Vec<_>>()
    })?;
    Ok(batcher)
}

/// Ours, sending while a bulk slot is free.
#[derive(Clone)]
pub(super) struct Eager(Ours);

impl Adder for Eager {
    const NAME: &'static str = "wats-batch";

    fn new() -> Result<Self> {
        ours(Policy::Eager, WINDOW).map(Self)
    }

    async fn add(&self, item: u64) -> Result<u64> {
        Ok(self.0.add(item).await?)
    }
}

/// Ours, with a window.
#[derive(Clone)]
pub(super) struct Window(Ours);

impl Window {
    /// With the window that users get by default.
    pub(super) fn usual() -> Result<Self> {
        ours(Policy::Window, BatchConfig::default().max_wait).map(Self)
    }
}

impl Adder for Window {
    const NAME: &'static str = "wats-batch, Window 1 ms";

    fn new() -> Result<Self> {
        ours(Policy::Window, WINDOW).map(Self)
    }

    async fn add(&self, item: u64) -> Result<u64> {
        Ok(self.0.add(item).await?)
    }
}

/// The fastest of the published ones, under its fastest policy.
#[derive(Clone)]
pub(super) struct AintOne(Batcher<Numbers>);

#[derive(Clone, Debug)]
pub(super) struct Numbers;

impl Processor for Numbers {
    type Key = ();
    type Input = u64;
    type Output = u64;
    type Error = std::fmt::Error;
    type Resources = ();

    async fn acquire_resources(&self, _key: ()) -> std::result::Result<(), Self::Error> {
        Ok(())
    }

    async fn process(
        &self,
        _key: (),
        items: impl Iterator<Item = u64> + Send,
        _resources: (),
    ) -> std::result::Result<Vec<u64>, Self::Error> {
        Ok(items.map(work).collect())
    }
}

impl Adder for AintOne {
    const NAME: &'static str = "batch-aint-one Immediate";

    fn new() -> Result<Self> {
        let limits = Limits::builder()
            .max_batch_size(SIZE)
            .max_key_concurrency(5)
            .build();
        Ok(Self(
            Batcher::builder()
                .name("numbers")
                .processor(Numbers)
                .limits(limits)
                .batching_policy(BatchingPolicy::Immediate)
                .build(),
        ))
    }

    async fn add(&self, item: u64) -> Result<u64> {
        Ok(self.0.add((), item).await?)
    }
}

/// The one of async-graphql.
#[derive(Clone)]
pub(super) struct DataLoader(Arc<dataloader::DataLoader<Loader>>);

pub(super) struct Loader;

impl dataloader::Loader<u64> for Loader {
    type Value = u64;
    type Error = Arc<Infallible>;

    async fn load(&self, keys: &[u64]) -> std::result::Result<HashMap<u64, u64>, Self::Error> {
        Ok(keys.iter().map(|&key| (key, work(key))).collect())
    }
}

impl Adder for DataLoader {
    const NAME: &'static str = "async-graphql dataloader";

    fn new() -> Result<Self> {
        Ok(Self(Arc::new(
            dataloader::DataLoader::new(Loader, tokio::spawn)
                .delay(WINDOW)
                .max_batch_size(SIZE),
        )))
    }

    async fn add(&self, item: u64) -> Result<u64> {
        Ok(self.0.load_one(item).await?.ok_or("no answer")?)
    }
}

/// The one of ultra-batch that gives an answer for each item and keeps no cache.
#[derive(Clone)]
pub(super) struct UltraBatch(Arc<BatchExecutor<Numbers>>);

impl Executor for Numbers {
    type Value = u64;
    type Result = u64;
    type Error = std::fmt::Error;

    async fn execute(&self, items: Vec<u64>) -> std::result::Result<Vec<u64>, Self::Error> {
        Ok(items.into_iter().map(work).collect())
    }
}

impl Adder for UltraBatch {
    const NAME: &'static str = "ultra-batch";

    fn new() -> Result<Self> {
        Ok(Self(Arc::new(
            BatchExecutor::build(Numbers)
                .eager_batch_size(Some(SIZE))
                .delay_duration(WINDOW)
                .finish(),
        )))
    }

    async fn add(&self, item: u64) -> Result<u64> {
        Ok(self.0.execute(item).await?.ok_or("no answer")?)
    }
}

/// No batching at all: a task and a channel for each item.
#[derive(Clone)]
pub(super) struct Direct;

impl Adder for Direct {
    const NAME: &'static str = "spawn + oneshot, no batching";

    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn add(&self, item: u64) -> Result<u64> {
        let (send, receive) = tokio::sync::oneshot::channel();
        tokio::spawn(async move { send.send(work(item)) });
        Ok(receive.await?)
    }
}

/// No batcher and no channel, only one pass of the scheduler: what the harness itself costs.
#[derive(Clone)]
pub(super) struct Floor;

impl Adder for Floor {
    const NAME: &'static str = "yield_now only, no answer";

    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn add(&self, item: u64) -> Result<u64> {
        tokio::task::yield_now().await;
        Ok(work(item))
    }
}
