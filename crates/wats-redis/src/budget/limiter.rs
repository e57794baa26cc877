//! The rate limiter of a station: books in the log that all stations share, and keeps to its share while it cannot.
//!
//! ```text
//! acquire ─► queue: a slot of the last block, or book (script) ─► refused: the wait is told, nothing is booked
//!                     Redis away: earliest time within the share     granted: sleep until then
//!                                                                      a pause came, or it woke too late: queue again
//! ```
//!
//! One script runs at a time. Callers that queue behind it get their slots with the next one, up to eight: a block. While less
//! than half of the limit is used, a caller that comes soon after another one books a whole block, for those who follow.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use wats_http::{Acquire, RateLimit, RateLimited, RateLimiter};

use super::own::{Granted, Limit};
use super::remote::Remote;
use super::script::{Booked, Booking};

/// How much later than its time a call may be made: sleeping ends late on a busy machine. The window is longer by as much.
pub(super) const SLACK: Duration = Duration::from_millis(250);

/// The most slots that are booked at once.
const BLOCK: usize = 8;

/// How long stations keep to their shares after the log is new: by then all have a session again, and have said what they
/// were granted.
const GRACE: Duration = Duration::from_secs(2);

/// How often in a row it may turn out that the log is another one.
pub(super) const OTHER_LOGS: usize = 3;

/// The longest pause; a wrong answer must not stop a factory for a day.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What a limiter is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) limit: RateLimit,
    pub(super) slack: Duration,
    /// What this station may use while it has never heard of others.
    pub(super) local_share: Option<u32>,
}

/// See [`SharedRateLimiter`](super::SharedRateLimiter).
#[derive(Debug)]
pub(super) struct Limiter {
    remote: Arc<dyn Remote>,
    /// With the slack in its window.
    limit: Limit,
    options: Options,
    state: Mutex<State>,
    /// One books at a time.
    queue: tokio::sync::Mutex<()>,
    /// How many queue, the first included.
    waiting: AtomicUsize,
    /// How often another station has changed the pause, and how many of these changes were asked about.
    changes: AtomicU64,
    heard: AtomicU64,
    /// Told of that, and when a pause begins here.
    paused: Notify,
    counters: Counters,
}

#[derive(Debug)]
struct State {
    granted: Granted,
    epoch: Option<u64>,
    block: Option<Block>,
    /// Until then a caller comes soon after the last one that booked.
    soon: Option<Instant>,
    pause: Option<Pause>,
}

/// What the server said that all calls have to wait for.
#[derive(Debug, Clone, Copy)]
struct Pause {
    /// When this station heard of it.
    heard: Instant,
    until: Instant,
}

/// When a call may be made.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// When it was asked for. A pause that was known then is taken into account.
    asked: Instant,
    from: Instant,
    /// Later it is none any more.
    to: Instant,
}

/// What came of asking for a slot of the log.
enum Asked {
    Answered(Result<Slot, RateLimited>),
    /// Redis does not answer.
    Away,
    /// Not all stations may have said yet what they were granted.
    NewLog,
}

/// Slots that were booked for those who wait.
#[derive(Debug)]
struct Block {
    slot: Slot,
    left: u32,
}

impl State {
    fn is_paused(&self, slot: &Slot, now: Instant) -> bool {
        self.pause.is_some_and(|Pause { heard, until }| {
            slot.asked < heard && slot.from < until && now < until
        })
    }

    /// What was sent along is in this log.
    fn booked(&mut self, booking: &Booking, epoch: u64) {
        self.granted.booked(&booking.unbooked, epoch);
        self.epoch = Some(epoch);
    }

    /// The log in which it was is gone.
    fn lost_log(&mut self) {
        self.granted.none_booked();
        self.epoch = None;
    }

    /// The slots of the last block, if they can still be used.
    fn block(&mut self, now: Instant) -> Option<&mut Block> {
        let block = self.block.take()?;
        if block.left > 0 && now <= block.slot.to && !self.is_paused(&block.slot, now) {
            self.block = Some(block);
        }
        self.block.as_mut()
    }
}

