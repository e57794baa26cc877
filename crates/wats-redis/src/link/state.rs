//! What is known of the server and of the present session.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use wats_background::Moment;

use crate::error::Error;
use crate::link::address::Server;
use crate::link::counters::Counters;
use crate::link::heartbeat::{Answer, micros_since_origin};

/// How long the largest number of members is remembered.
const REMEMBERED: Duration = Duration::from_secs(600);

/// One for each process: the child of a fork begins with a new one.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The number of the session that counts, published or not; 0 while there is none.
    current: AtomicU64,
    /// The last number. Goes on in the child of a fork, whose memory has been told of the sessions before.
    numbers: Arc<AtomicU64>,
    offset: AtomicI64,
    round_trip: AtomicU64,
    members: AtomicU32,
    most_members: Mutex<Vec<(Moment, u32)>>,
    /// Where the server has sent us to.
    redirect: Mutex<Option<Server>>,
    pub(super) listeners_changed: Notify,
    pub(crate) stats: Counters,
}

impl State {
    pub(super) fn new(numbers: Arc<AtomicU64>) -> Self {
        Self {
            numbers,
            ..Self::default()
        }
    }

    /// A number for the next session, which is the present one from here on.
    pub(super) fn next_session(&self) -> u64 {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        self.current.store(number, Ordering::Release);
        number
    }

    pub(crate) fn current(&self) -> u64 {
        self.current.load(Ordering::Acquire)
    }

    /// The present session is none any more.
    pub(super) fn end_session(&self) {
        self.current.store(0, Ordering::Release);
    }

    pub(super) fn answered(&self, answer: Answer) {
        self.offset.store(answer.offset, Ordering::Relaxed);
        let round_trip = u64::try_from(answer.round_trip.as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(round_trip.max(1), Ordering::Relaxed);
        self.members.store(answer.members, Ordering::Relaxed);
        self.remember(Moment::now(), answer.members);
        self.stats.heartbeat(answer.round_trip);
    }

    /// Time of the server now, in µs since 1970, as of the last heartbeat; `None` before the first.
    pub(crate) fn server_micros(&self) -> Option<i64> {
        self.round_trip()?;
        let offset = self.offset.load(Ordering::Relaxed);
        Some(micros_since_origin(Moment::now()).saturating_add(offset))
    }

    /// The latest that it may be on the server now, by the last heartbeat; `None` before the first.
    pub(crate) fn server_micros_at_most(&self) -> Option<u64> {
        let half = i64::try_from(self.round_trip()?.as_micros() / 2 + 1).ok()?;
        u64::try_from(self.server_micros()?.saturating_add(half)).ok()
    }

    /// The server's clock minus this machine's, in µs; `None` before the first heartbeat.
    pub(crate) fn clock_offset(&self) -> Option<i64> {
        let here = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let here = i64::try_from(here.as_micros()).ok()?;
        Some(self.server_micros()?.saturating_sub(here))
    }

    /// The last heartbeat's; `None` before the first.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        let micros = self.round_trip.load(Ordering::Relaxed);
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    /// Members of the namespace at the last heartbeat, this one included; `None` before the first.
    pub(crate) fn members(&self) -> Option<u32> {
        let members = self.members.load(Ordering::Relaxed);
        (members > 0).then_some(members)
    }

    /// Most members within the last ten minutes.
    pub(crate) fn most_members(&self) -> Option<u32> {
        let now = Moment::now();
        lock(&self.most_members)
            .iter()
            .filter(|(until, _)| *until > now)
            .map(|(_, members)| *members)
            .max()
    }

    /// The list falls, and so stays short: what came earlier and is not larger is never again the largest.
    fn remember(&self, now: Moment, members: u32) {
        let mut most = lock(&self.most_members);
        most.retain(|(until, other)| *until > now && *other > members);
        most.push((now.after(REMEMBERED), members));
        // A bound for a server that counts down from millions: the larger of the last two then holds for both.
        if most.len() > 64 {
            let last = most.pop();
            if let (Some((until, _)), Some(before)) = (last, most.last_mut()) {
                before.0 = until;
            }
        }
    }

    /// Keeps where a cluster says that the namespace is.
    pub(super) fn redirected(&self, error: &Error) {
        if let Error::Refused { code, message } = error
            && code == "MOVED"
            && let Some(server) = message.rsplit(' ').next().and_then(Server::read)
        {
            *lock(&self.redirect) = Some(server);
        }
    }

    pub(super) fn is_redirected(&self) -> bool {
        lock(&self.redirect).is_some()
    }

    pub(super) fn take_redirect(&self) -> Option<Server> {
        lock(&self.redirect).take()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_members_of_ten_minutes_are_remembered() {
        let state = State::default();
        assert_eq!(state.most_members(), None);
        let start = Moment::now();
        state.remember(start, 40);
        state.remember(start, 3);
        state.remember(start, 5);
        assert_eq!(lock(&state.most_members).len(), 2);
        assert_eq!(state.most_members(), Some(40));
        state.remember(start.after(REMEMBERED), 4);
        let kept: Vec<u32> = lock(&state.most_members).iter().map(|(_, m)| *m).collect();
        assert_eq!(kept, [4]);
        for members in (0..1000).rev() {
            state.remember(start, members);
        }
        assert!(lock(&state.most_members).len() <= 64);
        assert_eq!(state.most_members(), Some(999));
    }

    #[test]
    fn the_server_may_be_half_a_round_trip_ahead() {
        let state = State::default();
        assert_eq!(state.server_micros_at_most(), None);
        let answer = |offset| Answer {
            offset,
            round_trip: Duration::from_millis(10),
            members: 1,
        };
        state.answered(answer(1_700_000_000_000_000));
        let (now, most) = (state.server_micros(), state.server_micros_at_most());
        let ahead = most.unwrap().cast_signed() - now.unwrap();
        assert!((5_000..6_000_000).contains(&ahead), "{ahead}");
        // Before 1970 there is no time of an entry.
        state.answered(answer(i64::MIN / 2));
        assert_eq!(state.server_micros_at_most(), None);
    }
}
