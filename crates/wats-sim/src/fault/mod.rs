//! Failures on purpose: what to do to the next requests instead of, or beside, answering them.
//!
//! - here: [`Fault`], what fails and for which requests; `queue`: those still to come,
//! - `script`: faults as JSON and TOML.

mod queue;
mod script;

pub(crate) use queue::FaultQueue;
pub(crate) use script::Entry;

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::store::Processing;

/// A failure for one or more of the next requests.
///
/// Faults wait in the order they were injected; a request takes the first that fits, and at most one. A fault without a
/// [`route`](Self::route) fits every request. Chance ([`probability`](Self::probability)) is drawn from the seed of the server
/// ([`Builder::seed`](crate::Builder::seed)), so the same requests in the same order meet the same faults.
///
/// ```
/// use std::time::Duration;
/// use wats_sim::Fault;
///
/// // Two 503 answers that ask the client to come back in a second, then business as usual.
/// let busy = Fault::status(503).header("Retry-After", "1").times(2);
/// // The report is stored, but the client never learns of it.
/// let lost = Fault::store_then_drop().route("POST", "/api/Report/WSJF");
/// // One request of ten is slow, for ever.
/// let slow = Fault::delay(Duration::from_millis(300)).probability(0.1).always();
/// // In ten seconds the server is away, for half a minute.
/// let away = Fault::drop_before_response().during(Duration::from_secs(10)..Duration::from_secs(40));
/// # let _ = (busy, lost, slow, away);
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) action: Action,
    pub(crate) delay: Duration,
    route: Option<(String, String)>,
    /// The token of requests that fit.
    token: Option<String>,
    /// A text in the path or the body of requests that fit.
    text: Option<String>,
    /// Fitting requests that pass first.
    skip: usize,
    /// Requests that are still to fail; none is without end.
    left: Option<usize>,
    /// One of so many fitting requests fails.
    every: u64,
    /// The share of fitting requests that fail, in millionths.
    chance: u32,
    /// From when until when, after it was injected.
    window: Option<Range<Duration>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    /// Handle the request as usual.
    Proceed,
    /// Do not handle it; answer this.
    Answer {
        status: u16,
        content_type: String,
        headers: Vec<(String, String)>,
        body: Bytes,
    },
    /// Do not handle it; close the connection.
    DropBefore,
    /// Handle it; a report that comes with it is processed as told here.
    Processing(Processing),
    /// Handle it, then close the connection without an answer.
    DropAfter,
    /// Do not handle it; reset the connection.
    Reset,
    /// Handle it, then reset the connection without an answer.
    ResetAfter,
    /// Handle it; announce gzip and damage the packed body.
    CorruptGzip,
    /// Handle it and answer, and take no further request on this connection.
    GoAway,
    /// Handle it, announce the whole body, send this many bytes of it, close.
    Truncate(usize),
}

/// What is looked at of a request.
#[derive(Debug, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a str,
    pub(crate) template: &'a str,
    pub(crate) token: Option<&'a str>,
    /// The path and the options as they came.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

impl Fault {
    /// Answers with this status and `{"Message":"An error has occurred."}`; the request is not
    /// processed. Only statuses from 200 to 599 make sense.
    pub fn status(status: u16) -> Self {
        Self::new(Action::Answer {
            status,
            content_type: "application/json; charset=utf-8".to_owned(),
            headers: Vec::new(),
            body: Bytes::from_static(br#"{"Message":"An error has occurred."}"#),
        })
    }

    /// Processes the request as usual, this much later.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Proceed).after(delay)
    }

    /// Closes the connection once the request has been read; it is not processed. Over HTTP/2 this
    /// takes all requests of that connection with it, as a broken network would.
    pub fn drop_before_response() -> Self {
        Self::new(Action::DropBefore)
    }

    /// Processes the request and closes the connection before the answer: the client cannot know
    /// whether it was processed.
    pub fn store_then_drop() -> Self {
        Self::new(Action::DropAfter)
    }

    /// Resets the connection (TCP RST) once the request has been read; it is not processed.
    pub fn reset() -> Self {
        Self::new(Action::Reset)
    }

    /// Processes the request and resets the connection (TCP RST) before the answer.
    pub fn store_then_reset() -> Self {
        Self::new(Action::ResetAfter)
    }

    /// Processes the request and answers with a body that says it is gzip and is damaged.
    pub fn corrupt_gzip() -> Self {
        Self::new(Action::CorruptGzip)
    }

