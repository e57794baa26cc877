//! The limiter over a log in memory, in paused time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all, poll_immediate};
use tokio::time::{Instant, sleep};
use wats_http::{RateLimit, RateLimited, RateLimiter};

use crate::budget::limiter::{Limiter, Options};
use crate::budget::remote::Remote;
use crate::budget::script::{Booked, Booking};
use crate::error::{Error, Result};

/// A log that answers after a round trip, unless it is away. What it does is what the script does.
#[derive(Debug)]
struct Memory {
    born: Instant,
    log: Mutex<(u64, VecDeque<i64>)>,
    away: AtomicBool,
    stations: AtomicU32,
    paused_until: Mutex<Option<Instant>>,
    bookings: Mutex<Vec<u32>>,
    asked: AtomicU32,
}

const ROUND_TRIP: Duration = Duration::from_millis(2);

impl Memory {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            log: Mutex::default(),
            away: AtomicBool::new(false),
            stations: AtomicU32::new(1),
            paused_until: Mutex::default(),
            bookings: Mutex::default(),
            asked: AtomicU32::new(0),
        })
    }

    fn now(&self) -> i64 {
        self.born.elapsed().as_micros() as i64
    }

    fn is_there(&self) -> Result<()> {
        if self.away.load(SeqCst) {
            return Err(Error::NoSession);
        }
        Ok(())
    }

    /// As a server that is started again.
    fn forget(&self) {
        *self.log.lock().unwrap() = (0, VecDeque::new());
    }

    fn times(&self) -> Vec<i64> {
        self.log.lock().unwrap().1.iter().copied().collect()
    }

    fn run(&self, booking: &Booking) -> Booked {
        let now = self.now();
        let (epoch, log) = &mut *self.log.lock().unwrap();
        if *epoch == 0 {
            *epoch = booking.drawn;
        }
        if booking.has_booked && booking.epoch != Some(*epoch) {
            return Booked::OtherLog;
        }
        log.extend(booking.unbooked.ages.iter().map(|age| now - age));
        log.make_contiguous().sort_unstable();
        self.bookings.lock().unwrap().push(booking.most);
        let epoch = *epoch;
        if booking.most == 0 {
            let wait = Duration::ZERO;
            return Booked::Refused {
                wait,
                paused: false,
                epoch,
            };
        }
        let window = booking.window.as_micros() as i64;
        let free = |log: &VecDeque<i64>| {
            let room = (booking.limit - booking.calls) as usize;
            let nth = log.len().checked_sub(room + 1);
            nth.map_or(0, |nth| log[nth] + window)
        };
        let paused = self.paused_until.lock().unwrap();
        let pause = paused.map_or(0, |until| (until - self.born).as_micros() as i64);
        let at = free(log)
            .max(now)
            .max(log.back().copied().unwrap_or(0))
            .max(pause);
        let wait = Duration::from_micros((at - now) as u64);
        if booking.latest.is_some_and(|latest| wait > latest) {
            return Booked::Refused {
                wait,
                paused: at == pause,
                epoch,
            };
        }
        let used = log.iter().filter(|time| **time + window > now).count();
        let all = booking.most + booking.ahead;
        let has_room = used + (all * booking.calls) as usize <= (booking.limit / 2) as usize;
        let most = if wait.is_zero() && has_room {
            all
        } else {
            booking.most
        };
        let mut times = 0;
        while times == 0 || (times < most && free(log) <= at) {
            log.extend((0..booking.calls).map(|_| at));
            times += 1;
        }
        Booked::Granted { wait, times, epoch }
    }
}

impl Remote for Memory {
    fn book<'a>(&'a self, booking: &'a Booking) -> BoxFuture<'a, Result<Booked>> {
        Box::pin(async {
            self.is_there()?;
            sleep(ROUND_TRIP / 2).await;
            let booked = self.run(booking);
            sleep(ROUND_TRIP / 2).await;
            self.is_there()?;
            Ok(booked)
        })
    }

    fn pause(&self, wait: Duration) {
        if self.is_there().is_ok() {
            let until = Some(Instant::now() + wait);
            let mut paused = self.paused_until.lock().unwrap();
            *paused = until.max(*paused);
        }
    }

    fn paused(&self) -> BoxFuture<'_, Result<Duration>> {
        Box::pin(async {
            self.is_there()?;
            self.asked.fetch_add(1, SeqCst);
            let until = *self.paused_until.lock().unwrap();
            Ok(until.map_or(Duration::ZERO, |until| {
                until.saturating_duration_since(Instant::now())
            }))
        })
    }

    fn stations(&self) -> Option<u32> {
        Some(self.stations.load(SeqCst)).filter(|stations| *stations > 0)
    }
}

