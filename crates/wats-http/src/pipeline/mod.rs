//! How one call travels: two functions that read top to bottom.
//!
//! ```text
//! execute: rate limit ─► breaker ─► interceptors ─► attempt within both deadlines ─► interceptors ─► success, or:
//!          another token after a 401?
//!          may it be repeated, in time and in budget? ─► wait (jitter, Retry-After) ─► rate limit …
//! attempt: connection, send ─► redirect? ─► receive and decompress within both caps ─► classify the status
//! ```
//!
//! [`ResponseMode`] is the difference between a call that wants its answer whole and one that wants it piece by piece.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::AUTHORIZATION;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use crate::body::Payload;
use crate::breaker::{self, Breaker, Permit};
use crate::budget::Budget;
use crate::capture::{self, AttemptView, Recorder};
use crate::config::{RetryConfig, SizeLimits, Timeouts, or_forever};
use crate::context::CallContext;
use crate::encoding::{self, CompressionState};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::intercept::{Attempt, Intercept, Outcome};
use crate::observe;
use crate::rate_limit::{LONGEST_PAUSE, RateLimiter};
use crate::redirect;
use crate::request::{PreparedRequest, RedirectTarget};
use crate::retry;
use crate::status_error;
use crate::token_refresh::TokenRefresh;
use crate::transport::{Answer, AnswerBody, Received, Transport};

/// What the pipeline needs to know of the client.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryConfig,
    pub(crate) limits: SizeLimits,
    pub(crate) budget: Budget,
    pub(crate) limiter: Option<Arc<dyn RateLimiter>>,
    /// Where another token comes from when the one in use is refused.
    pub(crate) tokens: Option<Arc<TokenRefresh>>,
    pub(crate) breaker: Option<Breaker>,
    pub(crate) compression: CompressionState,
    pub(crate) intercepts: Vec<Arc<dyn Intercept>>,
    /// How many redirects of a GET or HEAD are followed.
    pub(crate) redirects: u32,
    /// Where random waits come from, when they shall be the same in every run.
    pub(crate) jitter: Option<Mutex<fastrand::Rng>>,
}

/// What a call wants of a successful answer.
pub(crate) trait ResponseMode<B> {
    type Response: Send;

    /// Makes it of an answer; part of the attempt.
    fn read(
        answer: Answer<B>,
        limits: &SizeLimits,
    ) -> impl Future<Output = Result<Self::Response>> + Send;

    /// What a capture and an interceptor see of it.
    fn view(got: &Self::Response) -> AttemptView<'_>;
}

/// The whole answer, decompressed.
pub(crate) struct Buffered;

impl<B: AnswerBody> ResponseMode<B> for Buffered {
    type Response = Received;

    async fn read(mut answer: Answer<B>, limits: &SizeLimits) -> Result<Received> {
        let body =
            match encoding::receive(&mut answer.body, &answer.headers, limits.decoded).await? {
                Ok(body) => body,
                Err(error) => {
                    answer.body.abandon();
                    return Err(error);
                }
            };
        Ok(Received {
            status: answer.status,
            version: answer.version,
            headers: answer.headers,
            body,
        })
    }

    fn view(got: &Received) -> AttemptView<'_> {
        AttemptView::Buffered(got)
    }
}

/// The head of the answer, with the body still on the wire.
pub(crate) struct Streamed;

impl<B: AnswerBody> ResponseMode<B> for Streamed {
    type Response = Answer<B>;

    async fn read(answer: Answer<B>, _: &SizeLimits) -> Result<Answer<B>> {
        Ok(answer)
    }

    fn view(got: &Answer<B>) -> AttemptView<'_> {
        AttemptView::Head(got.status, &got.headers)
    }
}

