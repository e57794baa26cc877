//! What changes: whether anybody still reads what was before, and for how long.

use super::node::{CACHING, Node, REDIS_RS, caching, get, numbered, plain, set};
use super::server::Redis;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Tasks that change and read at the same time.
const TASKS: u64 = 8;

fn key(number: u64) -> String {
    format!("PART-{number:04}")
}

/// The figures of tasks, summed up.
async fn sum(mut tasks: JoinSet<Result<u64>>) -> Result<u64> {
    let mut all = 0;
    while let Some(figure) = tasks.join_next().await {
        all += figure??;
    }
    Ok(all)
}

/// A key is written and read at once, again and again.
pub(super) fn own_write(ctx: &Context) -> RowSpec {
    let each = 2_500;
    let all = TASKS * each;
    let figures = move |stale: u64, time: Duration| -> [f64; 2] {
        [stale as f64, time.as_secs_f64() * 1e6 / all as f64]
    };
    RowSpec::new("redis.own_write.stale")
        .unit("stale reads of 20 000")
        .and("redis.own_write.time")
        .unit("µs")
        .note(
            "8 tasks write a key of their own and read it behind the answer; the time is that of both, one after the other",
        )
        .subject_async(
            ctx,
            "wats-redis",
            async || {
                let redis = Redis::start()?;
                Ok((Arc::new(Node::start(&redis.url())?), redis))
            },
            async move |(node, _)| {
                let begin = Instant::now();
                let mut tasks = JoinSet::new();
                for task in 0..TASKS {
                    let node = Arc::clone(node);
                    tasks.spawn(async move {
                        let (key, mut stale) = (key(task), 0);
                        for number in 0..each {
                            let written = numbered(number);
                            node.cache.put(key.clone(), written.clone()).await;
                            let read = node.read(&key, numbered(u64::MAX)).await?;
                            stale += u64::from(read != written);
                        }
                        Ok(stale)
                    });
                }
                let stale = sum(tasks).await?;
                Ok(figures(stale, begin.elapsed()))
            },
        )
        .peer_async(
            ctx,
            CACHING,
            async || {
                let redis = Redis::start()?;
                Ok((caching(&redis.url()).await?, redis))
            },
            async move |(connection, _)| {
                let (stale, time) = set_and_get(connection, each).await?;
                Ok(figures(stale, time))
            },
        )
        .peer_async(
            ctx,
            REDIS_RS,
            async || {
                let redis = Redis::start()?;
                Ok((plain(&redis.url()).await?, redis))
            },
            async move |(connection, _)| {
                let (stale, time) = set_and_get(connection, each).await?;
                Ok(figures(stale, time))
            },
        )
}

async fn set_and_get(connection: &MultiplexedConnection, each: u64) -> Result<(u64, Duration)> {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let mut connection = connection.clone();
        tasks.spawn(async move {
            let (key, mut stale) = (key(task), 0);
            for number in 0..each {
                let written = numbered(number);
                set(&mut connection, &key, &written).await?;
                stale += u64::from(get(&mut connection, &key).await? != *written);
            }
            Ok(stale)
        });
    }
    let stale = sum(tasks).await?;
    Ok((stale, begin.elapsed()))
}

/// Keys that are raced for.
const RACED: u64 = 100;

/// What the values come from: a database without a cache.
type Source = Arc<Vec<AtomicU64>>;

/// Keys that stay wrong after many have changed and read them at the same time.
pub(super) fn stuck(ctx: &Context) -> RowSpec {
    let updates = ctx.scale(10_000, 100_000);
    RowSpec::new("redis.stuck")
        .unit("wrong keys of 100")
        .note(&format!(
            "after {updates} changes that raced with reads, in two places; for ours the server is killed twice meanwhile"
        ))
        .once()
        .subject_async(ctx, "wats-redis", async || Ok(()), async move |()| {
            raced(updates).await
        })
        .peer_async(ctx, CACHING, async || Ok(()), async move |()| {
            raced_by_hand(updates).await
        })
}

