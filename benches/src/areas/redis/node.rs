//! One who shares: `wats-redis` as a program uses it, and redis-rs beside it.

use crate::{Error, Result};
use bytes::Bytes;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use redis::caching::CacheConfig;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wats_cache::Loaded;
use wats_redis::{Shared, SharedCache, ValueCodec};

/// The peer that asks the server for everything.
pub(super) const REDIS_RS: &str = "redis-rs";
/// The peer that keeps in memory what it has read, and is told of changes.
pub(super) const CACHING: &str = "redis-rs, client-side caching";

/// So long are the values of the rows about hits.
pub(super) const VALUE: usize = 1024;

/// A value, as programs keep them: cloned by counting.
pub(super) type Value = Arc<[u8]>;

/// What the origins fail with, if they did.
pub(super) type Never = Arc<Infallible>;

/// A process of the factory, or as good as one: a connection, a thread and a cache of its own.
pub(super) struct Node {
    pub(super) shared: Shared,
    pub(super) cache: SharedCache<String, Value>,
}

impl Node {
    /// With what a program has that sets nothing, once it has a session.
    pub(super) fn start(url: &str) -> Result<Self> {
        let shared = Shared::builder(url).namespace("bench").build()?;
        // As it comes: bytes are written as they are.
        let codec = ValueCodec::new(
            "bytes",
            1,
            |value: &Value| Some(value.to_vec()),
            |bytes| Some(bytes.into()),
        );
        let cache = shared.cache("value", codec);
        let cache = cache.ttl(Duration::from_secs(3600)).build()?;
        let node = Self { shared, cache };
        node.connected()?;
        Ok(node)
    }

    /// Waits until there is a session.
    pub(super) fn connected(&self) -> Result<()> {
        let begin = Instant::now();
        while !self.shared.is_trusted() {
            if begin.elapsed() > Duration::from_secs(20) {
                return Err(Error::from("no session within 20 s"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// The value of a key, from wherever it is; it is `origin` that is loaded, at once.
    pub(super) async fn read(&self, key: &str, origin: Value) -> Result<Value> {
        let load = || async move { Ok::<_, Never>(Loaded::new(origin)) };
        Ok(self.cache.get_or_load_with(key.to_owned(), load).await?)
    }

    /// Has a key in memory. What the first look-up has written for all, the server tells of once more.
    pub(super) async fn warm(&self, key: &str) -> Result<()> {
        let named = key.to_owned();
        for _ in 0..100 {
            if self.cache.get(&named).is_some() {
                return Ok(());
            }
            self.read(key, value()).await?;
            self.shared.fence().await?;
        }
        Err(Error::from("a value does not stay in memory"))
    }
}

/// A value as long as they are.
pub(super) fn value() -> Value {
    vec![b'x'; VALUE].into()
}

/// Bytes that tell a number.
pub(super) fn numbered(number: u64) -> Value {
    number.to_string().into_bytes().into()
}

/// A plain connection of redis-rs.
pub(super) async fn plain(url: &str) -> Result<MultiplexedConnection> {
    let client = redis::Client::open(url)?;
    Ok(client.get_multiplexed_async_connection().await?)
}

/// A connection of redis-rs with its own cache.
pub(super) async fn caching(url: &str) -> Result<MultiplexedConnection> {
    let client = redis::Client::open(format!("{url}/?protocol=resp3"))?;
    let config = AsyncConnectionConfig::new().set_cache_config(CacheConfig::new());
    Ok(client
        .get_multiplexed_async_connection_with_config(&config)
        .await?)
}

pub(super) async fn get(connection: &mut MultiplexedConnection, key: &str) -> Result<Bytes> {
    let value: Option<Bytes> = redis::cmd("GET").arg(key).query_async(connection).await?;
    value.ok_or_else(|| Error::from("the server has no value"))
}

pub(super) async fn set(
    connection: &mut MultiplexedConnection,
    key: &str,
    value: &[u8],
) -> Result<()> {
    let set = redis::cmd("SET").arg(key).arg(value).to_owned();
    Ok(set.exec_async(connection).await?)
}
