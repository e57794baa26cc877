//! The calls of one bulk: they wait out an outage, and stop at a signal or when the client itself is refused.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep, timeout};
use wats_http::http::StatusCode;
use wats_http::{Deadline, ErrorKind};

use super::{BulkOptions, Stop};
use crate::error::{Error, Result};

/// Between looks whether the call that finds out if the server works again has ended.
const PROBING: Duration = Duration::from_millis(100);

/// One bulk under way.
pub(crate) struct Bulk {
    outage_wait: Option<Duration>,
    until: Option<Stop>,
    /// Since when no call has passed the breaker and succeeded.
    outage: Mutex<Option<Instant>>,
    refused: Mutex<Refused>,
}

/// After so many calls in a row that were refused for what the client is, no further item is sent: it would be refused, too,
/// and a server may lock out a token that is tried ten thousand times.
const REFUSALS: u32 = 3;

/// Refusals that are not about an item but about the client, since the last answer that was about an item.
#[derive(Debug, Default)]
struct Refused {
    in_a_row: u32,
    first: Option<Arc<Error>>,
}

impl Bulk {
    pub(super) fn new(options: &BulkOptions) -> Self {
        Self {
            outage_wait: options.outage_wait,
            until: options.until.clone(),
            outage: Mutex::new(None),
            refused: Mutex::new(Refused::default()),
        }
    }

    /// The call of one item, which may be repeated as a whole: while the breaker lets nothing pass it waits, and one whose
    /// own repeats were cut short by the breaker goes on with them. One that was tried as often as any call and failed in
    /// a way that passes is made once more.
    pub(crate) async fn call<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut once_more = true;
        let mut failure = None;
        loop {
            if self.is_stopped() {
                return Err(failure.unwrap_or(Error::Stopped));
            }
            if let Some(refusal) = self.refused(|refused| refused.verdict()) {
                return Err(Error::Unsent(refusal));
            }
            let error = match call().await {
                Ok(value) => {
                    self.outage(|outage| *outage = None);
                    self.refused(|refused| *refused = Refused::default());
                    return Ok(value);
                }
                Err(error) => error,
            };
            if concerns_all(&error) {
                return Err(self.refused(|refused| refused.count(error)));
            }
            if error.status().is_some() {
                // An answer about the item: the client is let in.
                self.refused(|refused| *refused = Refused::default());
            }
            if error.kind() == ErrorKind::CircuitOpen {
                let Some(left) = self.left() else {
                    return Err(failure.unwrap_or(error));
                };
                let told = error.as_http().and_then(wats_http::Error::retry_after_hint);
                self.wait(told.unwrap_or(PROBING).min(left)).await;
                once_more = true;
            } else if !may_pass(&error) {
                return Err(error);
            } else if was_cut_short(&error) && self.left().is_some() {
                failure = Some(error);
            } else if once_more {
                once_more = false;
                failure = Some(error);
            } else {
                return Err(error);
            }
        }
    }

    /// How long an outage may still last; `None` when it has lasted long enough.
    fn left(&self) -> Option<Duration> {
        let since = self.outage(|outage| *outage.get_or_insert_with(Instant::now));
        self.outage_wait?.checked_sub(since.elapsed())
    }

    async fn wait(&self, pause: Duration) {
        match &self.until {
            Some(stop) => drop(timeout(pause, stop.clone()).await),
            None => sleep(pause).await,
        }
    }

    fn is_stopped(&self) -> bool {
        let stop = self.until.clone();
        stop.is_some_and(|stop| stop.now_or_never().is_some())
    }

    fn refused<T>(&self, with: impl FnOnce(&mut Refused) -> T) -> T {
        with(&mut self.refused.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn outage<T>(&self, with: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        with(&mut self.outage.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Refused {
    /// The refusal that would meet every further item, if there is one.
    fn verdict(&self) -> Option<Arc<Error>> {
        self.first.clone().filter(|_| self.in_a_row >= REFUSALS)
    }

    /// The same error, counted; the first is kept for the items that are not sent for it.
    fn count(&mut self, error: Error) -> Error {
        self.in_a_row += 1;
        match &self.first {
            Some(_) => error,
            None => Error::Shared(Arc::clone(self.first.insert(Arc::new(error)))),
        }
    }
}

/// Whether the refusal is about who asks or how, and not about the item.
fn concerns_all(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Status(status) => {
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status)
        }
        ErrorKind::Proxy | ErrorKind::Tls | ErrorKind::Config => true,
        _ => false,
    }
}

/// Whether the same call may well succeed now. Deadlines of the whole call have used up its time.
fn may_pass(error: &Error) -> bool {
    let out_of_time = ErrorKind::Timeout(Deadline::Total);
    let out_of_turn = ErrorKind::Timeout(Deadline::RateLimit);
    error.is_retryable() && ![out_of_time, out_of_turn].contains(&error.kind())
}

/// Whether the call paused for a further try that was then not allowed: other calls have opened the breaker meanwhile.
fn was_cut_short(error: &Error) -> bool {
    let http = error.as_http();
    http.is_some_and(|error| error.delays().len() >= error.attempts() as usize)
}