impl Pipeline {
    /// One call, with its repeats. Returns the answer and how often it was tried. The request is lent: given away, it would
    /// be in the future twice.
    pub(crate) async fn execute<'a, W: ResponseMode<T::Body>, T: Transport>(
        &self,
        transport: &T,
        request: &mut PreparedRequest<'a>,
        call: &'a CallContext,
    ) -> Result<(W::Response, u32)> {
        let started = Instant::now();
        let deadline = started.checked_add(or_forever(request.timeouts.total));
        let recorder = capture::current();
        let mut attempts = 0;
        let mut delays = Vec::new();
        let mut last = None;
        let (mut plain_after_all, mut sent) = (false, false);
        if self.compression.is_on()
            && let Payload::Buffered(body) = &request.body
            && let Some(packed) = Box::pin(self.compression.pack(body, &mut request.headers)).await
        {
            request.pack(packed);
        }
        let error = loop {
            // Compressing may have taken its time.
            let now = if attempts == 0 && !self.compression.is_on() {
                started
            } else {
                Instant::now()
            };
            let (permit, began) = match self.admit(request.weight, now, deadline).await {
                Ok(admitted) => admitted,
                // What the attempts before this ran into tells more than that there is none left.
                Err(refused) => break last.unwrap_or(refused),
            };
            attempts += 1;
            let readings = self.tokens.as_ref().map_or(0, |it| it.look(began));
            if let Err(refused) = self.before(request, call, attempts) {
                break refused;
            }
            let span = observe::attempt_span(attempts);
            let outcome = {
                let attempt =
                    pin!(self.attempt_in_time::<W, T>(transport, request, call, began, deadline));
                attempt.instrument(span.clone()).await
            };
            let outcome = outcome.map_err(|error| {
                let own = call.identity.secrets_with(&request.headers);
                error.without(own.as_ref().unwrap_or(call.secrets()))
            });
            observe::ended(&span, outcome.as_ref().map(|got| W::view(got).status()));
            self.after::<W, T>(
                request,
                call,
                attempts,
                began,
                &outcome,
                recorder.as_deref(),
            );
            if let Some(permit) = permit {
                permit.report(breaker::verdict(&outcome));
            }
            let error = match outcome {
                Ok(got) => {
                    self.succeeded(request, plain_after_all);
                    observe::count(call, Ok(W::view(&got).status()), attempts, started);
                    return Ok((got, attempts));
                }
                Err(error) => error,
            };
            self.observe(&error);
            sent |= !error.is_unsent();
            if request.plain.is_some() && self.compression.may_explain(&error, request.may_repeat) {
                request.unpack();
                plain_after_all = true;
                last = Some(error);
                continue;
            }
            if self.tokens.is_some() && is_refused_token(&error, request) {
                let other = self.other_token(readings, request, call, deadline).await;
                match other {
                    Ok(()) => {
                        tracing::debug!(attempt = attempts, "trying again with another token");
                        request.common = &call.identity().headers;
                        last = Some(error);
                        continue;
                    }
                    Err(why) => break error.gave_up(why),
                }
            }
            match self.wait_before_repeat(&error, request, attempts, call, deadline) {
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
        observe::count(call, Err(&error), attempts, started);
        Err(error
            .context(call.context())
            .tried(attempts, sent, delays, started.elapsed()))
    }

    /// An answer earns repeats for later calls, and tells whether the server takes compressed bodies.
    fn succeeded(&self, request: &PreparedRequest<'_>, plain_after_all: bool) {
        self.budget.earn();
        if request.plain.is_some() {
            self.compression.accepted();
        } else if plain_after_all {
            self.compression.refused();
        }
    }

    /// Asks the interceptors whether an attempt may be made.
    fn before(
        &self,
        request: &mut PreparedRequest<'_>,
        call: &CallContext,
        number: u32,
    ) -> Result<()> {
        if !self.intercepts.is_empty() {
            request.note_time();
        }
        for hook in &self.intercepts {
            let headers = &mut request.headers;
            let mut attempt = Attempt {
                call,
                number,
                headers,
            };
            hook.before_attempt(&mut attempt).map_err(|why| {
                Error::request("refused by an interceptor")
                    .source(why)
                    .never_sent()
            })?;
        }
        Ok(())
    }

    /// Tells interceptors and the capture how an attempt ended.
    fn after<W: ResponseMode<T::Body>, T: Transport>(
        &self,
        request: &mut PreparedRequest<'_>,
        call: &CallContext,
        number: u32,
        began: Instant,
        outcome: &Result<W::Response>,
        recorder: Option<&Recorder>,
    ) {
        if recorder.is_none() && self.intercepts.is_empty() {
            return;
        }
        let elapsed = began.elapsed();
        let got = outcome.as_ref().map_or_else(AttemptView::Error, W::view);
        if let Some(recorder) = recorder {
            recorder.note(call, request, number, elapsed, &got);
        }
        let outcome = Outcome {
            got,
            elapsed,
            server_time: request.server_time(),
        };
        for hook in self.intercepts.iter().rev() {
            let headers = &mut request.headers;
            let attempt = Attempt {
                call,
                number,
                headers,
            };
            hook.after_attempt(&attempt, &outcome);
        }
    }

    /// Waits for the rate limit, tells when that was over, and asks the breaker, which is asked first too: what cannot pass need not wait.
    async fn admit(
        &self,
        weight: u32,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Result<(Option<Permit<'_>>, Instant)> {
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        let began = match &self.limiter {
            Some(limiter) if !limiter.try_acquire(weight, now) => {
                limiter.acquire(weight, deadline).await?;
                Instant::now()
            }
            _ => now,
        };
        let permit = self.breaker.as_ref().map(Breaker::admit).transpose()?;
        Ok((permit, began))
    }

    /// One attempt within the deadline of an attempt and what is left of the whole call's, whichever ends first. A streamed
    /// body that moves on starts the deadline of an attempt anew.
    async fn attempt_in_time<W: ResponseMode<T::Body>, T: Transport>(
        &self,
        transport: &T,
        request: &PreparedRequest<'_>,
        call: &CallContext,
        mut now: Instant,
        deadline: Option<Instant>,
    ) -> Result<W::Response> {
        request.begin_attempt();
        let mut moved = request.moved();
        let mut attempt = pin!(self.attempt::<W, T>(transport, request, call));
        loop {
            let timeouts = request.timeouts;
            let own = now.checked_add(or_forever(timeouts.attempt));
            let (end, which, configured) = match (own, deadline) {
                (Some(own), Some(deadline)) if own <= deadline => {
                    (Some(own), Deadline::Attempt, timeouts.attempt)
                }
                (own, None) => (own, Deadline::Attempt, timeouts.attempt),
                (_, deadline) => (deadline, Deadline::Total, timeouts.total),
            };
            let Some(end) = end else {
                return attempt.await;
            };
            if let Ok(outcome) = timeout_at(end, attempt.as_mut()).await {
                return outcome;
            }
            now = Instant::now();
            if which == Deadline::Attempt && request.moved_on(&mut moved) {
                continue;
            }
            request.mark_timed_out();
            let error = Error::new(ErrorKind::Timeout(which))
                .message(format!("{:?}", or_forever(configured)));
            // Still acquiring a connection (also for a redirect): no byte was sent.
            return Err(match (request.was_sent(), transport.is_connecting()) {
                (true, _) => error,
                (false, true) => error.never_sent(),
                (false, false) => error.never_sent().queued(),
            });
        }
    }

    /// One attempt: a success is a 2xx answer; everything else is an error.
    async fn attempt<W: ResponseMode<T::Body>, T: Transport>(
        &self,
        transport: &T,
        request: &PreparedRequest<'_>,
        call: &CallContext,
    ) -> Result<W::Response> {
        let own = &call.base;
        let mut followed = 0;
        // Boxed, because few calls are redirected.
        let mut redirect_target: Option<Box<RedirectTarget>> = None;
        loop {
            let other_origin = redirect_target
                .as_ref()
                .is_some_and(|redirect_target| redirect_target.other_origin.is_some());
            let blame = |error: Error| match followed {
                0 => error,
                _ => error.after_redirect(other_origin),
            };
            let answer = transport
                .send(request, redirect_target.as_deref())
                .await
                .map_err(blame)?;
            if !other_origin {
                request.mark_answered(&answer.headers);
                self.compression.observe(&answer.headers);
            }
            if answer.status.is_success() {
                let delivery = answer.body.pending_delivery();
                let got = W::read(answer, request.limits).await.map_err(blame)?;
                if let Some(delivery) = delivery {
                    // Boxed, because few calls have one.
                    Box::pin(delivery.whole()).await.map_err(blame)?;
                }
                return Ok(got);
            }
            let next = match self.redirects {
                0 => None,
                most => {
                    let (redirect_target, secrets) = (redirect_target.as_deref(), call.secrets());
                    redirect::next(
                        &answer,
                        request,
                        redirect_target,
                        own,
                        followed,
                        most,
                        secrets,
                    )?
                }
            };
            let received = status_error::receive(answer, request.limits.decoded)
                .await
                .map_err(blame)?;
            let Some(next) = next else {
                let forwarder = transport.forwarder(redirect_target.as_deref());
                return Err(blame(status_error::error(received, call, forwarder)));
            };
            request.mark_redirected();
            followed += 1;
            redirect_target = Some(Box::new(next));
        }
    }

    /// After a 401 has the call go on with another token, or says why it does not. Nothing was carried out, so any call may
    /// be repeated, but only once: a second token that is refused too is no reason to read a third one. Boxed, because few
    /// calls need it.
    fn other_token<'a>(
        &'a self,
        begun: u64,
        request: &'a PreparedRequest<'_>,
        call: &'a CallContext,
        deadline: Option<Instant>,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            let Some(tokens) = &self.tokens else {
                return Err("there is no other token".to_owned());
            };
            if call.refreshed.get().is_some() {
                let provider = tokens.provider();
                return Err(format!(
                    "the other token that {provider} gave is refused, too"
                ));
            }
            let own = Instant::now().checked_add(or_forever(request.timeouts.attempt));
            let other = tokens.other_than(&call.identity, begun);
            let other = match deadline.into_iter().chain(own).min() {
                None => other.await,
                Some(end) => timeout_at(end, other).await.unwrap_or_else(|_| {
                    Err("the token could not be read again in time".to_owned())
                }),
            };
            let other = other.map_err(|why| call.secrets().redact(why))?;
            if request.is_used_up() {
                return Err(
                    "not tried again with the other token, because its body can be sent only once"
                        .to_owned(),
                );
            }
            let _ = call.refreshed.set(other.for_call(&request.headers));
            Ok(())
        })
    }

    /// Passes on to all clients of the token that the server wants it to wait.
    fn observe(&self, error: &Error) {
        if error.status() == Some(StatusCode::TOO_MANY_REQUESTS)
            && !error.is_cross_origin()
            && let Some(wait) = error.retry_after_hint()
            && let Some(limiter) = &self.limiter
        {
            limiter.pause(wait.min(LONGEST_PAUSE));
        }
    }

    /// How long to wait before the next attempt, or why there is none (where that is news).
    fn wait_before_repeat(
        &self,
        error: &Error,
        request: &PreparedRequest<'_>,
        attempts: u32,
        call: &CallContext,
        deadline: Option<Instant>,
    ) -> Result<Duration, Option<&'static str>> {
        if attempts >= self.retry.max_attempts.min(request.max_attempts)
            || !retry::may_repeat(error, call.operation.idempotency())
        {
            return Err(None);
        }
        if request.is_used_up() {
            return Err(Some(
                "not tried again, because its body can be sent only once",
            ));
        }
        let wait = retry::delay(
            &self.retry,
            attempts,
            self.random(),
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

    fn random(&self) -> f64 {
        match &self.jitter {
            None => fastrand::f64(),
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).f64(),
        }
    }
}

/// Whether the server has refused the client's own token.
fn is_refused_token(error: &Error, request: &PreparedRequest<'_>) -> bool {
    error.status() == Some(StatusCode::UNAUTHORIZED)
        && !error.is_cross_origin()
        && !request.headers.contains_key(AUTHORIZATION)
}

impl AttemptView<'_> {
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Buffered(received) => received.status.as_u16(),
            Self::Head(status, _) => status.as_u16(),
            Self::Error(error) => error.status().map_or(0, |status| status.as_u16()),
        }
    }
}

fn remaining(deadline: Option<Instant>) -> Duration {
    deadline.map_or(Duration::MAX, |deadline| {
        deadline.saturating_duration_since(Instant::now())
    })
}

#[cfg(test)]
mod tests;
