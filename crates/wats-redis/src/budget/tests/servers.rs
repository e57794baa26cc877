//! Stations and a real server. By `WATS_REDIS_LONG=1` with windows of a minute, and what depends on speed.

use std::sync::Arc;
use std::time::{Duration, Instant as StdInstant};

use futures_util::future::join_all;
use tokio::time::Instant;
use wats_http::{RateLimit, RateLimited, RateLimiter};

use crate::budget::limiter::Options;
use crate::budget::{SharedRateLimit, SharedRateLimiter};
use crate::link::Link;
use crate::shared::Shared;
use crate::testing::{Server, eventually};

/// One process, with a connection of its own.
pub(super) struct Station {
    limiter: Arc<SharedRateLimiter>,
    link: Arc<Link>,
    _shared: Shared,
}

pub(super) fn is_long() -> bool {
    std::env::var_os("WATS_REDIS_LONG").is_some()
}

impl Station {
    fn new(server: &Server, calls: u32, per: Duration, slack: Duration) -> Self {
        Self::at(&server.url(), calls, per, slack)
    }

    pub(super) fn at(url: &str, calls: u32, per: Duration, slack: Duration) -> Self {
        // A machine that is busy must not make a server seem away.
        let shared = Shared::builder(url)
            .namespace("n")
            .op_timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        let link = shared.link_of_program().unwrap();
        let options = Options {
            limit: RateLimit::new(calls, per),
            slack,
            local_share: None,
        };
        Self {
            limiter: SharedRateLimiter::start(Arc::clone(&link), options).unwrap(),
            link,
            _shared: shared,
        }
    }

    /// So many that all know of one another.
    fn several(n: u32, server: &Server, calls: u32, per: Duration, slack: Duration) -> Vec<Self> {
        let stations: Vec<_> = (0..n)
            .map(|_| Self::new(server, calls, per, slack))
            .collect();
        for station in &stations {
            eventually("all know of one another", || {
                station.link.members() == Some(n)
            });
        }
        stations
    }

    pub(super) fn members(&self) -> Option<u32> {
        self.link.members()
    }

    /// Calls that were granted without the log.
    pub(super) fn local(&self) -> u64 {
        self.limiter.stats().local
    }

    pub(super) async fn take(&self, wait: Option<Duration>) -> Result<(), RateLimited> {
        if !self.limiter.try_acquire(1, Instant::now()) {
            let deadline = wait.map(|wait| Instant::now() + wait);
            self.limiter.acquire(1, deadline).await?;
        }
        Ok(())
    }

    /// How many of so many calls, that come at once, may be made within a time.
    async fn granted(&self, calls: usize, wait: Duration) -> usize {
        let taken = join_all((0..calls).map(|_| self.take(Some(wait)))).await;
        taken.iter().filter(|taken| taken.is_ok()).count()
    }
}

const LOG: &str = "w1:{n}:n:log";
const META: &str = "w1:{n}:n:log-meta";

pub(super) fn log(server: &Server) -> Vec<i64> {
    server.run(&["LRANGE", LOG, "0", "-1"])
}

/// The log keeps all that is booked, and is old enough to be used by several.
pub(super) fn begin_log(server: &Server) {
    let long_ago = "1000000";
    server.run::<i64>(&[
        "HSET", META, "size", "100000", "epoch", "7", "born", long_ago, "until", "0",
    ]);
}

#[track_caller]
pub(super) fn assert_within(times: &[i64], calls: usize, window: Duration) {
    for pair in times.windows(calls + 1) {
        let apart = pair[calls] - pair[0];
        assert!(apart >= window.as_micros() as i64, "{apart} µs");
    }
}

