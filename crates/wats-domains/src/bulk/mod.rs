//! Many items in one operation: how many at once, who hears of it, how an outage is waited out, and when to stop.
//!
//! Here are the options. `run` carries out the calls of one bulk, `lookup` finds many by their keys with few queries,
//! `arrays` saves many in lists, `together` lets single look-ups share queries, and `in_order` lets calls of one key wait
//! for each other. Nothing here knows a domain; the services stand above. All bulks
//! answer with a [`Partition`](wats_batch::Partition).

mod arrays;
mod in_order;
mod lookup;
mod run;
mod together;

pub(crate) use arrays::Arrays;
pub(crate) use in_order::InOrder;
pub(crate) use lookup::Lookup;
pub(crate) use run::Bulk;
pub use together::BatchingOptions;
pub(crate) use together::Together;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use wats_batch::{BatchMap, BatchProgress};

use crate::error::{Error, Result};

/// The signal to stop.
type Stop = Shared<BoxFuture<'static, ()>>;

/// Who hears how far it has come.
type Report = Arc<dyn Fn(BatchProgress) + Send + Sync>;

/// How to go through many items.
///
/// ```
/// use std::time::Duration;
/// use wats_domains::BulkOptions;
///
/// let many = BulkOptions::default().at_once(10).outage_wait(Duration::from_secs(600)).progress(|p| println!("{p}"));
/// # let _ = many;
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct BulkOptions {
    /// Most calls under way at once, at least 1; 5 by default. The server's limit of calls per minute is kept beside.
    pub at_once: usize,
    /// For how long an outage is waited out; 2 minutes by default. While the client lets no call pass because the server
    /// keeps failing ([`ErrorKind::CircuitOpen`](wats_http::ErrorKind::CircuitOpen)), items wait. When not one call has
    /// succeeded for this time, they fail at once, unsent, until one does. `None` waits for nothing.
    pub outage_wait: Option<Duration>,
    progress: Option<Report>,
    until: Option<Stop>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            at_once: 5,
            outage_wait: Some(Duration::from_secs(120)),
            progress: None,
            until: None,
        }
    }
}

impl fmt::Debug for BulkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkOptions")
            .field("at_once", &self.at_once)
            .field("outage_wait", &self.outage_wait)
            .finish_non_exhaustive()
    }
}

impl BulkOptions {
    /// For reads: a list is read again at no loss, so an outage is the caller's to wait out.
    pub(crate) fn lenient() -> Self {
        Self::default().no_outage_wait()
    }

    /// Sets the most calls under way at once.
    pub fn at_once(mut self, calls: usize) -> Self {
        self.at_once = calls;
        self
    }

    /// Sets for how long an outage is waited out.
    pub fn outage_wait(mut self, time: Duration) -> Self {
        self.outage_wait = Some(time);
        self
    }

    /// Waits out no outage: items fail at once while the client lets no call pass.
    pub fn no_outage_wait(mut self) -> Self {
        self.outage_wait = None;
        self
    }

    /// Calls `report` after each item. It must not wait for an operation ([`Ask::wait`](crate::Ask::wait)), which is an
    /// error there. A panic of it is one of the whole operation.
    pub fn progress(mut self, report: impl Fn(BatchProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(report));
        self
    }

    /// Stops when `signal` is ready: calls under way come to their end, and all other items fail with
    /// [`Error::Stopped`], unsent. Dropping the future of a bulk would lose the outcomes of what was sent already.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, reports: Vec<wats_domains::UutReport>) -> wats_domains::Result<()> {
    /// use wats_domains::report::SubmitOptions;
    /// use wats_domains::{BulkOptions, Error};
    ///
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let many = BulkOptions::default().until(async { drop(stopped.await) });
    /// // Elsewhere: `stop.send(())`.
    /// let outcome = api.report().submit_many(reports, &SubmitOptions::default(), &many).await?;
    /// let unsent = outcome.failed.iter().filter(|(_, error)| matches!(error, Error::Stopped));
    /// println!("{} submitted, {} for the next time", outcome.ok.len(), unsent.count());
    /// # drop(stop);
    /// # Ok(()) }
    /// ```
    pub fn until(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(signal.boxed().shared());
        self
    }

    /// The options, checked.
    pub(crate) fn checked(&self) -> Result<(BatchMap, Bulk)> {
        let (map, bulk) = self.without_progress()?;
        let map = match &self.progress {
            Some(report) => {
                let report = Arc::clone(report);
                map.progress(move |progress| report(progress))
            }
            None => map,
        };
        Ok((map, bulk))
    }

    /// The options, checked, for who tells progress by itself.
    fn without_progress(&self) -> Result<(BatchMap, Bulk)> {
        let at_once = Self::most("BulkOptions::at_once", self.at_once)?;
        if self.outage_wait.is_some_and(|time| time.is_zero()) {
            return Err(Error::Config(
                "BulkOptions::outage_wait is zero; to wait out no outage call no_outage_wait()"
                    .to_owned(),
            ));
        }
        Ok((BatchMap::new(at_once), Bulk::new(self)))
    }

    /// A number of calls at once, by the name of its option.
    pub(crate) fn most(option: &str, at_once: usize) -> Result<usize> {
        if at_once == 0 {
            return Err(Error::Config(format!(
                "{option} is 0, so nothing could be sent; 1 sends one after the other"
            )));
        }
        Ok(at_once)
    }
}
