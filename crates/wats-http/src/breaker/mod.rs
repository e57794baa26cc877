//! The circuit breaker: after many failures in a row, calls fail at once for a while instead of waiting for deadlines.
//!
//! [`state`] is the rule; this is the thin layer that attempts go through. A server that answers at all counts as alive:
//! 4xx is its answer, 5xx is a failure. A client talks to one host, so there is one breaker per client.

mod state;

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::state::{Pass, State};
use crate::error::{Deadline, Error, ErrorKind, Result};

pub(crate) use self::state::Verdict;

/// When calls fail at once because the server keeps failing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// Failed attempts in a row that open the breaker. Default 20. 5xx, deadlines and broken connections count, but not a
    /// deadline that passed while a call waited for other calls of this client, or for its rate limit. 0 is refused by
    /// `build()`.
    pub failures: u32,
    /// How long no call passes; then one may, to find out. Default 10 s.
    pub open_for: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 20,
            open_for: Duration::from_secs(10),
        }
    }
}

impl BreakerConfig {
    /// What no breaker can be.
    pub(crate) fn check(&self) -> Result<()> {
        if self.failures == 0 {
            return Err(Error::config(
                "BreakerConfig::failures is 0, so no call could be made; for no breaker say breaker(None)",
            ));
        }
        Ok(())
    }

    /// Sets how many failed attempts in a row open it.
    pub fn failures(mut self, n: u32) -> Self {
        self.failures = n;
        self
    }

    /// Sets how long it stays open.
    pub fn open_for(mut self, time: Duration) -> Self {
        self.open_for = time;
        self
    }
}

#[derive(Debug)]
pub(crate) struct Breaker {
    state: Mutex<State>,
    /// Closed and no failure since the last success: nothing to look up and nothing to reset.
    calm: AtomicBool,
}

/// One attempt's leave to pass. Dropping it without a report frees the place of the probe.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    /// `None` for an attempt that began while all was calm.
    pass: Option<Pass>,
    reported: bool,
}

impl Breaker {
    pub(crate) fn new(config: &BreakerConfig) -> Self {
        Self {
            state: Mutex::new(State::new(config)),
            calm: AtomicBool::new(true),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails while it is open, without taking the place of the probe.
    pub(crate) fn check(&self) -> Result<()> {
        if self.calm.load(SeqCst) {
            return Ok(());
        }
        match self.state().open_for(Instant::now()) {
            Some(wait) => Err(refused(wait)),
            None => Ok(()),
        }
    }

    /// Leave for one attempt, or the error that says when to come back.
    pub(crate) fn admit(&self) -> Result<Permit<'_>> {
        let permit = |pass| Permit {
            breaker: self,
            pass,
            reported: false,
        };
        if self.calm.load(SeqCst) {
            return Ok(permit(None));
        }
        match self.state().admit(Instant::now()) {
            Ok(pass) => Ok(permit(Some(pass))),
            Err(wait) => Err(refused(wait)),
        }
    }

    fn report(&self, pass: Option<Pass>, verdict: Verdict) {
        if verdict != Verdict::Failing && self.calm.load(SeqCst) {
            return;
        }
        let now = Instant::now();
        let mut state = self.state();
        let pass = match pass {
            Some(pass) => pass,
            // It began in the calm before the first failure; if that is over, it has no say.
            None => match state.calm_pass() {
                Some(pass) => pass,
                None => return,
            },
        };
        let opened = state.report(pass, verdict, now);
        self.calm.store(state.is_calm(), SeqCst);
        drop(state);
        if opened {
            tracing::warn!("the server keeps failing; calls fail at once for a while");
        }
    }
}

fn refused(wait: Duration) -> Error {
    let when = if wait.is_zero() {
        "a probe is in flight (half-open)".to_owned()
    } else {
        format!("the next try is allowed in {wait:.1?}")
    };
    Error::new(ErrorKind::CircuitOpen)
        .message(format!("the server failed many times in a row; {when}"))
        .retry_after((!wait.is_zero()).then_some(wait))
        .never_sent()
}

impl Permit<'_> {
    /// Tells how the attempt ended.
    pub(crate) fn report(mut self, verdict: Verdict) {
        self.reported = true;
        self.breaker.report(self.pass, verdict);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.reported {
            self.breaker.report(self.pass, Verdict::Unknown);
        }
    }
}

/// What the end of an attempt says about the server.
pub(crate) fn verdict<T>(outcome: &Result<T>) -> Verdict {
    let Err(error) = outcome else {
        return Verdict::Alive;
    };
    if error.is_cross_origin() || error.is_queued() {
        return Verdict::Unknown;
    }
    match error.kind() {
        ErrorKind::Status(status) if status.is_server_error() => Verdict::Failing,
        ErrorKind::Status(_) | ErrorKind::TooLarge | ErrorKind::Decode => Verdict::Alive,
        // This process's own queues and mistakes, or the proxy, not the server.
        ErrorKind::Timeout(Deadline::Pool | Deadline::RateLimit)
        | ErrorKind::Proxy
        | ErrorKind::Config
        | ErrorKind::Request
        | ErrorKind::CircuitOpen => Verdict::Unknown,
        ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Transport | ErrorKind::Timeout(_) => {
            Verdict::Failing
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn breaker(failures: u32) -> Breaker {
        Breaker::new(&BreakerConfig::default().failures(failures))
    }

    #[tokio::test(start_paused = true)]
    async fn opens_tells_when_and_lets_one_probe_pass() {
        let breaker = breaker(3);
        for _ in 0..3 {
            breaker.admit().unwrap().report(Verdict::Failing);
        }
        let error = breaker.admit().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CircuitOpen);
        assert_eq!(error.retry_after_hint(), Some(Duration::from_secs(10)));
        assert!(error.to_string().contains("allowed in 10.0s"), "{error}");
        tokio::time::advance(Duration::from_secs(10)).await;
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err());
        drop(probe);
        let probe = breaker.admit().expect("a cancelled probe frees its place");
        probe.report(Verdict::Alive);
        assert!(breaker.calm.load(SeqCst));
    }

    #[test]
    fn tries_from_the_calm_count_when_they_fail_together() {
        let breaker = breaker(20);
        let permits: Vec<_> = (0..20).map(|_| breaker.admit().unwrap()).collect();
        for permit in permits {
            permit.report(Verdict::Failing);
        }
        assert!(breaker.admit().is_err());
    }

    #[test]
    fn refusals_are_answers() {
        let status = |code| {
            let status = StatusCode::from_u16(code).unwrap();
            verdict::<()>(&Err(Error::new(ErrorKind::Status(status))))
        };
        for code in [301, 400, 401, 403, 404, 409, 415, 429] {
            assert_eq!(status(code), Verdict::Alive, "{code}");
        }
        for code in [500, 502, 503, 504] {
            assert_eq!(status(code), Verdict::Failing, "{code}");
        }
        for (deadline, expected) in [
            (Deadline::Connect, Verdict::Failing),
            (Deadline::Attempt, Verdict::Failing),
            (Deadline::Total, Verdict::Failing),
            (Deadline::Pool, Verdict::Unknown),
            (Deadline::RateLimit, Verdict::Unknown),
        ] {
            let error = Error::new(ErrorKind::Timeout(deadline));
            assert_eq!(verdict::<()>(&Err(error)), expected, "{deadline}");
        }
        let queued = Error::new(ErrorKind::Timeout(Deadline::Attempt)).queued();
        assert_eq!(verdict::<()>(&Err(queued)), Verdict::Unknown);
    }
}