#[derive(Debug, Default)]
struct Counters {
    granted: AtomicU64,
    waited: AtomicU64,
    refused: AtomicU64,
    local: AtomicU64,
    late: AtomicU64,
    paused: AtomicU64,
    round_trips: AtomicU64,
}

/// What a [`SharedRateLimiter`](super::SharedRateLimiter) did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitStats {
    /// Calls that were let through, by their weight.
    pub granted: u64,
    /// How many times a caller had to wait for that.
    pub waited: u64,
    /// How many times there was no room before the deadline.
    pub refused: u64,
    /// Calls that were granted of the station's own share, because Redis was away.
    pub local: u64,
    /// How many times a caller woke too late for its slot, and booked another one.
    pub late: u64,
    /// How many times a pause took a caller's slot, who booked another one.
    pub paused: u64,
    /// How many times Redis was asked.
    pub round_trips: u64,
}

impl fmt::Display for RateLimitStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls granted ({} without Redis) by {} round trips; {} waited, {} refused, {} woke late, {} paused",
            self.granted,
            self.local,
            self.round_trips,
            self.waited,
            self.refused,
            self.late,
            self.paused
        )
    }
}

impl Limiter {
    pub(super) fn new(remote: Arc<dyn Remote>, options: Options) -> Self {
        let RateLimit { calls, per, .. } = options.limit;
        Self {
            remote,
            limit: Limit {
                calls: calls.max(1),
                per: per.saturating_add(options.slack),
            },
            options,
            state: Mutex::new(State {
                granted: Granted::new(calls.max(1)),
                epoch: None,
                block: None,
                soon: None,
                pause: None,
            }),
            queue: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
            changes: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            paused: Notify::new(),
            counters: Counters::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    pub(super) fn stats(&self) -> RateLimitStats {
        let counters = &self.counters;
        RateLimitStats {
            granted: counters.granted.load(Relaxed),
            waited: counters.waited.load(Relaxed),
            refused: counters.refused.load(Relaxed),
            local: counters.local.load(Relaxed),
            late: counters.late.load(Relaxed),
            paused: counters.paused.load(Relaxed),
            round_trips: counters.round_trips.load(Relaxed),
        }
    }

    async fn wait(&self, calls: u32, deadline: Option<Instant>) -> Result<(), RateLimited> {
        let calls = calls.clamp(1, self.limit.calls);
        let began = Instant::now();
        loop {
            let slot = self.slot(calls, deadline).await.inspect_err(|_| {
                self.counters.refused.fetch_add(1, Relaxed);
            })?;
            if self.reach(slot).await {
                self.count(calls);
                if slot.from > began {
                    self.counters.waited.fetch_add(1, Relaxed);
                }
                return Ok(());
            }
        }
    }

    fn count(&self, calls: u32) {
        self.counters.granted.fetch_add(calls.into(), Relaxed);
    }

    /// Queues, and takes or books a slot.
    async fn slot(&self, calls: u32, deadline: Option<Instant>) -> Result<Slot, RateLimited> {
        let _waiting = Waiting::new(&self.waiting);
        let _first = match deadline {
            None => self.queue.lock().await,
            Some(deadline) => timeout_at(deadline, self.queue.lock())
                .await
                .map_err(|_| RateLimited::new("other calls of the token wait already"))?,
        };
        if calls == 1 {
            let mut state = self.state();
            if let Some(block) = state.block(Instant::now()) {
                let from = block.slot.from;
                if deadline.is_some_and(|deadline| from >= deadline) {
                    drop(state);
                    return Err(self.used_up(from));
                }
                block.left -= 1;
                return Ok(block.slot);
            }
        }
        match self.book(calls, deadline).await {
            Asked::Answered(outcome) => outcome,
            Asked::Away => self.grant_locally(calls, deadline),
            Asked::NewLog => {
                let slot = self.grant_locally(calls, deadline)?;
                // So that it is known when the log is used by all again.
                let booking = self.returning();
                if let Ok(booked) = self.remote.book(&booking).await {
                    self.returned(&booking, booked);
                }
                Ok(slot)
            }
        }
    }

    /// Books in the log.
    async fn book(&self, calls: u32, deadline: Option<Instant>) -> Asked {
        let most = match calls {
            1 => self.waiting.load(SeqCst).clamp(1, BLOCK),
            _ => 1,
        };
        for _ in 0..OTHER_LOGS {
            let sent = Instant::now();
            let latest = deadline.map(|deadline| deadline.saturating_duration_since(sent));
            let mut booking = self.booking(sent, calls, most as u32, latest);
            if calls == 1 && self.state().soon.is_some_and(|soon| sent <= soon) {
                booking.ahead = (BLOCK - most) as u32;
            }
            self.counters.round_trips.fetch_add(1, Relaxed);
            let Ok(booked) = self.remote.book(&booking).await else {
                return Asked::Away;
            };
            let now = Instant::now();
            let mut state = self.state();
            let outcome = match booked {
                Booked::OtherLog => {
                    state.lost_log();
                    continue;
                }
                Booked::NewLog { epoch } => {
                    state.booked(&booking, epoch);
                    return Asked::NewLog;
                }
                Booked::Refused {
                    wait,
                    paused,
                    epoch,
                } => {
                    state.booked(&booking, epoch);
                    drop(state);
                    let from = later(now, wait);
                    Err(if paused {
                        asked_to_wait(from)
                    } else {
                        self.used_up(from)
                    })
                }
                Booked::Granted { wait, times, epoch } => {
                    // By the server's clock it was run no earlier than it was sent, and has been by now.
                    let slot = Slot {
                        asked: sent,
                        from: later(now, wait),
                        to: later(later(sent, wait), self.options.slack),
                    };
                    state.booked(&booking, epoch);
                    let all = times.saturating_mul(calls);
                    state.granted.note(slot.from, all, Some(epoch));
                    state.soon = Some(slot.to);
                    let left = times.saturating_sub(1);
                    state.block = (left > 0).then_some(Block { slot, left });
                    Ok(slot)
                }
            };
            return Asked::Answered(outcome);
        }
        Asked::Away
    }

    /// What is to be booked, with all that was granted without the log.
    fn booking(&self, now: Instant, calls: u32, most: u32, latest: Option<Duration>) -> Booking {
        let window = self.limit.per;
        let stations = self.remote.stations();
        let alone = stations.is_none_or(|stations| stations <= 1);
        let state = self.state();
        Booking {
            limit: self.limit.calls,
            window,
            calls,
            most,
            latest,
            epoch: state.epoch,
            has_booked: state.granted.any_booked(now, window),
            drawn: Booking::draw(),
            grace: if alone { Duration::ZERO } else { GRACE },
            ahead: 0,
            unbooked: state.granted.unbooked(now, window),
        }
    }

    /// Grants of the station's own share.
    fn grant_locally(&self, calls: u32, deadline: Option<Instant>) -> Result<Slot, RateLimited> {
        let share = match (self.remote.stations(), self.options.local_share) {
            (Some(stations), _) => self.limit.share(stations),
            (None, Some(calls)) => Limit {
                calls: calls.clamp(1, self.limit.calls),
                ..self.limit
            },
            (None, None) => self.limit,
        };
        let now = Instant::now();
        let mut state = self.state();
        let free = state.granted.earliest(share, calls, now);
        let paused = state.pause.map(|pause| pause.until);
        let paused = paused.filter(|until| *until > free);
        let from = paused.unwrap_or(free);
        if deadline.is_some_and(|deadline| from >= deadline) {
            drop(state);
            return Err(match paused {
                Some(until) => asked_to_wait(until),
                None => RateLimited::new(format!(
                    "Redis is away, and this station's share of {} calls per {:?} is used up",
                    share.calls, share.per
                ))
                .retry_after(from.saturating_duration_since(now)),
            });
        }
        state.granted.note(from, calls, None);
        drop(state);
        self.counters.local.fetch_add(calls.into(), Relaxed);
        Ok(Slot {
            asked: now,
            from,
            to: later(from, self.options.slack),
        })
    }

    /// Sleeps until the slot comes; `false` if a pause takes it, or sleeping ended too late.
    async fn reach(&self, slot: Slot) -> bool {
        loop {
            let mut told = pin!(self.paused.notified());
            told.as_mut().enable();
            if self.has_news() {
                self.hear_news().await;
            }
            let now = Instant::now();
            if self.state().is_paused(&slot, now) {
                self.counters.paused.fetch_add(1, Relaxed);
                return false;
            }
            if now > slot.to {
                self.counters.late.fetch_add(1, Relaxed);
                return false;
            }
            if now >= slot.from {
                return true;
            }
            let _ = timeout_at(slot.from, told).await;
        }
    }

    fn used_up(&self, from: Instant) -> RateLimited {
        let RateLimit { calls, per, .. } = &self.options.limit;
        RateLimited::new(format!(
            "the {calls} calls per {per:?} that all stations of the token share are used up"
        ))
        .retry_after(from.saturating_duration_since(Instant::now()))
    }

    /// This station waits.
    pub(super) fn pause_here(&self, wait: Duration) {
        let heard = Instant::now();
        let until = later(heard, wait.min(LONGEST_PAUSE));
        let mut state = self.state();
        if state.pause.is_none_or(|pause| pause.until < until) {
            state.pause = Some(Pause { heard, until });
        }
        drop(state);
        self.paused.notify_waiters();
    }

    /// Another station has changed the pause. Those who wait ask what it is now.
    pub(super) fn pause_changed(&self) {
        self.changes.fetch_add(1, SeqCst);
        self.paused.notify_waiters();
    }

    fn has_news(&self) -> bool {
        self.changes.load(SeqCst) > self.heard.load(SeqCst)
    }

    /// Asks what became of the pause, unless somebody has by now.
    async fn hear_news(&self) {
        let _first = self.queue.lock().await;
        let changes = self.changes.load(SeqCst);
        if !self.has_news() {
            return;
        }
        if let Ok(wait) = self.remote.paused().await
            && !wait.is_zero()
        {
            self.pause_here(wait);
        }
        // Also when Redis is away: then there is nobody to ask.
        self.heard.fetch_max(changes, SeqCst);
    }

    /// What is told to a new session before it is used: all that was granted without one.
    pub(super) fn returning(&self) -> Booking {
        self.booking(Instant::now(), 1, 0, None)
    }

    /// What a new session said to that; `false` if it is to be told once more.
    pub(super) fn returned(&self, booking: &Booking, booked: Booked) -> bool {
        let mut state = self.state();
        match booked {
            Booked::OtherLog => {
                state.lost_log();
                return false;
            }
            Booked::Refused { epoch, .. }
            | Booked::Granted { epoch, .. }
            | Booked::NewLog { epoch } => state.booked(booking, epoch),
        }
        true
    }

    /// How long this station is to wait, if it is.
    pub(super) fn own_pause(&self) -> Option<Duration> {
        let until = self.state().pause?.until;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

impl RateLimiter for Limiter {
    /// Only a slot that was booked for somebody else, who did not wait for it, costs no round trip.
    fn try_acquire(&self, calls: u32, now: Instant) -> bool {
        if calls > 1 || self.waiting.load(SeqCst) > 0 || self.has_news() {
            return false;
        }
        let mut state = self.state();
        let Some(block) = state.block(now) else {
            return false;
        };
        if now < block.slot.from {
            return false;
        }
        block.left -= 1;
        drop(state);
        self.count(1);
        true
    }

    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_> {
        Box::pin(self.wait(calls, deadline))
    }

    fn pause(&self, wait: Duration) {
        let wait = wait.min(LONGEST_PAUSE);
        self.pause_here(wait);
        self.remote.pause(wait);
    }
}

fn asked_to_wait(until: Instant) -> RateLimited {
    RateLimited::new("the server asked the token to wait")
        .retry_after(until.saturating_duration_since(Instant::now()))
}

/// A time that no clock reaches is one in a year.
fn later(time: Instant, by: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(86_400 * 365);
    time.checked_add(by).unwrap_or_else(|| time + YEAR)
}

/// Counts a caller that queues, however that ends.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
