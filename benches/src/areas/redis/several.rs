//! Rows whose stations are processes of their own.

use super::node::REDIS_RS;
use super::server::Redis;
use super::station::{self, BY_HAND, OURS, figures};
use crate::server::Server;
use crate::spec::{Context, RowSpec};
use crate::{Error, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;
use wats_sim::Simulator;

/// Processes on one server, which ends after them.
struct Stations {
    all: Vec<Server>,
    redis: Redis,
}

impl Stations {
    fn start(number: usize) -> Result<Self> {
        let redis = Redis::start()?;
        let start = |_| Server::start(station::NAME, &[&redis.url()]);
        let all = (0..number).map(start).collect::<Result<_>>()?;
        Ok(Self { all, redis })
    }

    /// Asks all of them at the same time.
    fn ask<const N: usize>(&mut self, question: &str) -> Result<Vec<[f64; N]>> {
        let answers = std::thread::scope(|scope| {
            let asked: Vec<_> = self
                .all
                .iter_mut()
                .map(|station| scope.spawn(move || station.ask(question)))
                .collect();
            let joined = asked.into_iter().map(|asked| {
                let answer = asked.join();
                answer.unwrap_or_else(|_| Err(Error::from("a thread panicked")))
            });
            joined.collect::<Result<Vec<_>>>()
        })?;
        answers.iter().map(|answer| figures(answer)).collect()
    }
}

/// Many callers of many processes, and keys that nobody has.
pub(super) fn herd(ctx: &Context) -> RowSpec {
    const PROCESSES: usize = 8;
    const KEYS: usize = 20;
    static ROUND: AtomicU64 = AtomicU64::new(0);
    let round = |way: &'static str| {
        move |stations: &mut Stations| {
            let prefix = ROUND.fetch_add(1, Ordering::Relaxed);
            // By then all have been asked.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            let at = now.as_millis() + 50;
            let answers = stations.ask::<2>(&format!("herd {way} {prefix} {KEYS} 100 100 {at}"))?;
            let asked: f64 = answers.iter().map(|[asked, _]| asked).sum();
            let last = answers.iter().map(|[_, last]| *last).fold(0.0, f64::max);
            Ok([asked / KEYS as f64, last])
        }
    };
    RowSpec::new("redis.herd.origin_calls")
        .unit("calls/key")
        .and("redis.herd.last_caller")
        .unit("ms")
        .note(
            "8 processes with 100 callers each for each of 20 keys that nobody has, of an origin that takes 100 ms; redis-rs \
             by GET, and SET where there was nothing",
        )
        .most_rounds(ctx.scale(2, 5))
        .subject_with(
            "wats-redis",
            || Stations::start(PROCESSES),
            round(OURS),
        )
        .peer_with(REDIS_RS, || Stations::start(PROCESSES), round(BY_HAND))
}

/// Stations that want more calls than their token may make.
pub(super) fn budget(ctx: &Context) -> RowSpec {
    const STATIONS: usize = 5;
    const LIMIT: usize = 200;
    const PER: Duration = Duration::from_secs(10);
    let windows = ctx.scale(2, 10);
    RowSpec::new("redis.budget.used")
        .unit("%")
        .higher_is_better()
        .and("redis.budget.over")
        .unit("calls")
        .note(&format!(
            "5 processes, {LIMIT} calls in any {} s of {windows}: how much of that they made, and how many were too many as \
             the simulator counts them",
            PER.as_secs()
        ))
        .once()
        .subject_with(
            "wats-redis",
            || {
                let runtime = Runtime::new()?;
                let sim = Simulator::builder().rate_limit(LIMIT, PER).start();
                let sim = runtime.block_on(sim)?;
                let mut stations = Stations::start(STATIONS)?;
                // Those that begin together have not heard of one another yet, and would take too large a share.
                stations.ask::<1>(&format!("meet {STATIONS}"))?;
                Ok((stations, sim, runtime))
            },
            move |(stations, sim, _)| {
                // One more each than the windows hold: the last of them must wait for the next one.
                let each = LIMIT * windows / STATIONS + 1;
                let (url, token, per) = (sim.base_url(), sim.token(), PER.as_millis());
                let begin = Instant::now();
                let answers =
                    stations.ask::<2>(&format!("calls {url} {token} {LIMIT} {per} {each}"))?;
                let taken = begin.elapsed().as_secs_f64();
                let failed: f64 = answers.iter().map(|[failed, _]| failed).sum();
                if failed > 0.0 {
                    return Err(format!("{failed} calls failed").into());
                }
                let over = sim.counters().statuses.get(&429).copied();
                let used = PER.as_secs_f64() * windows as f64 / taken * 100.0;
                Ok([used, over.unwrap_or(0) as f64])
            },
        )
}

/// A station that shares and does nothing.
pub(super) fn idle(ctx: &Context) -> RowSpec {
    let time = Duration::from_secs(ctx.scale(5, 20));
    RowSpec::new("redis.idle.cpu")
        .unit("% of a core")
        .and("redis.idle.commands")
        .unit("commands/s")
        .note(&format!(
            "a process that shares and does nothing for {} s; commands as the server counts what it reads",
            time.as_secs()
        ))
        .once()
        .subject_with(
            "wats-redis",
            || Stations::start(1),
            move |stations| {
                let url = stations.redis.url();
                let before = reads(&url)?;
                let begin = Instant::now();
                let answers = stations.ask::<1>(&format!("idle {}", time.as_millis()))?;
                let seconds = begin.elapsed().as_secs_f64();
                // Less the question itself, and what opens its connection.
                let commands = reads(&url)? - before;
                let [millis] = answers.first().ok_or("no answer")?;
                Ok([millis / 10.0 / seconds, commands / seconds])
            },
        )
}

/// How often the server has read from a client that sent something.
fn reads(url: &str) -> Result<f64> {
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let info: String = redis::cmd("INFO").arg("stats").query(&mut connection)?;
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix("total_reads_processed:"));
    let line = line.ok_or("the server does not count what it reads")?;
    Ok(line.trim().parse()?)
}
