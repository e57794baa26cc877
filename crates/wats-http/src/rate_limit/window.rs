//! The rule of the rate limit as a pure state machine: no more than `calls` in any stretch of `per`.
//!
//! It keeps the times of the last `calls` grants. That is exact, where a token bucket would let nearly twice as many
//! calls into one minute of the server's, and costs a few kilobytes per token.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::RateLimit;

#[derive(Debug)]
pub(super) struct Window {
    calls: usize,
    per: Duration,
    /// When the last grants were made, oldest first; a grant of weight `n` stands in here `n` times.
    grants: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

impl Window {
    pub(super) fn new(limit: &RateLimit) -> Self {
        Self {
            calls: limit.calls.get() as usize,
            per: limit.per,
            grants: VecDeque::new(),
            paused_until: None,
        }
    }

    /// Takes the stricter of its own limit and another one: what several clients of one token agree on.
    pub(super) fn tighten(&mut self, limit: &RateLimit) {
        self.calls = self.calls.min(limit.calls.get() as usize);
        self.per = self.per.max(limit.per);
        while self.grants.len() > self.calls {
            self.grants.pop_front();
        }
    }

    pub(super) fn limit(&self) -> (usize, Duration) {
        (self.calls, self.per)
    }

    /// Makes everybody wait until then, if it is later than what they wait for already.
    pub(super) fn pause(&mut self, until: Instant) {
        self.paused_until = self.paused_until.max(Some(until));
    }

    /// Grants `weight` calls now, or tells when to ask again. More than a whole window counts as a whole window.
    pub(super) fn take(&mut self, weight: u32, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.paused_until {
            if now < until {
                return Err(until);
            }
            self.paused_until = None;
        }
        let weight = (weight as usize).clamp(1, self.calls);
        // So many earlier grants may still lie within the window.
        let room = self.calls - weight;
        if let Some(last_but_room) = self.grants.len().checked_sub(room + 1)
            && let Some(ready) = self.grants[last_but_room].checked_add(self.per)
            && now < ready
        {
            return Err(ready);
        }
        for _ in 0..weight {
            if self.grants.len() == self.calls {
                self.grants.pop_front();
            }
            self.grants.push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    fn window(calls: u32, per_ms: u64) -> Window {
        Window::new(&RateLimit::new(
            NonZeroU32::new(calls).unwrap(),
            Duration::from_millis(per_ms),
        ))
    }

    #[test]
    fn a_burst_then_a_wait_for_the_oldest() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut window = window(3, 100);
        assert_eq!(window.take(1, at(0)), Ok(()));
        assert_eq!(window.take(1, at(10)), Ok(()));
        assert_eq!(window.take(1, at(20)), Ok(()));
        assert_eq!(window.take(1, at(30)), Err(at(100)));
        assert_eq!(window.take(2, at(30)), Err(at(110)));
        assert_eq!(window.take(9, at(30)), Err(at(120)));
        assert_eq!(window.take(1, at(100)), Ok(()));
        window.pause(at(500));
        window.pause(at(400));
        assert_eq!(window.take(1, at(300)), Err(at(500)));
        assert_eq!(window.take(3, at(500)), Ok(()));
    }

    #[test]
    fn the_stricter_limit_holds() {
        let start = Instant::now();
        let mut window = window(10, 100);
        assert_eq!(window.take(5, start), Ok(()));
        window.tighten(&RateLimit::new(
            NonZeroU32::new(3).unwrap(),
            Duration::from_millis(50),
        ));
        assert_eq!(window.limit(), (3, Duration::from_millis(100)));
        assert_eq!(
            window.take(1, start),
            Err(start + Duration::from_millis(100))
        );
    }

    proptest! {
        #[test]
        fn no_stretch_of_time_holds_more_than_the_limit(
            calls in 1_u32..20,
            per in 1_u64..50,
            asked in proptest::collection::vec((0_u64..10, 1_u32..6), 1..300),
        ) {
            let start = Instant::now();
            let mut window = window(calls, per);
            let mut now = start;
            let mut granted: Vec<Instant> = Vec::new();
            for (gap, weight) in asked {
                now += Duration::from_millis(gap);
                if let Err(ready) = window.take(weight, now) {
                    // What it says is true: not a moment earlier, and then at once.
                    prop_assert!(ready > now);
                    prop_assert!(window.take(weight, ready - Duration::from_nanos(1)).is_err());
                    now = ready;
                    prop_assert_eq!(window.take(weight, now), Ok(()));
                }
                granted.extend((0..weight.min(calls)).map(|_| now));
            }
            for (i, first) in granted.iter().enumerate() {
                let within = granted[i..].iter().take_while(|t| **t < *first + Duration::from_millis(per)).count();
                prop_assert!(within <= calls as usize);
            }
        }
    }
}
