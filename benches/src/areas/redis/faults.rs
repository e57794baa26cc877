//! A server that goes away for three seconds: who fails, and who waits.

use super::node::{Never, Node, REDIS_RS, numbered};
use super::server::{Proxy, Redis};
use crate::Result;
use crate::spec::{Context, RowSpec};
use redis::aio::ConnectionManager;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use wats_cache::Loaded;

/// How long the fault lasts.
const LASTS: Duration = Duration::from_secs(3);
/// How long calls go on before it and after it.
const AROUND: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(1_500)];
/// A call begins so often.
const EVERY: Duration = Duration::from_millis(12);
/// What the origin takes.
const ORIGIN: Duration = Duration::from_millis(20);
/// Keys that are asked for in turn.
const KEYS: u64 = 50;

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Kill,
    Freeze,
    BlackHole,
}

impl Fault {
    pub(super) const ALL: [Self; 3] = [Self::Kill, Self::Freeze, Self::BlackHole];

    fn id(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::BlackHole => "black_hole",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Kill => "the server is killed, and started again after 3 s",
            Self::Freeze => "the server is stopped for 3 s (SIGSTOP)",
            Self::BlackHole => {
                "the connection swallows all, and for ever; a new one works after 3 s"
            }
        }
    }

    fn begin(self, redis: &mut Redis, proxy: &Proxy) -> Result<()> {
        match self {
            Self::Kill => redis.kill(),
            Self::Freeze => redis.signal("STOP")?,
            Self::BlackHole => proxy.swallow(true),
        }
        Ok(())
    }

    fn end(self, redis: &mut Redis, proxy: &Proxy) -> Result<()> {
        match self {
            Self::Kill => redis.restart()?,
            Self::Freeze => redis.signal("CONT")?,
            Self::BlackHole => proxy.swallow(false),
        }
        Ok(())
    }
}

/// What calls came to.
#[derive(Default)]
struct Calls {
    errors: u32,
    slowest: Duration,
}

/// Starts calls all the while, and has it happen meanwhile; `untrusted` tells when it is known that it did.
async fn during<F>(
    fault: Fault,
    redis: &mut Redis,
    proxy: &Proxy,
    call: impl Fn(u64) -> F,
    is_untrusted: impl Fn() -> bool,
) -> Result<[f64; 3]>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(EVERY);
    let begin = Instant::now();
    let (mut fault_began, mut noticed, mut is_over) = (None, f64::NAN, false);
    let mut number = 0;
    while begin.elapsed() < AROUND[0] + LASTS + AROUND[1] {
        ticks.tick().await;
        match fault_began {
            None if begin.elapsed() >= AROUND[0] => {
                fault.begin(redis, proxy)?;
                fault_began = Some(Instant::now());
            }
            Some(began) if !is_over => {
                if noticed.is_nan() && is_untrusted() {
                    noticed = began.elapsed().as_secs_f64() * 1e3;
                }
                if began.elapsed() >= LASTS {
                    fault.end(redis, proxy)?;
                    is_over = true;
                }
            }
            _ => {}
        }
        let call = call(number);
        number += 1;
        tasks.spawn(async move {
            let begin = Instant::now();
            (call.await.is_err(), begin.elapsed())
        });
    }
    let mut calls = Calls::default();
    while let Some(done) = tasks.join_next().await {
        let (failed, took) = done?;
        calls.errors += u32::from(failed);
        calls.slowest = calls.slowest.max(took);
    }
    let slowest = calls.slowest.as_secs_f64() * 1e3;
    Ok([f64::from(calls.errors), slowest, noticed])
}

/// The rows of a fault.
pub(super) fn row(ctx: &Context, fault: Fault) -> RowSpec {
    let id = |what: &str| format!("redis.{}.{what}", fault.id());
    RowSpec::new(&id("errors"))
        .unit("calls")
        .and(&id("slowest"))
        .unit("ms")
        .and(&id("untrusted"))
        .unit("ms")
        .note(&format!(
            "{}; a look-up every 12 ms, each eighth behind a change, of an origin that takes 20 ms; redis-rs by its \
             connection manager, a GET or SET each; untrusted: until nothing in memory is served as fresh",
            fault.words()
        ))
        .once()
        .subject_async(
            ctx,
            "wats-redis",
            async || {
                let redis = Redis::start()?;
                let proxy = redis.proxy()?;
                let node = Node::start(&proxy.url())?;
                Ok((redis, proxy, Arc::new(node)))
            },
            async move |(redis, proxy, node)| {
                let is_untrusted = || !node.shared.is_trusted();
                let call = |number| look_up(Arc::clone(node), number);
                during(fault, redis, proxy, call, is_untrusted).await
            },
        )
        .peer_async(
            ctx,
            REDIS_RS,
            async || {
                let redis = Redis::start()?;
                let proxy = redis.proxy()?;
                let client = redis::Client::open(proxy.url())?;
                let connection = client.get_connection_manager().await?;
                Ok((redis, proxy, connection))
            },
            async move |(redis, proxy, connection)| {
                let call = |number| by_hand(connection.clone(), number);
                during(fault, redis, proxy, call, || false).await
            },
        )
}

async fn look_up(node: Arc<Node>, number: u64) -> Result<()> {
    let key = (number % KEYS).to_string();
    if number % 8 == 0 {
        node.cache.remove(&key).await;
    }
    let load = move || async move {
        tokio::time::sleep(ORIGIN).await;
        Ok::<_, Never>(Loaded::new(numbered(number)))
    };
    node.cache.get_or_load_with(key, load).await?;
    Ok(())
}

async fn by_hand(mut connection: ConnectionManager, number: u64) -> Result<()> {
    let key = (number % KEYS).to_string();
    if number % 8 == 0 {
        let set = redis::cmd("SET").arg(key).arg(number).to_owned();
        return Ok(set.exec_async(&mut connection).await?);
    }
    let get = redis::cmd("GET").arg(key).to_owned();
    let _: Option<Vec<u8>> = get.query_async(&mut connection).await?;
    Ok(())
}
