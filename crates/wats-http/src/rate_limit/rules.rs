//! The rules of one token as a pure state machine: a window for each limit that a client asked for, and pauses of the
//! server's.
//!
//! A call needs room in all windows. Limits are not merged into one: 500 calls in 60 s and 50 in 1 s are two rules, and
//! no single window says both without forbidding what each of them allows.

use tokio::time::Instant;

use super::RateLimit;
use super::window::Window;

#[derive(Debug, Default)]
pub(super) struct Rules {
    /// One for each different limit, with the number of clients that ask for it; so there are never more than clients.
    windows: Vec<(Window, usize)>,
    paused_until: Option<Instant>,
}

/// Why a call has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wait {
    /// When to ask again.
    pub(super) until: Instant,
    /// The limit that is used up for longest; `None` when the server asked for a pause.
    pub(super) limit: Option<RateLimit>,
}

impl Rules {
    /// Has a limit hold until [`remove`](Self::remove) is called for it. Calls that were made before it came count.
    pub(super) fn add(&mut self, limit: &RateLimit) {
        if let Some((_, clients)) = self.windows.iter_mut().find(|(w, _)| w.limit() == limit) {
            *clients += 1;
            return;
        }
        let longest = self.windows.iter().max_by_key(|(window, _)| window.known());
        let window = match longest {
            Some((window, _)) => window.with_limit(limit),
            None => Window::new(limit),
        };
        self.windows.push((window, 1));
    }

    /// Takes back one [`add`](Self::add).
    pub(super) fn remove(&mut self, limit: &RateLimit) {
        if let Some(at) = self.windows.iter().position(|(w, _)| w.limit() == limit) {
            self.windows[at].1 -= 1;
            if self.windows[at].1 == 0 {
                self.windows.swap_remove(at);
            }
        }
    }

    /// Makes everybody wait until then, if it is later than what they wait for already.
    pub(super) fn pause(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(Some(until));
    }

    /// Grants `weight` calls now, or tells when to ask again.
    pub(super) fn take(&mut self, weight: u32, now: Instant) -> Result<(), Wait> {
        if let Some(until) = self.paused_until {
            if now < until {
                return Err(Wait { until, limit: None });
            }
            self.paused_until = None;
        }
        let full = self.windows.iter().filter_map(|(window, _)| {
            let until = window.ready(weight, now)?;
            Some((until, window.limit()))
        });
        if let Some((until, limit)) = full.max_by_key(|(until, _)| *until) {
            let limit = Some(limit.clone());
            return Err(Wait { until, limit });
        }
        for (window, _) in &mut self.windows {
            window.grant(weight, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn limit(calls: u32, per_ms: u64) -> RateLimit {
        RateLimit::new(calls, Duration::from_millis(per_ms))
    }

    fn rules(limits: &[RateLimit]) -> Rules {
        let mut rules = Rules::default();
        for limit in limits {
            rules.add(limit);
        }
        rules
    }

    /// When to ask again; zero for a grant.
    fn take(rules: &mut Rules, weight: u32, now: Instant) -> Instant {
        rules
            .take(weight, now)
            .map_or_else(|wait| wait.until, |()| now)
    }

    #[test]
    fn a_burst_then_a_wait_for_the_oldest() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut rules = rules(&[limit(3, 100)]);
        for (weight, asked, granted) in [
            (1, 0, 0),
            (1, 10, 10),
            (1, 20, 20),
            (1, 30, 100),
            (2, 30, 110),
            (9, 30, 120),
            (1, 100, 100),
        ] {
            assert_eq!(take(&mut rules, weight, at(asked)), at(granted), "{asked}");
        }
        rules.pause(at(500));
        rules.pause(at(400));
        let paused = Wait {
            until: at(500),
            limit: None,
        };
        assert_eq!(rules.take(1, at(300)), Err(paused));
        assert_eq!(rules.take(3, at(500)), Ok(()));
    }

    #[test]
    fn two_limits_allow_what_both_of_them_allow() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let (long, short) = (limit(500, 60_000), limit(50, 1_000));
        let mut rules = rules(&[long.clone(), short.clone()]);
        for second in 0..10 {
            for _ in 0..50 {
                assert_eq!(rules.take(1, at(second * 1_000)), Ok(()), "{second}");
            }
            if second < 9 {
                let wait = rules.take(1, at(second * 1_000)).unwrap_err();
                assert_eq!(wait.limit.as_ref(), Some(&short));
                assert_eq!(wait.until, at(second * 1_000 + 1_000));
            }
        }
        let wait = rules.take(1, at(10_000)).unwrap_err();
        assert_eq!((wait.limit, wait.until), (Some(long), at(60_000)));
    }

    #[test]
    fn a_limit_holds_for_as_long_as_a_client_asks_for_it_and_counts_what_was_before() {
        let start = Instant::now();
        let (wide, narrow) = (limit(10, 100), limit(3, 200));
        let mut rules = rules(std::slice::from_ref(&wide));
        assert_eq!(rules.take(5, start), Ok(()));
        rules.add(&narrow);
        rules.add(&narrow);
        rules.remove(&narrow);
        let wait = rules.take(1, start).unwrap_err();
        assert_eq!(wait.until, start + Duration::from_millis(200));
        rules.remove(&narrow);
        assert_eq!(rules.take(5, start), Ok(()));
        assert_eq!(rules.take(1, start).unwrap_err().limit, Some(wide));
        assert_eq!(rules.windows.len(), 1);
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_than_any_limit(
            limits in proptest::collection::vec((1_u32..20, 1_u64..50), 1..4),
            asked in proptest::collection::vec((0_u64..10, 1_u32..6), 1..300),
        ) {
            let limits: Vec<_> = limits.into_iter().map(|(calls, per)| limit(calls, per)).collect();
            let start = Instant::now();
            let mut rules = rules(&limits);
            let mut now = start;
            let mut granted: Vec<(Instant, u32)> = Vec::new();
            for (gap, weight) in asked {
                now += Duration::from_millis(gap);
                if let Err(wait) = rules.take(weight, now) {
                    // What it says is true: not a moment earlier, and then at once.
                    prop_assert!(wait.until > now);
                    prop_assert!(rules.take(weight, wait.until - Duration::from_nanos(1)).is_err());
                    now = wait.until;
                    prop_assert_eq!(rules.take(weight, now), Ok(()));
                }
                granted.push((now, weight));
            }
            for limit in &limits {
                let most = limit.calls;
                for (i, (first, _)) in granted.iter().enumerate() {
                    let within = granted[i..].iter().take_while(|(t, _)| *t < *first + limit.per);
                    let sum: u32 = within.map(|(_, weight)| weight.min(&most)).sum();
                    prop_assert!(sum <= most);
                }
            }
        }
    }
}
