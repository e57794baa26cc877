//! A process that shares: `serve station REDIS_URL`.
//!
//! | question | answer |
//! |---|---|
//! | `herd WAY PREFIX KEYS CALLERS ORIGIN_MS AT` | how often its origin was asked, and after how many ms its last caller had a value |
//! | `calls BASE_URL TOKEN LIMIT PER_MS CALLS` | how many of its calls failed, and how many were made without the log |
//! | `meet NUMBER` | 1, once it has heard of so many stations |
//! | `idle MS` | processor time in ms |
//!
//! `AT` is a time in ms since 1970, at which several begin together.

use super::node::{Never, Node, get, plain, set, value};
use crate::{Error, Result, cpu, server};
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use wats_cache::Loaded;
use wats_http::http::Method;
use wats_http::{Call, Client, Idempotency, Operation, RateLimit, Timeouts};

/// Name of the child process.
pub(crate) const NAME: &str = "station";

/// Calls of a station at a time.
const AT_A_TIME: usize = 10;

/// Our way of a herd, and the one without leases.
pub(super) const OURS: &str = "ours";
pub(super) const BY_HAND: &str = "by-hand";

static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);

/// Is the station until the parent goes.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let [url] = arguments else {
        return Err("usage: serve station REDIS_URL".into());
    };
    let runtime = Runtime::new()?;
    let node = Arc::new(Node::start(url)?);
    let by_hand = runtime.block_on(plain(url))?;
    server::serve_until_closed("", |question| {
        let words: Vec<&str> = question.split(' ').collect();
        let answer = match words.as_slice() {
            ["herd", way, prefix, keys, callers, origin, at] => {
                let herd = Herd::of(prefix, [keys, callers, origin, at]);
                herd.and_then(|herd| match *way {
                    OURS => runtime.block_on(
                        herd.run(|key, asked| ours(Arc::clone(&node), key, asked, herd.origin)),
                    ),
                    _ => runtime.block_on(herd.run(|key, asked| {
                        without_leases(by_hand.clone(), key, asked, herd.origin)
                    })),
                })
            }
            ["calls", base_url, token, limit, per, calls] => {
                let work = Work::of([base_url, token], [limit, per, calls]);
                work.and_then(|work| runtime.block_on(work.run(&node)))
            }
            ["meet", number] => meet(&node, number),
            ["idle", time] => idle(time),
            _ => Err("unknown question".into()),
        };
        answer.unwrap_or_else(|error| format!("failed: {error}"))
    })
}

fn meet(node: &Node, number: &str) -> Result<String> {
    let number = Some(number.parse()?);
    let begin = Instant::now();
    while node.shared.stats().first().and_then(|link| link.members) != number {
        if begin.elapsed() > Duration::from_secs(20) {
            return Err(Error::from("the other stations are not heard of"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok("1".to_owned())
}

fn idle(time: &str) -> Result<String> {
    let time = Duration::from_millis(time.parse()?);
    let ((), cpu) = cpu::timed(|| std::thread::sleep(time));
    Ok(format!("{}", cpu.as_secs_f64() * 1e3))
}

/// Many who want the same at once.
struct Herd {
    prefix: String,
    keys: usize,
    callers: usize,
    origin: Duration,
    at: Duration,
}

impl Herd {
    fn of(prefix: &str, [keys, callers, origin, at]: [&str; 4]) -> Result<Self> {
        Ok(Self {
            prefix: prefix.to_owned(),
            keys: keys.parse()?,
            callers: callers.parse()?,
            origin: Duration::from_millis(origin.parse()?),
            at: Duration::from_millis(at.parse()?),
        })
    }

    async fn run<F>(&self, caller: impl Fn(String, Arc<AtomicU64>) -> F) -> Result<String>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let asked = Arc::new(AtomicU64::new(0));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        tokio::time::sleep(self.at.saturating_sub(now)).await;
        let begin = Instant::now();
        let mut all = JoinSet::new();
        for _ in 0..self.callers {
            for key in 0..self.keys {
                let key = format!("{}-{key}", self.prefix);
                all.spawn(caller(key, Arc::clone(&asked)));
            }
        }
        while let Some(done) = all.join_next().await {
            done??;
        }
        let last = begin.elapsed().as_secs_f64() * 1e3;
        Ok(format!("{} {last}", asked.load(Ordering::SeqCst)))
    }
}

async fn ours(node: Arc<Node>, key: String, asked: Arc<AtomicU64>, origin: Duration) -> Result<()> {
    let load = move || async move {
        asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(origin).await;
        Ok::<_, Never>(Loaded::new(value()))
    };
    node.cache.get_or_load_with(key, load).await?;
    Ok(())
}

/// GET, and SET of what the origin says where there is nothing.
async fn without_leases(
    mut connection: MultiplexedConnection,
    key: String,
    asked: Arc<AtomicU64>,
    origin: Duration,
) -> Result<()> {
    if get(&mut connection, &key).await.is_err() {
        asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(origin).await;
        set(&mut connection, &key, &value()).await?;
    }
    Ok(())
}

/// Calls to a server that has a limit.
struct Work {
    base_url: String,
    token: String,
    limit: RateLimit,
    calls: usize,
}

impl Work {
    fn of([base_url, token]: [&str; 2], [limit, per, calls]: [&str; 3]) -> Result<Self> {
        let per = Duration::from_millis(per.parse()?);
        Ok(Self {
            base_url: base_url.to_owned(),
            token: token.to_owned(),
            limit: RateLimit::new(limit.parse()?, per),
            calls: calls.parse()?,
        })
    }

    async fn run(self, node: &Node) -> Result<String> {
        let timeouts = Timeouts::default().total(Duration::from_secs(1_200));
        let client = Client::builder()
            .base_url(&self.base_url)
            .token(&self.token)
            .timeouts(timeouts)
            .rate_limit(self.limit.clone())
            .make_rate_limiter(Arc::new(node.shared.clone()))
            .build()?;
        let mut tasks = JoinSet::new();
        for task in 0..AT_A_TIME {
            let client = client.clone();
            let calls = self.calls / AT_A_TIME + usize::from(task < self.calls % AT_A_TIME);
            tasks.spawn(async move {
                let mut failed = 0_usize;
                for _ in 0..calls {
                    failed += usize::from(client.execute(Call::new(&VERSION)).await.is_err());
                }
                failed
            });
        }
        let mut failed = 0;
        while let Some(done) = tasks.join_next().await {
            failed += done?;
        }
        // The same limiter as the client has: the namespace has a name.
        let limiter = node.shared.rate_limiter("bench", "bench", self.limit)?;
        Ok(format!("{failed} {}", limiter.stats().local))
    }
}

/// In the parent: the figures of an answer.
pub(super) fn figures<const N: usize>(answer: &str) -> Result<[f64; N]> {
    let figures: Vec<f64> = answer
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| answer.to_owned())?;
    figures.try_into().map_err(|_| Error::from(answer))
}