fn options(calls: u32, per: u64) -> Options {
    Options {
        limit: RateLimit::new(calls, Duration::from_secs(per)),
        slack: Duration::from_millis(250),
        local_share: None,
    }
}

fn station(memory: &Arc<Memory>, calls: u32, per: u64) -> Arc<Limiter> {
    Arc::new(Limiter::new(Arc::clone(memory) as _, options(calls, per)))
}

async fn take(limiter: &Limiter, calls: u32) -> Result<(), RateLimited> {
    take_by(limiter, calls, None).await
}

async fn take_by(
    limiter: &Limiter,
    calls: u32,
    deadline: Option<Instant>,
) -> Result<(), RateLimited> {
    if !limiter.try_acquire(calls, Instant::now()) {
        limiter.acquire(calls, deadline).await?;
    }
    Ok(())
}

/// How far the calls of a station that come at once are apart from `start`, in seconds.
async fn at_once(limiter: &Limiter, calls: usize, start: Instant) -> Vec<u64> {
    let calls = (0..calls).map(|_| async {
        take(limiter, 1).await.unwrap();
        start.elapsed().as_secs()
    });
    join_all(calls).await
}

/// No stretch of the window's length has more calls than the limit.
fn assert_within(times: &[i64], calls: usize, window: Duration) {
    let mut times = times.to_vec();
    times.sort_unstable();
    for pair in times.windows(calls + 1) {
        let apart = pair[calls] - pair[0];
        assert!(apart >= window.as_micros() as i64, "{apart} µs: {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn stations_share_one_limit_and_callers_that_wait_are_booked_in_blocks() {
    let memory = Memory::new();
    let (one, other) = (station(&memory, 10, 10), station(&memory, 10, 10));
    let start = Instant::now();
    let (mut all, more) = tokio::join!(at_once(&one, 15, start), at_once(&other, 15, start));
    all.extend(more);
    all.sort_unstable();
    assert_eq!(all[..10], [0; 10]);
    assert_eq!(all[10..20], [10; 10]);
    assert_eq!(all[20..], [20; 10]);
    assert_within(&memory.times(), 10, Duration::from_millis(10_250));
    assert_eq!(memory.times().len(), 30, "as many as were asked for");
    let trips = one.stats().round_trips + other.stats().round_trips;
    assert!(trips <= 12, "{trips}");
    assert_eq!((one.stats().granted, one.stats().late), (15, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_comes_seldom_makes_one_round_trip_and_books_one_slot() {
    let memory = Memory::new();
    let station = station(&memory, 100, 60);
    for n in 1..=20 {
        take(&station, 1).await.unwrap();
        assert_eq!(memory.times().len(), n);
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(station.stats().round_trips, 20);
}

#[tokio::test(start_paused = true)]
async fn callers_that_come_one_after_another_are_booked_ahead_while_half_of_the_limit_is_free() {
    let memory = Memory::new();
    let station = station(&memory, 100, 60);
    let start = Instant::now();
    let mut booked = Vec::new();
    for _ in 0..100 {
        take(&station, 1).await.unwrap();
        let times = memory.times().len();
        if booked.last() != Some(&times) {
            booked.push(times);
        }
    }
    assert_eq!(start.elapsed().as_secs(), 0);
    // What others may need is booked for calls that are there.
    let one_by_one: Vec<usize> = (50..=100).collect();
    assert_eq!(booked[..7], [1, 9, 17, 25, 33, 41, 49]);
    assert_eq!(booked[7..], one_by_one);
    assert_eq!(station.stats().round_trips, booked.len() as u64);
    take(&station, 1).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_within(&memory.times(), 100, Duration::from_millis(60_250));
}

#[tokio::test(start_paused = true)]
async fn several_calls_at_once_are_not_booked_ahead_and_take_no_slot_of_a_block() {
    let memory = Memory::new();
    let station = station(&memory, 100, 60);
    take(&station, 1).await.unwrap();
    take(&station, 2).await.unwrap();
    assert_eq!(memory.times().len(), 3);
    take(&station, 1).await.unwrap();
    assert_eq!(memory.times().len(), 11);
    assert!(!station.try_acquire(2, Instant::now()));
    take(&station, 2).await.unwrap();
    assert_eq!(memory.times().len(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_in_time_is_refused_at_once_with_the_wait_and_not_booked() {
    let memory = Memory::new();
    let station = station(&memory, 2, 60);
    take(&station, 2).await.unwrap();
    let start = Instant::now();
    let deadline = start + Duration::from_secs(20);
    let refused = take_by(&station, 1, Some(deadline)).await.unwrap_err();
    assert!(start.elapsed() <= 2 * ROUND_TRIP);
    let wait = refused.retry_after_hint().unwrap();
    assert!(wait + ROUND_TRIP > Duration::from_secs(60) && wait <= Duration::from_millis(60_250));
    assert!(refused.to_string().contains("2 calls per 60s"), "{refused}");
    assert_eq!((memory.times().len(), station.stats().refused), (2, 1));
    // A slot that others wait for is refused just the same.
    let long = start + Duration::from_secs(120);
    let (waits, refused) = tokio::join!(
        take_by(&station, 1, Some(long)),
        take_by(&station, 1, Some(deadline))
    );
    waits.unwrap();
    assert!(refused.unwrap_err().retry_after_hint().unwrap() > Duration::from_secs(50));
}

#[tokio::test(start_paused = true)]
async fn weights_count_and_more_than_the_limit_is_the_limit() {
    let memory = Memory::new();
    let station = station(&memory, 10, 10);
    let start = Instant::now();
    take(&station, 7).await.unwrap();
    take(&station, 3).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 0);
    take(&station, 4).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    take(&station, 99).await.unwrap();
    assert_eq!(memory.times().len(), 24);
    assert_within(&memory.times(), 10, Duration::from_millis(10_250));
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_one_stops_all_also_those_who_wait_for_their_slot() {
    let memory = Memory::new();
    let (one, other) = (station(&memory, 2, 10), station(&memory, 2, 10));
    let start = Instant::now();
    take(&one, 2).await.unwrap();
    let mut waits = Box::pin(take(&other, 1));
    assert!(poll_immediate(&mut waits).await.is_none());
    sleep(Duration::from_secs(1)).await;
    assert!(poll_immediate(&mut waits).await.is_none());
    one.pause(Duration::from_secs(30));
    // What the push tells.
    other.pause_changed();
    waits.await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_secs(31),
        "{:?}",
        start.elapsed()
    );
    assert_eq!((other.stats().paused, memory.asked.load(SeqCst)), (1, 1));
    // One who comes later is told by the script.
    one.pause(Duration::from_secs(20));
    let later = Instant::now();
    let refused = take_by(&other, 1, Some(later + Duration::from_secs(5))).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("asked the token to wait")
    );
    take(&other, 1).await.unwrap();
    assert!(later.elapsed() >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_pause_takes_nobodys_slot() {
    let memory = Memory::new();
    let station = station(&memory, 1, 10);
    take(&station, 1).await.unwrap();
    let waits = tokio::spawn({
        let station = Arc::clone(&station);
        async move { take(&station, 1).await }
    });
    for _ in 0..3 {
        sleep(Duration::from_secs(1)).await;
        // A push for a pause that is over.
        station.pause_changed();
    }
    waits.await.unwrap().unwrap();
    assert_eq!(memory.asked.load(SeqCst), 3);
    assert_eq!((station.stats().paused, memory.times().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_wakes_too_late_books_again() {
    let memory = Memory::new();
    let station = station(&memory, 1, 10);
    take(&station, 1).await.unwrap();
    let mut waits = Box::pin(take(&station, 1));
    assert!(poll_immediate(&mut waits).await.is_none());
    sleep(ROUND_TRIP).await;
    assert!(poll_immediate(&mut waits).await.is_none());
    // Nobody polls it for longer than the slack.
    tokio::time::advance(Duration::from_secs(11)).await;
    waits.await.unwrap();
    assert_eq!((station.stats().late, memory.times().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn while_redis_is_away_each_station_keeps_to_its_share_and_counts_what_it_had() {
    let memory = Memory::new();
    memory.stations.store(5, SeqCst);
    let stations: Vec<_> = (0..5).map(|_| station(&memory, 100, 10)).collect();
    let start = Instant::now();
    for _ in 0..15 {
        take(&stations[0], 1).await.unwrap();
    }
    memory.away.store(true, SeqCst);
    let all = join_all(stations.iter().map(|station| at_once(station, 30, start))).await;
    let at_first = |granted: &[u64]| granted.iter().filter(|at| **at == 0).count();
    assert_eq!(at_first(&all[0]), 5, "15 of its 20 were used");
    for granted in &all[1..] {
        assert_eq!(at_first(granted), 20);
        assert_eq!(granted.iter().filter(|at| **at == 10).count(), 10);
    }
    assert_eq!(stations[1].stats().local, 30);
    // Refused as with it.
    let soon = Instant::now() + Duration::from_secs(1);
    let refused = join_all((0..50).map(|_| take_by(&stations[1], 1, Some(soon)))).await;
    let refused: Vec<_> = refused.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty());
    for refused in refused {
        assert!(
            refused.to_string().contains("share of 20 calls"),
            "{refused}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_station_that_never_heard_of_others_has_its_share_or_all() {
    let memory = Memory::new();
    memory.stations.store(0, SeqCst);
    memory.away.store(true, SeqCst);
    for (share, at_first) in [(None, 100), (Some(30), 30), (Some(0), 1), (Some(900), 100)] {
        let options = Options {
            local_share: share,
            ..options(100, 10)
        };
        let station = Limiter::new(Arc::clone(&memory) as _, options);
        let start = Instant::now();
        let deadline = Some(start + Duration::from_secs(5));
        let taken = join_all((0..150).map(|_| take_by(&station, 1, deadline))).await;
        let granted = taken.iter().filter(|taken| taken.is_ok()).count();
        assert_eq!(granted, at_first, "{share:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_granted_without_the_log_is_booked_when_it_is_back() {
    let memory = Memory::new();
    memory.stations.store(2, SeqCst);
    let (one, other) = (station(&memory, 10, 10), station(&memory, 10, 10));
    take(&one, 2).await.unwrap();
    memory.away.store(true, SeqCst);
    let start = Instant::now();
    for _ in 0..3 {
        take(&one, 1).await.unwrap();
    }
    // One more is granted for later, and its caller waits for it.
    let mut waits = Box::pin(take(&one, 1));
    assert!(poll_immediate(&mut waits).await.is_none());
    memory.away.store(false, SeqCst);
    // A new session says so before anybody uses it; that it is not lost another take would do as well.
    let booking = one.returning();
    assert_eq!(booking.unbooked.ages.len(), 4);
    let booked = memory.run(&booking);
    assert!(one.returned(&booking, booked));
    assert!(one.returning().unbooked.ages.is_empty(), "once");
    assert_eq!(memory.times().len(), 6);
    // The other knows of none of this, and there is no room before the future call.
    take(&other, 4).await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
    waits.await.unwrap();
    assert_within(&memory.times(), 10, Duration::from_millis(10_250));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_empty_is_told_all_of_the_last_window() {
    let memory = Memory::new();
    let (one, other) = (station(&memory, 10, 10), station(&memory, 10, 10));
    take(&one, 4).await.unwrap();
    take(&other, 5).await.unwrap();
    memory.forget();
    let start = Instant::now();
    // Each says what it had as soon as it asks.
    take(&one, 1).await.unwrap();
    assert_eq!(memory.times().len(), 5);
    take(&other, 1).await.unwrap();
    assert!(
        start.elapsed() >= Duration::from_secs(9),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(memory.times().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn slots_of_a_block_that_nobody_took_are_used_while_they_are_good() {
    let memory = Memory::new();
    let station = station(&memory, 10, 10);
    let mut callers: Vec<_> = (0..5).map(|_| Box::pin(take(&station, 1))).collect();
    for caller in &mut callers {
        assert!(poll_immediate(caller).await.is_none());
    }
    callers.remove(0).await.unwrap();
    // Four wait, and four slots are booked. Three of them go.
    let mut next = callers.remove(0);
    assert!(poll_immediate(&mut next).await.is_none());
    drop(callers);
    next.await.unwrap();
    assert_eq!(*memory.bookings.lock().unwrap(), [1, 4]);
    for _ in 0..3 {
        assert!(station.try_acquire(1, Instant::now()));
    }
    assert!(!station.try_acquire(1, Instant::now()));
    assert_eq!((memory.times().len(), station.stats().granted), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn slots_that_are_too_old_or_lie_in_a_pause_are_used_by_nobody() {
    for paused in [false, true] {
        let memory = Memory::new();
        let station = station(&memory, 10, 10);
        let mut callers: Vec<_> = (0..3).map(|_| Box::pin(take(&station, 1))).collect();
        for caller in &mut callers {
            assert!(poll_immediate(caller).await.is_none());
        }
        callers.remove(0).await.unwrap();
        let mut next = callers.remove(0);
        assert!(poll_immediate(&mut next).await.is_none());
        drop(callers);
        next.await.unwrap();
        if paused {
            station.pause(Duration::from_millis(50));
        } else {
            sleep(Duration::from_millis(300)).await;
        }
        assert!(!station.try_acquire(1, Instant::now()));
    }
}
