//! How one call travels: two functions that read top to bottom.
//!
//! ```text
//! execute: rate limit ─► breaker ─► try within both deadlines ─► success, or:
//!          may it be repeated, in time and in budget? ─► wait (jitter, Retry-After) ─► rate limit …
//! attempt: connection, send, receive within the wire cap ─► decompress within the decoded cap ─► classify the status
//! ```

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use crate::breaker::{self, Breaker, Permit};
use crate::budget::Budget;
use crate::config::{RetryConfig, SizeLimits, Timeouts};
use crate::encoding::{self, Packing};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::rate_limit::Limiter;
use crate::refusal;
use crate::response::Origin;
use crate::retry;
use crate::transport::{Prepared, Received, Transport};

/// What the pipeline needs to know of the client.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryConfig,
    pub(crate) limits: SizeLimits,
    pub(crate) budget: Budget,
    pub(crate) limiter: Option<Arc<Limiter>>,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) packing: Packing,
}

impl Pipeline {
    /// One call, with its repeats. Returns the answer and how often it was tried.
    pub(crate) async fn execute<T: Transport>(
        &self,
        transport: &T,
        mut request: Prepared<'_>,
        origin: &Origin,
    ) -> Result<(Received, u32)> {
        let started = Instant::now();
        let deadline = started.checked_add(self.timeouts.total);
        let mut attempts = 0;
        let mut delays = Vec::new();
        let mut last = None;
        let mut plain_after_all = false;
        if self.packing.is_on()
            && let Some(packed) = self.packing.pack(&request.body, &mut request.headers).await
        {
            request.pack(packed);
        }
        let error = loop {
            let now = if attempts == 0 {
                started
            } else {
                Instant::now()
            };
            let permit = match self.admit(request.weight, now, deadline).await {
                Ok(permit) => permit,
                // What the tries before this ran into tells more than that there is none left.
                Err(refused) => break last.unwrap_or(refused),
            };
            attempts += 1;
            let outcome = self
                .attempt_in_time(transport, &request, origin, deadline)
                .await;
            if let Some(permit) = permit {
                permit.report(breaker::verdict(&outcome));
            }
            let error = match outcome {
                Ok(received) => {
                    self.budget.earn();
                    self.packing.learn(request.plain.is_some(), plain_after_all);
                    return Ok((received, attempts));
                }
                Err(error) => error,
            };
            self.heed(&error);
            if request.plain.is_some() && encoding::may_refuse(&error) {
                request.unpack();
                plain_after_all = true;
                last = Some(error);
                continue;
            }
            match self.wait_before_repeat(&error, attempts, origin, deadline) {
                Ok(wait) => {
                    tracing::debug!(attempt = attempts, ?wait, %error, "trying again");
                    delays.push(wait);
                    sleep(wait).await;
                    last = Some(error);
                }
                Err(None) => break error,
                Err(Some(why)) => break error.gave_up(why),
            }
        };
        Err(error
            .context(origin.context())
            .tried(attempts, delays, started.elapsed()))
    }

    /// Waits for the rate limit and asks the breaker, which is asked first too: what cannot pass need not wait.
    async fn admit(
        &self,
        weight: u32,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Result<Option<Permit<'_>>> {
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        if let Some(limiter) = &self.limiter {
            limiter.take(weight, now, deadline).await?;
        }
        self.breaker.as_ref().map(Breaker::admit).transpose()
    }

    /// One try within the deadline of a try and what is left of the whole call's, whichever ends first.
    async fn attempt_in_time<T: Transport>(
        &self,
        transport: &T,
        request: &Prepared<'_>,
        origin: &Origin,
        deadline: Option<Instant>,
    ) -> Result<Received> {
        let remaining = remaining(deadline);
        let (limit, which, configured) = if remaining < self.timeouts.attempt {
            (remaining, Deadline::Total, self.timeouts.total)
        } else {
            (
                self.timeouts.attempt,
                Deadline::Attempt,
                self.timeouts.attempt,
            )
        };
        timeout(limit, self.attempt(transport, request, origin))
            .await
            .unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Timeout(which)).message(format!("{configured:?}")))
            })
    }

    /// One try: a success is a whole, decompressed 2xx answer; everything else is an error.
    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        request: &Prepared<'_>,
        origin: &Origin,
    ) -> Result<Received> {
        let mut received = transport.send(request).await?;
        self.packing.heed(&received.headers);
        if received.status.is_success() {
            received.body = encoding::decode(&received.headers, received.body, self.limits.decoded)
                .map_err(|error| error.excerpt(String::new()))?;
            return Ok(received);
        }
        Err(refusal::error(received, self.limits.decoded, origin))
    }

    /// Passes on to all clients of the token that the server wants it to wait.
    fn heed(&self, error: &Error) {
        if error.status() == Some(StatusCode::TOO_MANY_REQUESTS)
            && let Some(wait) = error.retry_after_hint()
            && let Some(limiter) = &self.limiter
        {
            limiter.pause(wait);
        }
    }

    /// How long to wait before the next try, or why there is none (where that is news).
    fn wait_before_repeat(
        &self,
        error: &Error,
        attempts: u32,
        origin: &Origin,
        deadline: Option<Instant>,
    ) -> Result<Duration, Option<&'static str>> {
        if attempts >= self.retry.max_attempts
            || !retry::may_repeat(error, origin.operation.repeat())
        {
            return Err(None);
        }
        let wait = retry::delay(
            &self.retry,
            attempts,
            fastrand::f64(),
            error.retry_after_hint(),
        );
        // Sleeping past the deadline would only turn a telling error into a timeout.
        if wait >= remaining(deadline) {
            return Err(Some("a further try would not be in time"));
        }
        if !self.budget.take() {
            return Err(Some(
                "not tried again, because too many calls fail (retry budget)",
            ));
        }
        Ok(wait)
    }
}

fn remaining(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| {
        deadline.saturating_duration_since(Instant::now())
    })
}

#[cfg(test)]
mod tests;
