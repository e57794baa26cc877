//! What is there already: in memory, or on the server; and what a first look-up and a call of the budget cost.

use super::node::{CACHING, Never, Node, REDIS_RS, Value, caching, get, plain, set, value};
use super::server::Redis;
use crate::pace::Timer;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result, cpu};
use redis::aio::MultiplexedConnection;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use wats_cache::{AsyncTtlCache, LoadOptions, Loaded, Origin, Read, Tier};
use wats_http::{RateLimit, RateLimiter as _};
use wats_redis::SharedRateLimiter;

const KEY: &str = "PART-0001";

/// Our cache without a second level.
const ALONE: &str = "wats-cache, async";

fn one_thread() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// Nanoseconds of a look-up that finds something. A moment without trust, on a machine that is busy, is no hit.
fn hits<V>(timer: &mut Timer, mut look_up: impl FnMut() -> Option<V>) -> Result<f64> {
    for _ in 0..3 {
        let mut missed = 0_u64;
        let taken = timer.ns_per_op(|| {
            let found = look_up();
            missed += u64::from(found.is_none());
            found
        });
        if missed == 0 {
            return Ok(taken);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Err(Error::from("what was in memory was not served"))
}

/// A value that is in the memory of this process.
pub(super) fn l1_hit(ctx: &Context) -> RowSpec {
    let [mut ours, mut alone, mut moka, mut theirs] = [(); 4].map(|()| ctx.timer());
    let key = KEY.to_owned();
    let [of_alone, of_moka] = [key.clone(), key.clone()];
    RowSpec::new("redis.l1_hit")
        .unit("ns/op")
        .note(
            "1 KB by a text of 9 bytes; moka and wats-cache are told of nothing that others change",
        )
        .subject_with(
            "wats-redis",
            || {
                let redis = Redis::start()?;
                Ok((Node::start(&redis.url())?, one_thread()?, redis))
            },
            move |(node, runtime, _)| {
                runtime.block_on(node.warm(&key))?;
                hits(&mut ours, || node.cache.get(black_box(&key)))
            },
        )
        .peer_with(
            ALONE,
            || {
                let cache: AsyncTtlCache<String, Value> = AsyncTtlCache::new();
                cache.insert(KEY.to_owned(), value());
                Ok(cache)
            },
            move |cache| hits(&mut alone, || cache.get(black_box(&of_alone))),
        )
        .peer_with(
            "moka",
            || {
                let cache = moka::sync::Cache::builder()
                    .max_capacity(10_000)
                    .time_to_live(Duration::from_secs(3600))
                    .build();
                cache.insert(KEY.to_owned(), value());
                Ok(cache)
            },
            move |cache| hits(&mut moka, || cache.get(black_box(&of_moka))),
        )
        .peer_with(
            CACHING,
            || {
                let (redis, runtime) = (Redis::start()?, one_thread()?);
                let connection = runtime.block_on(async {
                    let mut connection = caching(&redis.url()).await?;
                    set(&mut connection, KEY, &value()).await?;
                    get(&mut connection, KEY).await?;
                    Ok::<_, Error>(connection)
                })?;
                Ok((connection, runtime, redis))
            },
            move |(connection, runtime, _)| {
                let look_up = async || get(connection, black_box(KEY)).await.is_ok();
                Ok(runtime.block_on(theirs.ns_per_op_async(look_up)))
            },
        )
}

fn key(number: usize) -> String {
    format!("PART-{number:04}")
}

/// So many look-ups by so many callers, who begin together: processor time and time of one, in µs.
async fn look_ups<F>(callers: usize, each: usize, caller: impl Fn(usize) -> F) -> Result<[f64; 2]>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    let (done, cpu) = cpu::timed_async(async {
        for number in 0..callers {
            tasks.spawn(caller(number));
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok::<_, Error>(())
    })
    .await;
    done?;
    let all = (callers * each) as f64 / 1e6;
    Ok([cpu.as_secs_f64() / all, begin.elapsed().as_secs_f64() / all])
}

/// A value that is not looked for in memory, and stands on the server.
pub(super) fn l2_hit(ctx: &Context, callers: usize) -> RowSpec {
    let each = ctx.scale(2_000, 20_000) / callers;
    let id = |what: &str| format!("redis.l2_hit.{callers}.{what}");
    RowSpec::new(&id("cpu"))
        .unit("µs/look-up")
        .and(&id("time"))
        .unit("µs/look-up")
        .note(&format!(
            "1 KB, {callers} at a time, past what is in memory; processor time of this process, the server is another. \
             On the same runtime of several threads; ours has its connection on a thread of its own"
        ))
        .subject_async(
            ctx,
            "wats-redis",
            async move || {
                let redis = Redis::start()?;
                let node = Arc::new(Node::start(&redis.url())?);
                for number in 0..callers {
                    node.read(&key(number), value()).await?;
                }
                Ok((node, redis))
            },
            async move |(node, _)| {
                look_ups(callers, each, |number| ours(Arc::clone(node), number, each)).await
            },
        )
        .peer_async(
            ctx,
            REDIS_RS,
            async move || filled(callers).await,
            async move |(connection, _)| {
                look_ups(callers, each, |number| theirs(connection.clone(), number, each)).await
            },
        )
}

async fn ours(node: Arc<Node>, number: usize, each: usize) -> Result<()> {
    let key = key(number);
    for _ in 0..each {
        let options = LoadOptions::new().read(Read::Shared);
        let origin: Origin<Value, Never> =
            Box::new(|_| Box::pin(async { Ok(Loaded::new(Value::default())) }));
        let found = node.cache.load(key.clone(), options, origin).await?;
        if found.is_empty() {
            return Err(Error::from("the origin was asked"));
        }
        black_box(found);
    }
    Ok(())
}

async fn filled(keys: usize) -> Result<(MultiplexedConnection, Redis)> {
    let redis = Redis::start()?;
    let mut connection = plain(&redis.url()).await?;
    for number in 0..keys {
        set(&mut connection, &key(number), &value()).await?;
    }
    Ok((connection, redis))
}

async fn theirs(mut connection: MultiplexedConnection, number: usize, each: usize) -> Result<()> {
    let key = key(number);
    for _ in 0..each {
        black_box(get(&mut connection, &key).await?);
    }
    Ok(())
}

/// A key that nobody has: asked for, loaded at once, and written for all.
pub(super) fn fill(ctx: &Context) -> RowSpec {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let each = ctx.scale(500, 5_000);
    RowSpec::new("redis.fill")
        .unit("µs/look-up")
        .note("a key that is nowhere, of an origin that answers at once; the other is one round trip, a GET of 1 KB")
        .subject_async(
            ctx,
            "wats-redis",
            async || {
                let redis = Redis::start()?;
                Ok((Arc::new(Node::start(&redis.url())?), redis))
            },
            async move |(node, _)| {
                let caller = |_| {
                    let node = Arc::clone(node);
                    async move {
                        for _ in 0..each {
                            let number = NEXT.fetch_add(1, Ordering::Relaxed);
                            node.read(&format!("fresh-{number}"), value()).await?;
                        }
                        Ok(())
                    }
                };
                Ok(look_ups(1, each, caller).await?[1])
            },
        )
        .peer_async(
            ctx,
            REDIS_RS,
            async || filled(1).await,
            async move |(connection, _)| {
                let caller = |_| theirs(connection.clone(), 0, each);
                Ok(look_ups(1, each, caller).await?[1])
            },
        )
}

/// A call of the budget that need not wait.
pub(super) fn take(ctx: &Context) -> RowSpec {
    let each = ctx.scale(500, 5_000);
    RowSpec::new("redis.take")
        .unit("µs/call")
        .note("a call that the budget of the token has room for; the other is one round trip, a GET of 1 KB")
        .subject_async(
            ctx,
            "wats-redis",
            async || {
                let redis = Redis::start()?;
                let node = Node::start(&redis.url())?;
                let limit = RateLimit::new(1_000_000, Duration::from_secs(1));
                let limiter = node.shared.rate_limiter("bench:443", "token", limit)?;
                limiter.acquire(1, None).await?;
                // A log that is new leaves each station its share for a while.
                tokio::time::sleep(Duration::from_millis(2_500)).await;
                Ok((limiter, node, redis))
            },
            async move |(limiter, _, _)| {
                let before = limiter.stats().local;
                let caller = |_| taken(Arc::clone(limiter), each);
                let [_, time] = look_ups(1, each, caller).await?;
                match limiter.stats().local - before {
                    0 => Ok(time),
                    local => Err(format!("{local} calls were not booked").into()),
                }
            },
        )
        .peer_async(
            ctx,
            REDIS_RS,
            async || filled(1).await,
            async move |(connection, _)| {
                let caller = |_| theirs(connection.clone(), 0, each);
                Ok(look_ups(1, each, caller).await?[1])
            },
        )
}

async fn taken(limiter: Arc<SharedRateLimiter>, calls: usize) -> Result<()> {
    for _ in 0..calls {
        if !limiter.try_acquire(1, tokio::time::Instant::now()) {
            limiter.acquire(1, None).await?;
        }
    }
    Ok(())
}
