//! The tier against real servers. Each node has a connection of its own, as a process has.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic is the failing test"
)]

mod changes;
#[cfg(target_os = "linux")]
mod clocks;
mod leases;
mod limits;
mod outages;
mod points;
mod processes;
mod races;
mod reading;
mod refresh;
mod spans;
mod tags;
mod waiting;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wats_cache::{LoadError, LoadOptions, Loaded, Origin, Tier};

use super::{SharedCache, SharedCacheBuilder, ValueCodec};
use crate::Shared;
use crate::testing::eventually;

/// Tests do not depend on how fast the server is.
const LONG: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3600);

type Cache = SharedCache<String, String>;
type Builder = SharedCacheBuilder<String, String>;
type Outcome = Result<String, LoadError<&'static str>>;

/// A process of the factory.
struct Node {
    shared: Shared,
    cache: Cache,
}

impl Node {
    fn new(url: &str) -> Self {
        Self::with(url, |options| options)
    }

    fn with(url: &str, options: impl FnOnce(Builder) -> Builder) -> Self {
        let node = Self::unconnected(url, options);
        eventually("trusted", || node.shared.is_trusted());
        node
    }

    fn unconnected(url: &str, options: impl FnOnce(Builder) -> Builder) -> Self {
        let shared = Shared::builder(url)
            .namespace("n")
            .op_timeout(LONG)
            .max_staleness(LONG)
            .build()
            .unwrap();
        let codec = ValueCodec::message_pack("text", 1);
        let builder = shared.cache("text", codec).ttl(HOUR).lease(LONG);
        let cache = options(builder).build().unwrap();
        Self { shared, cache }
    }

    async fn load(&self, key: &str, origin: Origin<String, &'static str>) -> Outcome {
        self.load_as(key, LoadOptions::new(), origin).await
    }

    async fn load_as(
        &self,
        key: &str,
        options: LoadOptions<String>,
        origin: Origin<String, &'static str>,
    ) -> Outcome {
        if options.reads() == wats_cache::Read::Cached
            && let Some(value) = self.cache.get(&key.to_owned())
        {
            return Ok(value);
        }
        Tier::load(&self.cache, key.to_owned(), options, origin).await
    }

    /// What a look-up gives whose origin must not be asked.
    async fn known(&self, key: &str) -> Outcome {
        self.load(key, never()).await
    }

    /// Loads a key for all, which stays in memory.
    async fn warm(&self, key: &str, value: &str) {
        assert_eq!(self.load(key, gives(value)).await, ok(value));
        self.fence().await;
        assert_eq!(self.in_memory(key), Some(value.to_owned()));
    }

    fn in_memory(&self, key: &str) -> Option<String> {
        self.cache.get(&key.to_owned())
    }

    async fn remove(&self, key: &str) {
        self.cache.remove(&key.to_owned()).await;
    }

    /// All that was acknowledged before is known then.
    async fn fence(&self) {
        self.shared.fence().await.unwrap();
    }
}

fn gives(value: &str) -> Origin<String, &'static str> {
    let value = value.to_owned();
    Box::new(move |_| Box::pin(async move { Ok(Loaded::new(value)) }))
}

fn fails() -> Origin<String, &'static str> {
    Box::new(move |_| Box::pin(async move { Err("down") }))
}

fn never() -> Origin<String, &'static str> {
    Box::new(move |_| Box::pin(async move { panic!("the origin is asked") }))
}

/// Asked for so often.
fn counted(value: &str, count: &Arc<AtomicUsize>, delay: Duration) -> Origin<String, &'static str> {
    let (value, count) = (value.to_owned(), Arc::clone(count));
    Box::new(move |_| {
        Box::pin(async move {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(delay).await;
            Ok(Loaded::new(value))
        })
    })
}

/// Two channels: the origin tells that it was asked, and answers when it is told to.
fn held(
    value: Loaded<String>,
) -> (
    Origin<String, &'static str>,
    tokio::sync::oneshot::Receiver<()>,
    tokio::sync::oneshot::Sender<()>,
) {
    let (asked, is_asked) = tokio::sync::oneshot::channel();
    let (go, gate) = tokio::sync::oneshot::channel::<()>();
    let origin: Origin<String, &'static str> = Box::new(move |_| {
        Box::pin(async move {
            let _ = asked.send(());
            let _ = gate.await;
            Ok(value)
        })
    });
    (origin, is_asked, go)
}

fn loaded(value: &str) -> Loaded<String> {
    Loaded::new(value.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "what a look-up gives")]
fn ok(value: &str) -> Outcome {
    Ok(value.to_owned())
}
