//! The options of the client, with the defaults that suit a test station.
//!
//! | what | default |
//! |---|---|
//! | connections, live and being opened | 100 |
//! | idle connections kept | 20, for 30 s; less when the server says `Keep-Alive: timeout` |
//! | a connection's lifetime | 10 minutes |
//! | deadlines: connect / waiting for a connection / attempt / whole call | 10 s / 20 s / 30 s / 120 s |
//! | an answer's body without progress | 15 s |
//! | repeats of a safe operation | 3, full jitter from 100 ms up to 5 s; 100 in reserve for all calls together |
//! | calls of a token | 500 in any 60 s ([`RateLimit`](crate::RateLimit)) |
//! | failing at once | for 10 s after 20 failures in a row ([`BreakerConfig`](crate::BreakerConfig)) |
//! | size of an answer on the wire / after decompression | 128 MiB / 256 MiB |

use std::time::Duration;

use crate::error::{Error, Result};

/// A time limit that may be off, as one that no clock reaches.
pub(crate) fn or_forever(limit: Option<Duration>) -> Duration {
    limit.unwrap_or(Duration::MAX)
}

/// Limits of the connection pool.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Most connections in use, idle and being opened together; also the most calls in flight, over HTTP/2 too. Default 100;
    /// 0 is refused by `build()`.
    pub max_connections: usize,
    /// Most connections kept when nobody needs them. More may stand idle for half a second after a burst. Default 20; with 0
    /// none is kept for longer.
    pub max_idle: usize,
    /// How long an unused connection is kept. Default 30 s; shorter than what common servers grant. `None` for as long as the
    /// server keeps it; with zero it is closed when next looked at, a fifth of a second later.
    pub idle_timeout: Option<Duration>,
    /// How long a connection is used at most, however busy; it ends up to a tenth earlier, so that connections opened
    /// together do not end together. Calls under way are finished. Default 10 minutes; `None` for no limit, zero is refused by
    /// `build()`.
    pub max_lifetime: Option<Duration>,
    /// Most HTTP/2 connections at a time. A further one is opened when the server takes no more calls on those that
    /// are open. Default 1, as RFC 9113 (section 9.1) wants; 0 is refused by `build()`, as [`http2`](Self::http2) switches
    /// HTTP/2 off.
    pub http2_connections: usize,
    /// Offer HTTP/2 during the TLS handshake (ALPN). Default true. Plain `http://` always speaks HTTP/1.1.
    pub http2: bool,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_connections: 100,
            max_idle: 20,
            idle_timeout: Some(Duration::from_secs(30)),
            max_lifetime: Some(Duration::from_secs(600)),
            http2_connections: 1,
            http2: true,
        }
    }
}

impl PoolConfig {
    /// What no pool can be.
    pub(crate) fn check(&self) -> Result<()> {
        let why = if self.max_connections == 0 {
            "max_connections is 0, so no call could be sent; the least is 1"
        } else if self.http2_connections == 0 {
            "http2_connections is 0; the least is 1, and http2(false) switches HTTP/2 off"
        } else if self.max_lifetime.is_some_and(|time| time.is_zero()) {
            "max_lifetime is zero, so no connection could be used; for no limit set None"
        } else {
            return Ok(());
        };
        Err(Error::config(format!("PoolConfig::{why}")))
    }

    /// Sets the most connections.
    pub fn max_connections(mut self, n: usize) -> Self {
        self.max_connections = n;
        self
    }

    /// Sets the most idle connections kept.
    pub fn max_idle(mut self, n: usize) -> Self {
        self.max_idle = n;
        self
    }

    /// Sets how long an unused connection is kept; `None` for as long as the server keeps it.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into();
        self
    }

    /// Sets how long a connection is used at most; `None` for no limit.
    pub fn max_lifetime(mut self, lifetime: impl Into<Option<Duration>>) -> Self {
        self.max_lifetime = lifetime.into();
        self
    }

    /// Sets the most HTTP/2 connections at a time.
    pub fn http2_connections(mut self, n: usize) -> Self {
        self.http2_connections = n;
        self
    }

    /// Sets whether HTTP/2 is offered.
    pub fn http2(mut self, offer: bool) -> Self {
        self.http2 = offer;
        self
    }
}