async fn raced(updates: u64) -> Result<f64> {
    let mut redis = Redis::start()?;
    let nodes = [Node::start(&redis.url())?, Node::start(&redis.url())?].map(Arc::new);
    let source: Source = Arc::new((0..RACED).map(|_| AtomicU64::new(0)).collect());
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (own, other) = ((task % 2) as usize, (task as usize + 1) % 2);
        let (own, other) = (Arc::clone(&nodes[own]), Arc::clone(&nodes[other]));
        let (source, done) = (Arc::clone(&source), Arc::clone(&done));
        tasks.spawn(async move {
            for round in 0..updates / TASKS {
                if !own.shared.is_trusted() {
                    // Without the server nothing takes time, and all would be over before it is back.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                // A key is changed by one task only, as a row of a database is changed by one at a time.
                let number = (round * TASKS + task) % (RACED / TASKS * TASKS);
                source[number as usize].fetch_add(1, Ordering::SeqCst);
                own.cache.remove(&key(number)).await;
                read_source(&own, &source, number).await?;
                read_source(&other, &source, (number + 13) % RACED).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(0)
        });
    }
    for part in [1, 2] {
        while done.load(Ordering::Relaxed) < updates * part / 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        redis.kill();
        tokio::time::sleep(Duration::from_millis(100)).await;
        redis.restart()?;
    }
    sum(tasks).await?;
    let mut wrong = 0;
    for node in &nodes {
        node.connected()?;
        node.shared.fence().await?;
    }
    for number in 0..RACED {
        let mut is_wrong = false;
        for node in &nodes {
            let read = read_source(node, &source, number).await?;
            is_wrong |= read != source[number as usize].load(Ordering::SeqCst);
        }
        wrong += u32::from(is_wrong);
    }
    Ok(f64::from(wrong))
}

/// What a node says of a key, which it asks the database for if it has to.
async fn read_source(node: &Node, source: &Source, number: u64) -> Result<u64> {
    let source = Arc::clone(source);
    let load = move || async move {
        let value = source[number as usize].load(Ordering::SeqCst);
        tokio::task::yield_now().await;
        Ok::<_, super::node::Never>(wats_cache::Loaded::new(numbered(value)))
    };
    let read = node.cache.get_or_load_with(key(number), load).await?;
    Ok(std::str::from_utf8(&read)?.parse()?)
}

/// Here the Redis is the database.
async fn raced_by_hand(updates: u64) -> Result<f64> {
    let redis = Redis::start()?;
    let url = redis.url();
    let (mut writes, mut reads) = (plain(&url).await?, caching(&url).await?);
    for number in 0..RACED {
        set(&mut writes, &key(number), b"0").await?;
    }
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (mut writes, mut reads) = (writes.clone(), reads.clone());
        tasks.spawn(async move {
            for round in 0..updates / TASKS {
                let number = (round * TASKS + task) % (RACED / TASKS * TASKS);
                set(&mut writes, &key(number), &numbered(round + 1)).await?;
                get(&mut reads, &key(number)).await?;
                get(&mut reads, &key((number + 13) % RACED)).await?;
            }
            Ok(0)
        });
    }
    sum(tasks).await?;
    // What the server has to tell is told long since.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut wrong = 0;
    for number in 0..RACED {
        let (kept, there) = (
            get(&mut reads, &key(number)).await?,
            get(&mut writes, &key(number)).await?,
        );
        wrong += u32::from(kept != there);
    }
    Ok(f64::from(wrong))
}

/// From the answer to a write to the moment from which another has not the old value in memory any more.
pub(super) fn lag(ctx: &Context) -> RowSpec {
    let writes = ctx.scale(300, 2_000);
    RowSpec::new("redis.lag.p99")
        .unit("ms")
        .and("redis.lag.median")
        .unit("ms")
        .note(&format!(
            "{writes} writes, one after the other, on a machine that does nothing else; 0 if it was gone before the answer"
        ))
        .subject_async(
            ctx,
            "wats-redis",
            async || {
                let redis = Redis::start()?;
                let nodes = [Node::start(&redis.url())?, Node::start(&redis.url())?];
                Ok((nodes, redis))
            },
            async move |([one, other], _)| {
                let (name, mut lags) = (key(1), Vec::new());
                for number in 0..writes {
                    other.warm(&name).await?;
                    one.cache.put(name.clone(), numbered(number)).await;
                    let new = numbered(number);
                    let is_old = || other.cache.get(&name).is_some_and(|value| value != new);
                    lags.push(until(async || Ok(!is_old())).await?);
                }
                Ok(percentiles(lags))
            },
        )
        .peer_async(
            ctx,
            CACHING,
            async || {
                let redis = Redis::start()?;
                let url = redis.url();
                let connections = (plain(&url).await?, caching(&url).await?);
                Ok((connections, redis))
            },
            async move |((one, other), _)| {
                let (name, mut lags) = (key(1), Vec::new());
                set(one, &name, b"-").await?;
                for number in 0..writes {
                    get(other, &name).await?;
                    let new = numbered(number);
                    set(one, &name, &new).await?;
                    let is_new = async || Ok(get(other, &name).await? == *new);
                    lags.push(until(is_new).await?);
                }
                Ok(percentiles(lags))
            },
        )
}

/// How long it takes until something is so; looked for every 20 µs or so.
async fn until(mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<f64> {
    let begin = Instant::now();
    let mut first = true;
    while !is_so().await? {
        first = false;
        if begin.elapsed() > Duration::from_secs(5) {
            return Err(Error::from("the old value is still there after 5 s"));
        }
        std::thread::sleep(Duration::from_micros(20));
        tokio::task::yield_now().await;
    }
    Ok(if first {
        0.0
    } else {
        begin.elapsed().as_secs_f64() * 1e3
    })
}

fn percentiles(mut lags: Vec<f64>) -> [f64; 2] {
    lags.sort_by(f64::total_cmp);
    let at = |part: f64| lags[((lags.len() - 1) as f64 * part) as usize];
    [at(0.99), at(0.5)]
}
