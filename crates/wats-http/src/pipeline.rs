//! How one call travels: two functions that read top to bottom.
//!
//! ```text
//! execute: total deadline ─► try ─► success, or: may it be repeated? ─► wait (jitter, Retry-After) ─► try …
//! attempt: attempt deadline ─► connection, send, receive within the wire cap ─► decompress within the decoded cap
//!          ─► classify the status
//! ```

use std::time::SystemTime;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::time::{Instant, sleep, timeout};

use crate::body;
use crate::config::{RetryConfig, SizeLimits, Timeouts};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::response::Origin;
use crate::retry;
use crate::transport::{Prepared, Received, Transport};

/// What the pipeline needs to know of the client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pipeline {
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryConfig,
    pub(crate) limits: SizeLimits,
}

impl Pipeline {
    /// One call, with its repeats. Returns the answer and how often it was tried.
    pub(crate) async fn execute<T: Transport>(
        &self,
        transport: &T,
        request: &Prepared<'_>,
        origin: &Origin,
    ) -> Result<(Received, u32)> {
        let started = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let remaining = self.timeouts.total.saturating_sub(started.elapsed());
            let outcome = timeout(remaining, self.attempt(transport, request, origin))
                .await
                .unwrap_or_else(|_| {
                    Err(Error::new(ErrorKind::Timeout(Deadline::Total))
                        .message(format!("{:?}", self.timeouts.total)))
                });
            let error = match outcome {
                Ok(received) => return Ok((received, attempts)),
                Err(error) => error,
            };
            let wait = retry::delay(&self.retry, attempts, fastrand::f64(), error.server_wait());
            // Sleeping past the deadline would only turn a telling error into a timeout.
            let in_time = wait < self.timeouts.total.saturating_sub(started.elapsed());
            if attempts >= self.retry.max_attempts
                || !in_time
                || !retry::may_repeat(&error, origin.operation.repeat())
            {
                return Err(error
                    .context(origin.context())
                    .tried(attempts, started.elapsed()));
            }
            tracing::debug!(attempt = attempts, ?wait, %error, "trying again");
            sleep(wait).await;
        }
    }

    /// One try: a success is a whole, decompressed 2xx answer; everything else is an error.
    async fn attempt<T: Transport>(
        &self,
        transport: &T,
        request: &Prepared<'_>,
        origin: &Origin,
    ) -> Result<Received> {
        let mut received = timeout(self.timeouts.attempt, transport.send(request))
            .await
            .unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Timeout(Deadline::Attempt))
                    .message(format!("{:?}", self.timeouts.attempt)))
            })?;
        if received.status.is_success() {
            received.body = body::decode(&received.headers, received.body, self.limits.decoded)
                .map_err(|error| error.excerpt(String::new()))?;
            return Ok(received);
        }
        Err(refusal(received, self.limits.decoded, origin))
    }
}

/// Turns an answer that is not a success into an error with what the server says about it.
fn refusal(received: Received, cap: usize, origin: &Origin) -> Error {
    let Received {
        status,
        headers,
        body,
        ..
    } = received;
    let wait = retry::retry_after(&headers, SystemTime::now());
    // A damaged error page must not hide the status.
    let body = body::decode(&headers, body, cap).unwrap_or_default();
    let mut error = Error::new(ErrorKind::Status(status))
        .retry_after(wait)
        .excerpt(origin.excerpt(&body));
    if let Some(message) = server_message(&body) {
        error = error.message(origin.shared.token.redact(message));
    } else if is_html(&headers) {
        error = error.message("the answer is a web page");
    } else if status.is_redirection()
        && let Some(location) = headers
            .get(http::header::LOCATION)
            .and_then(|v| v.to_str().ok())
    {
        error = error.message(format!(
            "redirects to {}",
            origin.shared.token.redact(location.to_owned())
        ));
    } else if status == StatusCode::NOT_FOUND {
        error = error.message("not found");
    }
    error
}

fn is_html(headers: &http::HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().to_ascii_lowercase().starts_with(b"text/html"))
}

/// The server's own words: ASP.NET puts them under `Message`, problem details (RFC 9457) under `detail` or `title`.
fn server_message(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    if let Some(text) = value.as_str() {
        return (!text.trim().is_empty()).then(|| text.to_owned());
    }
    ["Message", "message", "detail", "error", "title"]
        .into_iter()
        .find_map(|key| {
            value
                .get(key)?
                .as_str()
                .filter(|text| !text.trim().is_empty())
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests;