/// Deadlines of a call. Each has its own error, see [`Deadline`](crate::Deadline). `None` is no deadline. Zero is refused, by `build()` or for a call by `execute`, because no call could be in time; except of
/// [`pool`](Self::pool).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name resolution, TCP connect and TLS handshake together. Default 10 s.
    pub connect: Option<Duration>,
    /// Waiting for a free connection slot. Default 20 s; shorter than an attempt, of which it is a part. Zero takes only what is
    /// free at once.
    pub pool: Option<Duration>,
    /// One attempt from connection to last byte. Default 30 s.
    pub attempt: Option<Duration>,
    /// The longest stretch of time in which the body of an answer may bring less than 1 KiB without ending.
    /// Default 15 s.
    pub read_idle: Option<Duration>,
    /// The whole call: all attempts and the waits between them. Default 120 s.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            pool: Some(Duration::from_secs(20)),
            attempt: Some(Duration::from_secs(30)),
            read_idle: Some(Duration::from_secs(15)),
            total: Some(Duration::from_secs(120)),
        }
    }
}

impl Timeouts {
    /// What no deadline can be; `wrong` makes the error.
    pub(crate) fn check(&self, wrong: fn(String) -> Error) -> Result<()> {
        for (name, deadline) in [
            ("connect", self.connect),
            ("attempt", self.attempt),
            ("read_idle", self.read_idle),
            ("total", self.total),
        ] {
            if deadline.is_some_and(|deadline| deadline.is_zero()) {
                return Err(wrong(format!(
                    "Timeouts::{name} is zero, so no call could be in time; for no deadline set None"
                )));
            }
        }
        Ok(())
    }

    /// Sets the deadline for opening a connection.
    pub fn connect(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect = timeout.into();
        self
    }

    /// Sets the deadline for waiting for a connection slot.
    pub fn pool(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.pool = timeout.into();
        self
    }

    /// Sets the deadline of one attempt.
    pub fn attempt(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.attempt = timeout.into();
        self
    }

    /// Sets the longest stretch of time in which the body of an answer may bring less than 1 KiB.
    pub fn read_idle(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.read_idle = timeout.into();
        self
    }

    /// Sets the deadline of the whole call.
    pub fn total(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.total = timeout.into();
        self
    }
}

/// How failed attempts are repeated. What may be repeated is decided by [`Idempotency`](crate::Idempotency).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Most attempts of one call, the first included. Default 4; 1 means never repeat, 0 is refused by `build()`.
    pub max_attempts: u32,
    /// Upper bound of the first wait; doubles with each attempt. Default 100 ms.
    pub base_delay: Duration,
    /// Upper bound of any wait that the server did not ask for. Default 5 s.
    pub max_delay: Duration,
    /// Repeats that all calls of the client may make together before successes earn new ones. Default 100; with 0 there is no
    /// repeat, and `None` is no budget, so that only [`max_attempts`](Self::max_attempts) counts.
    pub budget: Option<u32>,
    /// What a successful call earns, in percent of a repeat. Default 20: five successes allow one repeat.
    pub budget_percent: u32,
    /// Makes the random waits the same in every run, for tests. Default none: different for every call and process.
    pub jitter_seed: Option<u64>,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(5),
            budget: Some(100),
            budget_percent: 20,
            jitter_seed: None,
        }
    }
}

impl RetryConfig {
    /// What no call can be repeated by.
    pub(crate) fn check(&self) -> Result<()> {
        if self.max_attempts == 0 {
            return Err(Error::config(
                "RetryConfig::max_attempts is 0, but the first try counts; RetryConfig::never() is 1",
            ));
        }
        Ok(())
    }

    /// Every call is tried exactly once.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::default()
        }
    }

    /// Sets the most attempts, the first included.
    pub fn max_attempts(mut self, n: u32) -> Self {
        self.max_attempts = n;
        self
    }

    /// Sets the upper bound of the first wait.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets the upper bound of any wait.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets how many repeats all calls may make together before successes earn new ones.
    pub fn budget(mut self, repeats: u32) -> Self {
        self.budget = Some(repeats);
        self
    }

    /// Lets each call be repeated however many others are.
    pub fn no_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// Makes the random waits the same in every run, for tests.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.jitter_seed = Some(seed);
        self
    }

    /// Sets what a successful call earns, in percent of a repeat.
    pub fn budget_percent(mut self, percent: u32) -> Self {
        self.budget_percent = percent;
        self
    }
}

/// Caps on answers, so that neither a wrong query nor a hostile server can fill the memory.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SizeLimits {
    /// Most bytes of one answer as sent. Default 128 MiB; with 0 only answers without a body are taken.
    pub wire: usize,
    /// Most bytes of one answer after decompression. Default 256 MiB; it bounds packed answers, and what is downloaded piece
    /// by piece.
    pub decoded: usize,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self {
            wire: 128 << 20,
            decoded: 256 << 20,
        }
    }
}

impl SizeLimits {
    /// Sets the cap on bytes as sent.
    pub fn wire(mut self, bytes: usize) -> Self {
        self.wire = bytes;
        self
    }

    /// Sets the cap on bytes after decompression.
    pub fn decoded(mut self, bytes: usize) -> Self {
        self.decoded = bytes;
        self
    }
}
