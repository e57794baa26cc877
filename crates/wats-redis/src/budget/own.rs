//! What this station was granted in the last window, as a pure state machine: with the log that all share, and without it.
//!
//! Times are those of this station's clock. A call that waits stands in here with the time at which it may be made.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// So many calls in any stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) calls: u32,
    pub(super) per: Duration,
}

impl Limit {
    /// What one of so many stations may use while they do not hear of one another. Where there are more stations than calls, each
    /// has one in a longer stretch.
    pub(super) fn share(self, stations: u32) -> Self {
        let stations = stations.max(1);
        match self.calls / stations {
            0 => Self {
                calls: 1,
                per: self
                    .per
                    .saturating_mul(stations.div_ceil(self.calls.max(1))),
            },
            calls => Self { calls, ..self },
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    at: Instant,
    /// The log in which it is booked, if it is.
    epoch: Option<u64>,
    /// Later ones have higher numbers, whenever they may be made.
    number: u64,
}

/// Grants that are in no log, as they are sent to one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unbooked {
    /// How long ago each was, in microseconds; less than zero for those to come.
    pub(super) ages: Vec<i64>,
    /// They are those with lower numbers.
    pub(super) before: u64,
}

/// The last grants, oldest first.
#[derive(Debug)]
pub(super) struct Granted {
    grants: VecDeque<Grant>,
    /// No more are kept: as many as there may be in a window.
    most: usize,
    next: u64,
    /// How many of them are in no log, which is none as a rule.
    loose: usize,
}

impl Granted {
    pub(super) fn new(most: u32) -> Self {
        Self {
            grants: VecDeque::new(),
            most: most as usize,
            next: 0,
            loose: 0,
        }
    }

    /// Notes `calls` calls that may be made at `at`.
    pub(super) fn note(&mut self, at: Instant, calls: u32, epoch: Option<u64>) {
        let behind = self.grants.iter().rev().take_while(|grant| grant.at > at);
        let place = self.grants.len() - behind.count();
        let number = self.next;
        self.next += 1;
        for _ in 0..calls {
            let grant = Grant { at, epoch, number };
            self.grants.insert(place, grant);
        }
        if epoch.is_none() {
            self.loose += calls as usize;
        }
        while self.grants.len() > self.most {
            let oldest = self.grants.pop_front();
            self.loose -= usize::from(oldest.is_some_and(|grant| grant.epoch.is_none()));
        }
    }

    /// When `calls` calls may be made within a limit, after all that was granted before.
    pub(super) fn earliest(&self, limit: Limit, calls: u32, now: Instant) -> Instant {
        let calls = calls.clamp(1, limit.calls.max(1)) as usize;
        let last = self.grants.back().map_or(now, |grant| grant.at.max(now));
        // So many earlier ones may still lie within the window.
        let room = limit.calls as usize - calls;
        let nth = self.grants.len().checked_sub(room + 1);
        let free = nth.and_then(|nth| self.grants[nth].at.checked_add(limit.per));
        free.map_or(last, |free| free.max(last))
    }

    /// Those that are in no log and not older than `window`.
    pub(super) fn unbooked(&self, now: Instant, window: Duration) -> Unbooked {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let age = |at: Instant| match now.checked_duration_since(at) {
            Some(age) => micros(age),
            None => -micros(at - now),
        };
        let mut ages = Vec::new();
        if self.loose > 0 {
            let recent = self.within(now, window);
            let loose = recent.filter(|grant| grant.epoch.is_none());
            ages.extend(loose.map(|grant| age(grant.at)));
        }
        Unbooked {
            ages,
            before: self.next,
        }
    }

    /// Whether some that are not older than `window` are booked.
    pub(super) fn any_booked(&self, now: Instant, window: Duration) -> bool {
        self.within(now, window).any(|grant| grant.epoch.is_some())
    }

    /// The newest first.
    fn within(&self, now: Instant, window: Duration) -> impl Iterator<Item = &Grant> {
        let recent = move |grant: &&Grant| now.saturating_duration_since(grant.at) < window;
        self.grants.iter().rev().take_while(recent)
    }

