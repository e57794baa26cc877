//! Going through many reports: how many at once, who hears of it, how an outage is waited out, and when to stop: at a signal,
//! or when the client itself is refused.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, sleep, timeout};
use wats_batch::{BatchMap, Progress};
use wats_http::http::StatusCode;
use wats_http::{Deadline, ErrorKind};

use crate::error::{Error, Result};

/// How to go through many reports.
#[derive(Clone)]
#[non_exhaustive]
pub struct BulkOptions {
    /// Most calls under way at once; 5 by default, and 0 counts as 1. The server's limit of calls per minute is kept beside.
    pub at_once: usize,
    /// For how long an outage is waited out; 2 minutes by default. While the client lets no call pass because the server
    /// keeps failing ([`ErrorKind::CircuitOpen`]), items wait. When not one call has succeeded for this time, they fail
    /// at once, unsent, until one does.
    pub patience: Duration,
    progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
    until: Option<Shared<BoxFuture<'static, ()>>>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            at_once: 5,
            patience: Duration::from_secs(120),
            progress: None,
            until: None,
        }
    }
}

impl fmt::Debug for BulkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkOptions")
            .field("at_once", &self.at_once)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl BulkOptions {
    /// Sets the most calls under way at once.
    pub fn at_once(mut self, calls: usize) -> Self {
        self.at_once = calls;
        self
    }

    /// Sets for how long an outage is waited out.
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Calls `report` after each item.
    pub fn progress(mut self, report: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Stops when `signal` is ready: calls under way come to their end, and all other items fail with
    /// [`Error::Stopped`], unsent. Dropping the future of a bulk would lose the outcomes of what was sent already.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, reports: Vec<wats_domains::UutReport>) {
    /// use wats_domains::Error;
    /// use wats_domains::report::{BulkOptions, SubmitOptions};
    ///
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let many = BulkOptions::default().until(async { drop(stopped.await) });
    /// // Elsewhere: `stop.send(())`.
    /// let outcome = api.report().submit_many(&reports, &SubmitOptions::default(), &many).await;
    /// let unsent = outcome.failed.iter().filter(|(_, error)| matches!(error, Error::Stopped));
    /// println!("{} submitted, {} for the next time", outcome.ok.len(), unsent.count());
    /// # drop(stop);
    /// # }
    /// ```
    pub fn until(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(signal.boxed().shared());
        self
    }

    pub(super) fn map(&self) -> BatchMap {
        let map = BatchMap::new(self.at_once);
        match &self.progress {
            Some(report) => {
                let report = Arc::clone(report);
                map.progress(move |progress| report(progress))
            }
            None => map,
        }
    }

    pub(super) fn bulk(&self) -> Bulk<'_> {
        Bulk {
            options: self,
            outage: Mutex::new(None),
            refused: Mutex::new(Refused::default()),
        }
    }
}

/// Between looks whether the call that finds out if the server works again has ended.
const PROBING: Duration = Duration::from_millis(100);

/// One bulk under way.
pub(super) struct Bulk<'a> {
    options: &'a BulkOptions,
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

impl Bulk<'_> {
    /// The call of one item, which may be repeated as a whole: while the breaker lets nothing pass it waits, and one whose
    /// own repeats were cut short by the breaker goes on with them. One that was tried as often as any call and failed in
    /// a way that passes is made once more.
    pub(super) async fn call<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T>
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
        self.options.patience.checked_sub(since.elapsed())
    }

    async fn wait(&self, pause: Duration) {
        match &self.options.until {
            Some(stop) => drop(timeout(pause, stop.clone()).await),
            None => sleep(pause).await,
        }
    }

    fn is_stopped(&self) -> bool {
        let stop = self.options.until.clone();
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
