//! Scripted failures: what to do to the next requests instead of, or beside, answering them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

/// A failure for one or more of the next requests.
///
/// Faults wait in the order they were injected; a request takes the first that fits its route, and
/// at most one. A fault without a [`route`](Self::route) fits every request.
///
/// ```
/// use std::time::Duration;
/// use wats_sim::Fault;
///
/// // Two 503 answers that ask the client to come back in a second, then business as usual.
/// let busy = Fault::status(503).header("Retry-After", "1").times(2);
/// // The report is stored, but the client never learns of it.
/// let lost = Fault::store_then_drop().route("POST", "/api/Report/WSJF");
/// // A slow answer.
/// let slow = Fault::delay(Duration::from_millis(300));
/// # let _ = (busy, lost, slow);
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) action: Action,
    pub(crate) delay: Duration,
    route: Option<(String, String)>,
    left: usize,
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
    /// Handle it; a report that comes with it goes into quarantine for this reason.
    Quarantine(String),
    /// Handle it, then close the connection without an answer.
    DropAfter,
    /// Handle it, announce the whole body, send this many bytes of it, close.
    Truncate(usize),
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

    /// Processes the request and announces the whole answer, but breaks off after `bytes` of the
    /// body (over HTTP/1.1 by closing, over HTTP/2 by resetting the stream).
    pub fn truncate_body(bytes: usize) -> Self {
        Self::new(Action::Truncate(bytes))
    }

    /// Takes a report in as usual, with 200, and puts it into quarantine for this reason instead of
    /// storing it. A retry of the quarantine stores it. No effect on other requests.
    pub fn quarantine(reason: impl Into<String>) -> Self {
        Self::new(Action::Quarantine(reason.into()))
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
    /// [`Counters::requests`](crate::Counters::requests): `("GET", "/api/Product/{partNumber}")`.
    pub fn route(mut self, method: impl Into<String>, template: impl Into<String>) -> Self {
        self.route = Some((method.into(), template.into()));
        self
    }

    /// For this many requests instead of one; 0 injects nothing.
    pub fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }

    fn new(action: Action) -> Self {
        Self {
            action,
            delay: Duration::ZERO,
            route: None,
            left: 1,
        }
    }

    fn fits(&self, method: &str, template: &str) -> bool {
        self.route
            .as_ref()
            .is_none_or(|(wanted_method, wanted_template)| {
                wanted_method.eq_ignore_ascii_case(method)
                    && wanted_template.eq_ignore_ascii_case(template)
            })
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    faults: Mutex<VecDeque<Fault>>,
}

impl FaultQueue {
    pub(crate) fn push(&self, fault: Fault) {
        if fault.left > 0 {
            self.faults().push_back(fault);
        }
    }

    /// Takes the first fault that fits, or one of its repetitions.
    pub(crate) fn take(&self, method: &str, template: &str) -> Option<Fault> {
        let mut faults = self.faults();
        let index = faults
            .iter()
            .position(|fault| fault.fits(method, template))?;
        let fault = faults.get_mut(index)?;
        if fault.left > 1 {
            fault.left -= 1;
            return Some(fault.clone());
        }
        faults.remove(index)
    }

    /// Requests that are still to fail.
    pub(crate) fn pending(&self) -> usize {
        self.faults().iter().map(|fault| fault.left).sum()
    }

    pub(crate) fn clear(&self) {
        self.faults().clear();
    }

    fn faults(&self) -> MutexGuard<'_, VecDeque<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_order_and_by_route() {
        let queue = FaultQueue::default();
        queue.push(Fault::status(500).route("GET", "/a"));
        queue.push(Fault::status(501).times(2));
        queue.push(Fault::status(502).times(0));
        assert_eq!(queue.pending(), 3);
        let status = |fault: Option<Fault>| match fault.map(|f| f.action) {
            Some(Action::Answer { status, .. }) => status,
            _ => 0,
        };
        assert_eq!(status(queue.take("GET", "/b")), 501);
        assert_eq!(status(queue.take("get", "/A")), 500);
        assert_eq!(status(queue.take("GET", "/a")), 501);
        assert_eq!(status(queue.take("GET", "/a")), 0);
    }
}