    /// Processes the request and answers, and takes no further request on this connection: GOAWAY over HTTP/2,
    /// `Connection: close` over HTTP/1.1.
    pub fn go_away() -> Self {
        Self::new(Action::GoAway)
    }

    /// Processes the request and announces the whole answer, but breaks off after `bytes` of the
    /// body (over HTTP/1.1 by closing, over HTTP/2 by resetting the stream).
    pub fn truncate_body(bytes: usize) -> Self {
        Self::new(Action::Truncate(bytes))
    }

    /// Takes a report in as usual, with 200, and puts it into quarantine for this reason instead of
    /// storing it. A retry of the quarantine stores it. No effect on other requests.
    pub fn quarantine(reason: impl Into<String>) -> Self {
        Self::quarantine_later(Duration::ZERO, reason)
    }

    /// As [`quarantine`](Self::quarantine), this much after the answer. Until then the report is received and not processed.
    pub fn quarantine_later(after: Duration, reason: impl Into<String>) -> Self {
        let doom = Some(reason.into());
        Self::new(Action::Processing(Processing { after, doom }))
    }

    /// Takes a report in as usual, with 200, and processes it this much later: until then it is received and cannot be read. No
    /// effect on other requests.
    pub fn process_later(after: Duration) -> Self {
        Self::new(Action::Processing(Processing { after, doom: None }))
    }

    /// Replaces the body of a [`status`](Self::status) fault. No effect on others.
    pub fn body(mut self, new: impl Into<Bytes>) -> Self {
        if let Action::Answer { body, .. } = &mut self.action {
            *body = new.into();
        }
        self
    }

    /// Replaces the content type of a [`status`](Self::status) fault. No effect on others.
    pub fn content_type(mut self, new: impl Into<String>) -> Self {
        if let Action::Answer { content_type, .. } = &mut self.action {
            *content_type = new.into();
        }
        self
    }

    /// Adds a header to a [`status`](Self::status) fault. No effect on others. A name or value that
    /// HTTP does not allow shows as a 500 answer that says so.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Action::Answer { headers, .. } = &mut self.action {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// Waits this long before the fault does its work.
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Only for requests to this route, named as in
    /// [`Counters::requests`](crate::Counters::requests): `("GET", "/api/Product/{partNumber}")`. The method `*` is any; a
    /// route that ends in `*` stands for all that begin so.
    pub fn route(mut self, method: impl Into<String>, template: impl Into<String>) -> Self {
        self.route = Some((method.into(), template.into()));
        self
    }

    /// Only for requests with this token, as it stands after `Basic`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Only for requests that have this text in their path, their options or their body, as they came: the id of a report, say.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Lets so many fitting requests pass first. Default: none.
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// For this many requests instead of one; 0 injects nothing.
    pub fn times(mut self, times: usize) -> Self {
        self.left = Some(times);
        self
    }

    /// For all requests from now on, until [`Simulator::clear_faults`](crate::Simulator::clear_faults).
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    /// For every so-maniest fitting request: with 3, the third, the sixth and so on. Default: each.
    pub fn every(mut self, requests: u64) -> Self {
        self.every = requests.max(1);
        self
    }

    /// For this share of the fitting requests, from 0 to 1. Default: 1.
    pub fn probability(mut self, share: f64) -> Self {
        // A share that is not a number is none; the cast keeps to its range.
        self.chance = (share.clamp(0.0, 1.0) * 1e6).round() as u32;
        self
    }

    /// For all requests that come in this time after the fault was injected. A later [`times`](Self::times) limits them.
    pub fn during(mut self, time: Range<Duration>) -> Self {
        self.window = Some(time);
        self.always()
    }

    fn new(action: Action) -> Self {
        Self {
            action,
            delay: Duration::ZERO,
            route: None,
            token: None,
            text: None,
            skip: 0,
            left: Some(1),
            every: 1,
            chance: 1_000_000,
            window: None,
        }
    }

    fn fits(&self, seen: &Seen<'_>) -> bool {
        let is_route = self.route.as_ref().is_none_or(|(wanted_method, wanted)| {
            let same_route = match wanted.strip_suffix('*') {
                Some(beginning) => {
                    let head = seen.template.get(..beginning.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(beginning))
                }
                None => wanted.eq_ignore_ascii_case(seen.template),
            };
            same_route && (wanted_method == "*" || wanted_method.eq_ignore_ascii_case(seen.method))
        });
        is_route
            && (self.token.is_none() || self.token.as_deref() == seen.token)
            && self
                .text
                .as_ref()
                .is_none_or(|text| seen.path.contains(text) || contains(seen.body, text.as_bytes()))
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|part| part == text)
}
