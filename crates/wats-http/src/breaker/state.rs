//! The rule of the circuit breaker as a pure state machine; time comes in as an argument.
//!
//! ```text
//!            `failures` in a row            `open_for` has passed
//!   Closed ──────────────────────► Open ──────────────────────────► Probing
//!     ▲                              ▲                                 │
//!     │        the probe succeeded   └──── the probe failed ───────────┤
//!     └────────────────────────────────────────────────────────────────┘
//! ```
//! While probing, one call at a time may pass. A probe that ends without a verdict leaves the place to the next.

use std::time::Duration;

use tokio::time::Instant;

use super::BreakerConfig;

/// What one attempt says about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It answered; that it refused the call is an answer too.
    Alive,
    /// 5xx, a deadline, or the connection failed.
    Failing,
    /// The attempt ended before anything could be told.
    Unknown,
}

/// Lets one attempt pass. It belongs to the period in which it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    period: u64,
    probe: bool,
}

#[derive(Debug)]
pub(super) struct State {
    phase: Phase,
    /// Counts the changes of phase, so that what began before one has no say after it.
    period: u64,
    failures: u32,
    open_for: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing { under_way: bool },
}

impl State {
    pub(super) fn new(config: &BreakerConfig) -> Self {
        Self {
            phase: Phase::Closed { failures: 0 },
            period: 0,
            failures: config.failures,
            open_for: config.open_for,
        }
    }

    /// Closed, and the last attempt succeeded.
    pub(super) fn is_calm(&self) -> bool {
        self.phase == Phase::Closed { failures: 0 }
    }

    /// The pass of an attempt that began while the breaker was calm: good as long as it has not opened since.
    pub(super) fn calm_pass(&self) -> Option<Pass> {
        matches!(self.phase, Phase::Closed { .. }).then_some(Pass {
            period: self.period,
            probe: false,
        })
    }

    /// How long it stays open, if it is.
    pub(super) fn open_for(&self, now: Instant) -> Option<Duration> {
        match self.phase {
            Phase::Open { until } if now < until => Some(until - now),
            _ => None,
        }
    }

    /// Whether an attempt may be made; if not, how long not. While a probe is under way nobody knows, so that is zero.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        if let Phase::Open { until } = self.phase {
            if now < until {
                return Err(until - now);
            }
            self.change(Phase::Probing { under_way: false });
        }
        if let Phase::Probing { under_way } = &mut self.phase {
            if *under_way {
                return Err(Duration::ZERO);
            }
            *under_way = true;
            return Ok(Pass {
                period: self.period,
                probe: true,
            });
        }
        Ok(Pass {
            period: self.period,
            probe: false,
        })
    }

    /// Hears how an attempt ended. Returns whether the breaker opened because of it.
    pub(super) fn report(&mut self, pass: Pass, verdict: Verdict, now: Instant) -> bool {
        if pass.period != self.period {
            return false;
        }
        match (&mut self.phase, verdict) {
            (Phase::Closed { failures }, Verdict::Alive) => *failures = 0,
            (Phase::Closed { failures }, Verdict::Failing) => {
                *failures += 1;
                if *failures >= self.failures {
                    return self.open(now);
                }
            }
            (Phase::Probing { .. }, Verdict::Alive) => self.change(Phase::Closed { failures: 0 }),
            (Phase::Probing { .. }, Verdict::Failing) => return self.open(now),
            (Phase::Probing { under_way }, Verdict::Unknown) => *under_way = !pass.probe,
            (Phase::Closed { .. }, Verdict::Unknown) | (Phase::Open { .. }, _) => {}
        }
        false
    }

    fn open(&mut self, now: Instant) -> bool {
        // An end of time that no clock reaches would be open for ever; so far away it is.
        let until = now
            .checked_add(self.open_for)
            .unwrap_or(now + Duration::from_secs(86_400 * 365));
        self.change(Phase::Open { until });
        true
    }

    fn change(&mut self, phase: Phase) {
        self.phase = phase;
        self.period += 1;
    }
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    fn state(failures: u32, open_for_ms: u64) -> State {
        State::new(
            &BreakerConfig::default()
                .failures(failures)
                .open_for(Duration::from_millis(open_for_ms)),
        )
    }

    #[test]
    fn opens_after_failures_in_a_row_and_closes_after_one_probe() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut state = state(2, 100);
        for verdict in [
            Verdict::Failing,
            Verdict::Alive,
            Verdict::Unknown,
            Verdict::Failing,
        ] {
            let pass = state.admit(at(0)).unwrap();
            assert!(!state.report(pass, verdict, at(0)));
        }
        let straggler = state.admit(at(1)).unwrap();
        let last = state.admit(at(1)).unwrap();
        assert!(state.report(last, Verdict::Failing, at(1)), "two in a row");
        assert!(
            !state.report(straggler, Verdict::Alive, at(2)),
            "began before"
        );
        assert_eq!(state.admit(at(51)), Err(Duration::from_millis(50)));
        let probe = state.admit(at(101)).unwrap();
        assert_eq!(state.admit(at(101)), Err(Duration::ZERO), "one probe");
        assert!(state.report(probe, Verdict::Failing, at(110)));
        assert_eq!(state.admit(at(111)), Err(Duration::from_millis(99)));
        let probe = state.admit(at(210)).unwrap();
        state.report(probe, Verdict::Unknown, at(211));
        let probe = state.admit(at(212)).unwrap();
        state.report(probe, Verdict::Alive, at(213));
        assert!(state.is_calm());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Admit,
        /// Ends the oldest or newest attempt under way.
        End {
            newest: bool,
            verdict: Verdict,
        },
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let verdict = prop_oneof![
            Just(Verdict::Alive),
            Just(Verdict::Failing),
            Just(Verdict::Unknown)
        ];
        prop_oneof![
            Just(Step::Admit),
            (any::<bool>(), verdict).prop_map(|(newest, verdict)| Step::End { newest, verdict }),
            (0_u64..40).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn never_stuck_and_never_two_probes(steps in proptest::collection::vec(step(), 0..200)) {
            let mut now = Instant::now();
            let mut state = state(3, 30);
            let mut under_way: Vec<Pass> = Vec::new();
            for step in steps {
                match step {
                    Step::Wait(ms) => now += Duration::from_millis(ms),
                    Step::Admit => match state.admit(now) {
                        Ok(pass) => under_way.push(pass),
                        Err(wait) if wait.is_zero() => {
                            let probes = under_way.iter().filter(|p| p.probe && p.period == state.period);
                            prop_assert_eq!(probes.count(), 1, "refused because of the one probe");
                        }
                        Err(wait) => prop_assert!(wait <= Duration::from_millis(30)),
                    },
                    Step::End { newest, verdict } if !under_way.is_empty() => {
                        let at = if newest { under_way.len() - 1 } else { 0 };
                        let opened = state.report(under_way.remove(at), verdict, now);
                        prop_assert!(!opened || verdict == Verdict::Failing);
                    }
                    Step::End { .. } => {}
                }
            }
            // Whatever happened: once all attempts ended and time has passed, one success closes it.
            for pass in under_way {
                state.report(pass, Verdict::Unknown, now);
            }
            now += Duration::from_millis(30);
            let pass = state.admit(now);
            prop_assert!(pass.is_ok());
            state.report(pass.unwrap(), Verdict::Alive, now);
            prop_assert!(state.is_calm());
        }
    }
}