    /// Those are in that log now.
    pub(super) fn booked(&mut self, unbooked: &Unbooked, epoch: u64) {
        if self.loose == 0 {
            return;
        }
        self.loose = 0;
        for grant in &mut self.grants {
            if grant.number < unbooked.before {
                grant.epoch = Some(epoch);
            }
            self.loose += usize::from(grant.epoch.is_none());
        }
    }

    /// The log in which they were is gone.
    pub(super) fn none_booked(&mut self) {
        for grant in &mut self.grants {
            grant.epoch = None;
        }
        self.loose = self.grants.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limit(calls: u32, per_ms: u64) -> Limit {
        Limit {
            calls,
            per: Duration::from_millis(per_ms),
        }
    }

    #[test]
    fn shares_are_no_more_than_the_whole() {
        let whole = limit(500, 60_000);
        assert_eq!(whole.share(0), whole);
        assert_eq!(whole.share(1), whole);
        assert_eq!(whole.share(3), limit(166, 60_000));
        assert_eq!(limit(2, 1_000).share(5), limit(1, 3_000));
    }

    #[test]
    fn what_is_in_no_log_is_told_with_its_age() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let window = Duration::from_millis(100);
        let mut granted = Granted::new(4);
        granted.note(at(50), 1, None);
        granted.note(at(20), 1, Some(7));
        granted.note(at(300), 1, None);
        let ages = |granted: &Granted, ms| granted.unbooked(at(ms), window).ages;
        assert_eq!(ages(&granted, 110), [-190_000, 60_000]);
        assert_eq!(ages(&granted, 150), [-150_000]);
        assert!(granted.any_booked(at(110), window) && !granted.any_booked(at(120), window));
        let sent = granted.unbooked(at(110), window);
        // While the script runs there is another one.
        granted.note(at(60), 1, None);
        granted.booked(&sent, 7);
        assert_eq!(ages(&granted, 110), [50_000]);
        granted.none_booked();
        assert_eq!(ages(&granted, 110).len(), 4);
        granted.note(at(400), 2, None);
        assert_eq!(granted.grants.len(), 4, "the oldest is forgotten");
    }

    proptest! {
        #[test]
        fn shares_of_all_stations_are_no_more_than_the_limit(
            calls in 1_u32..50,
            stations in 1_u32..60,
            windows in 1_u32..20,
        ) {
            let whole = limit(calls, 1_000);
            let share = whole.share(stations);
            // In a time in which the whole limit allows so many, all shares together allow no more.
            let all = u128::from(stations) * u128::from(share.calls) * whole.per.as_millis() * u128::from(windows);
            prop_assert!(all <= u128::from(calls) * share.per.as_millis() * u128::from(windows));
        }

        #[test]
        fn no_window_holds_more_than_the_limit(
            calls in 1_u32..10,
            per in 1_u64..50,
            asked in proptest::collection::vec((0_u64..10, 1_u32..12), 1..200),
        ) {
            let limit = limit(calls, per);
            let mut granted = Granted::new(calls);
            let mut now = Instant::now();
            let mut made: Vec<Instant> = Vec::new();
            for (gap, weight) in asked {
                now += Duration::from_millis(gap);
                let at = granted.earliest(limit, weight, now);
                prop_assert!(at >= now);
                let weight = weight.min(calls);
                // It is the first moment at which there is room.
                let last = made.last().copied().unwrap_or(now).max(now);
                let earlier = at - Duration::from_millis(1);
                if at > last {
                    let within = made.iter().filter(|t| **t + limit.per > earlier).count();
                    prop_assert!(within + weight as usize > calls as usize);
                }
                granted.note(at, weight, None);
                made.extend(std::iter::repeat_n(at, weight as usize));
                let within = made.iter().filter(|t| **t + limit.per > at).count();
                prop_assert!(within <= calls as usize);
            }
        }
    }
}
