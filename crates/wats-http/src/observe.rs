//! What the outside hears of calls: spans with the names of OpenTelemetry's semantic conventions for HTTP clients, and,
//! behind the feature `metrics`, the same as metrics.
//!
//! Names and labels are templates and operations, never raw paths, so that their number stays small.

use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::context::CallContext;
use crate::error::{Error, ErrorKind};

/// The span of a whole call.
pub(crate) fn call_span(call: &CallContext) -> Span {
    let (operation, base) = (&call.operation, &call.base);
    tracing::debug_span!(
        "http.call",
        otel.kind = "client",
        operation = operation.name(),
        http.request.method = operation.method().as_str(),
        url.template = operation.template(),
        server.address = base.host.as_str(),
        server.port = base.port,
        http.response.status_code = Empty,
        http.request.resend_count = Empty,
        error.type = Empty,
    )
}

/// The span of one attempt within it.
pub(crate) fn attempt_span(number: u32) -> Span {
    tracing::debug_span!(
        "http.attempt",
        attempt = number,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Notes on a span how it ended.
pub(crate) fn ended(span: &Span, outcome: Result<u16, &Error>) {
    match outcome {
        Ok(status) => {
            span.record("http.response.status_code", status);
        }
        Err(error) => {
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status.as_u16());
            }
            span.record("error.type", error_type(error));
        }
    }
}

/// Notes how often a call was tried again.
pub(crate) fn resent(span: &Span, attempts: u32) {
    if attempts > 1 {
        span.record("http.request.resend_count", attempts - 1);
    }
}

/// A failure in a word.
pub(crate) fn error_type(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::Request => "request",
        ErrorKind::Connect => "connect",
        ErrorKind::Proxy => "proxy",
        ErrorKind::Tls => "tls",
        ErrorKind::Transport => "transport",
        ErrorKind::Timeout(_) => "timeout",
        ErrorKind::CircuitOpen => "circuit_open",
        ErrorKind::Status(_) => "status",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Decode => "decode",
    }
}

/// Counts a call that ended, and its repeats.
#[cfg(feature = "metrics")]
pub(crate) fn count(
    call: &CallContext,
    outcome: Result<u16, &Error>,
    attempts: u32,
    started: Instant,
) {
    use metrics::{Label, SharedString, counter, histogram};
    let operation = &call.operation;
    let result = match outcome {
        Ok(_) => "ok",
        Err(error) => error_type(error),
    };
    let status = match outcome {
        Ok(status) => status,
        Err(error) => error.status().map_or(0, |status| status.as_u16()),
    };
    // Most labels are texts of the program, which cost no copy.
    let status = match status {
        0 => SharedString::const_str("none"),
        200 => SharedString::const_str("200"),
        other => other.to_string().into(),
    };
    let method = match operation.method().as_str() {
        "GET" => SharedString::const_str("GET"),
        "POST" => SharedString::const_str("POST"),
        "PUT" => SharedString::const_str("PUT"),
        other => other.to_owned().into(),
    };
    let name = || Label::new("operation", operation.shared_name());
    let labels = vec![
        name(),
        Label::new("http.request.method", method),
        Label::new("http.response.status_code", status),
        Label::from_static_parts("error.type", result),
    ];
    histogram!("http.client.request.duration", labels).record(started.elapsed().as_secs_f64());
    if attempts > 1 {
        counter!("http.client.request.resend_count", vec![name()])
            .increment(u64::from(attempts - 1));
    }
}

#[cfg(not(feature = "metrics"))]
#[inline]
pub(crate) fn count(_: &CallContext, _: Result<u16, &Error>, _: u32, _: Instant) {}

/// Counts a connection, from its dial until its socket is closed, in the gauge of open ones.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    /// Kept, so that it goes down where it went up.
    #[cfg(feature = "metrics")]
    gauge: metrics::Gauge,
}

#[cfg(feature = "metrics")]
impl OpenConnection {
    pub(crate) fn new() -> Self {
        let gauge = metrics::gauge!("http.client.open_connections");
        gauge.increment(1);
        Self { gauge }
    }
}

#[cfg(feature = "metrics")]
impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.gauge.decrement(1);
    }
}

#[cfg(not(feature = "metrics"))]
impl OpenConnection {
    pub(crate) fn new() -> Self {
        Self {}
    }
}

/// Notes that a call had to wait for a connection.
#[cfg(feature = "metrics")]
pub(crate) fn queued(waited: Duration) {
    metrics::histogram!("http.client.request.time_in_queue").record(waited);
}

#[cfg(not(feature = "metrics"))]
pub(crate) fn queued(_: Duration) {}