/// The stations want more than there is for the whole time. What they book is never too much, and nearly all there is.
#[tokio::test(flavor = "multi_thread")]
async fn five_stations_use_the_limit_and_no_more() {
    let Some(server) = Server::start() else {
        return;
    };
    let (calls, per, slack, windows) = if is_long() {
        (500, Duration::from_secs(60), Duration::from_millis(250), 10)
    } else {
        (20, Duration::from_secs(1), Duration::from_millis(25), 3)
    };
    begin_log(&server);
    let stations = Station::several(5, &server, calls, per, slack);
    let calls = calls as usize;
    let each = calls * (windows + 1) / stations.len();
    let wanted = stations.iter().map(|station| {
        join_all((0..each).map(|_| async {
            station.take(None).await.unwrap();
            StdInstant::now()
        }))
    });
    let mut made: Vec<_> = join_all(wanted).await.into_iter().flatten().collect();
    let booked = log(&server);
    assert!(booked.len() >= each * 5, "{}", booked.len());
    assert_within(&booked, calls, per + slack);
    let (first, last) = (booked[0], booked[calls * windows]);
    let used = per.as_secs_f64() * windows as f64 / ((last - first) as f64 / 1e6);
    assert!(used >= 0.97, "{used}");
    for station in &stations {
        println!("{}", station.limiter.stats());
        assert_eq!(station.limiter.stats().local, 0);
    }
    made.sort_unstable();
    let worst = made
        .windows(calls + 1)
        .map(|pair| pair[calls] - pair[0])
        .min();
    println!(
        "used {:.2} %; {calls} calls and one more take {worst:?} at least",
        used * 100.0
    );
    if is_long() {
        assert!(worst.unwrap() >= per);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_of_one_stops_all_of_them() {
    let Some(server) = Server::start() else {
        return;
    };
    let (per, slack) = (Duration::from_secs(30), Duration::from_millis(250));
    let stations = Station::several(3, &server, 1, per, slack);
    begin_log(&server);
    stations[0].take(None).await.unwrap();
    // The others wait for slots that lie within the pause.
    let waiting = stations[1..].iter().map(|station| {
        let limiter = Arc::clone(&station.limiter);
        tokio::spawn(async move { limiter.acquire(1, None).await })
    });
    let waiting: Vec<_> = waiting.collect();
    eventually("all are booked", || log(&server).len() == 3);
    stations[0].limiter.pause(Duration::from_secs(200));
    for station in &stations[1..] {
        let heard = eventually("it has heard", || station.limiter.stats().paused == 1);
        println!("heard within {heard:?}");
        if is_long() {
            assert!(heard <= Duration::from_millis(50));
        }
    }
    for station in &stations {
        let refused = station.take(Some(Duration::from_secs(100))).await;
        let wait = refused.unwrap_err().retry_after_hint().unwrap();
        assert!(wait >= Duration::from_secs(120), "{wait:?}");
    }
    for call in waiting {
        assert!(!call.is_finished());
        call.abort();
    }
}

const CALLS: usize = 50;

/// The window is longer than the test: what is granted in it is the sum of all.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_killed_shares_are_the_limit_and_back_again_they_are_told() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (per, slack) = (Duration::from_secs(600), Duration::from_millis(250));
    let stations = Station::several(5, &server, CALLS as u32, per, slack);
    begin_log(&server);
    assert_eq!(stations[0].granted(4, Duration::from_secs(60)).await, 4);
    server.kill();
    for station in &stations {
        eventually("it has noticed", || station.link.session().is_err());
    }
    // Half of the shares now, and the rest in the first moments of the new log.
    let soon = Duration::from_secs(60);
    let halves = stations.iter().map(|station| station.granted(5, soon));
    let mut granted = 4 + join_all(halves).await.iter().sum::<usize>();
    assert_eq!(granted, 4 + 5 * 5);
    server.restart();
    for station in &stations {
        eventually("it is back", || station.link.session().is_ok());
    }
    assert_eq!(
        log(&server).len(),
        granted,
        "all of them have said what they had"
    );
    let all = join_all(stations.iter().map(|station| station.granted(CALLS, soon))).await;
    granted += all.iter().sum::<usize>();
    assert!(granted <= CALLS, "{granted}: {all:?}");
    // The log is no longer new, and the rest goes to whoever asks.
    server.run::<i64>(&["HSET", META, "born", "1000000"]);
    granted += stations[4].granted(CALLS, soon).await;
    assert_eq!(granted, CALLS);
    for station in &stations {
        assert_eq!(station.granted(3, soon).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_lost_is_made_again_by_all_who_booked_in_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let (per, slack) = (Duration::from_secs(600), Duration::from_millis(250));
    let stations = Station::several(3, &server, 30, per, slack);
    let soon = Duration::from_secs(60);
    begin_log(&server);
    for station in &stations {
        assert_eq!(station.granted(5, soon).await, 5);
    }
    server.run::<redis::Value>(&["FLUSHALL"]);
    let granted = join_all(stations.iter().map(|station| station.granted(20, soon))).await;
    let granted: usize = granted.iter().sum();
    assert!(granted <= 15, "{granted}");
    // The log is no longer new, and the rest goes to whoever asks.
    server.run::<i64>(&["HSET", META, "born", "1000000"]);
    assert_eq!(granted + stations[2].granted(20, soon).await, 15);
    assert_eq!(log(&server).len(), 30);
}

/// What a station leaves is there for the others.
#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_station_that_is_gone_are_the_others() {
    let Some(server) = Server::start() else {
        return;
    };
    let (per, slack) = (Duration::from_secs(3), Duration::from_millis(250));
    let mut stations = Station::several(2, &server, 20, per, slack);
    begin_log(&server);
    let soon = Duration::from_millis(2_500);
    let gone = stations.remove(0);
    let used = gone.granted(15, Duration::from_secs(60)).await;
    assert_eq!(used, 15);
    drop(gone);
    let stays = &stations[0];
    // In a window in which nothing else is booked all of the limit is for the one that is left.
    eventually("the window is over", || {
        let last = log(&server).last().copied().unwrap_or_default();
        stays.link.server_micros().unwrap() > last + 3_300_000
    });
    assert_eq!(stays.granted(25, soon).await, 20);
}

#[test]
fn one_limiter_for_each_limit_of_a_namespace() {
    // Nobody has to answer for that.
    let shared = Shared::builder("redis://127.0.0.1:1")
        .namespace("n")
        .build()
        .unwrap();
    let of = |calls| {
        let limit = RateLimit::new(calls, Duration::from_secs(60));
        shared.rate_limiter("h:443", "dXNlcjpw", limit)
    };
    let (one, other) = (of(1).unwrap(), of(2).unwrap());
    assert!(Arc::ptr_eq(&one, &of(1).unwrap()) && !Arc::ptr_eq(&one, &other));
    of(3).unwrap();
    of(4).unwrap();
    assert!(of(5).is_err());
    let none = RateLimit::new(0, Duration::from_secs(60));
    assert!(shared.rate_limiter("h:443", "dXNlcjpw", none).is_err());
    let limit = SharedRateLimit::from(RateLimit::default()).local_share(9);
    assert_eq!(limit.local_share, Some(9));
}
