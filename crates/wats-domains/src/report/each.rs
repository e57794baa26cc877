//! Many reports read one by one: a stream in a task, an iterator in a thread.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;
use wats_batch::batch_map_stream;

use super::{Detail, Report, ReportService};
use crate::ask::{Core, inside};
use crate::bulk::BulkOptions;
use crate::error::Result;

/// A report, or why it could not be read, by the id that was asked for.
type Read = (Uuid, Result<Report>);

impl ReportService {
    /// Reads many reports one by one, in the order in which they come; what is under way waits until it is taken, so no
    /// more than [`at_once`](Self::get_each) reports are in memory, however many ids there are. It has no outages to wait
    /// out and no progress to tell: that is the caller's, report by report.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
    /// use futures_util::TryStreamExt;
    /// use wats_domains::report::Detail;
    ///
    /// let mut each = api.report().get_each(ids, Detail::default(), 5); // in a task
    /// while let Some((id, report)) = each.try_next().await? {
    ///     println!("{id}: {:?}", report.map(|report| report.serial_number));
    /// }
    /// # Ok(()) }
    /// # fn synchronous(api: wats_domains::Api, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
    /// # use wats_domains::report::Detail;
    /// for read in api.report().get_each(ids, Detail::default(), 5).wait() { // in a thread
    ///     let (id, report) = read?;
    ///     println!("{id}: {:?}", report.map(|report| report.serial_number));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn get_each<I>(&self, ids: I, detail: Detail, at_once: usize) -> ReportStream
    where
        I: IntoIterator<Item = Uuid>,
        I::IntoIter: Send + 'static,
    {
        let (ids, reports) = (ids.into_iter(), self.clone());
        let get = move |id: Uuid| {
            let get = reports.get_with(id, detail);
            async move { (id, get.await) }
        };
        let reads = match BulkOptions::most("get_each: at_once", at_once) {
            Ok(at_once) => batch_map_stream(ids, at_once, get)
                .map(|(_, read)| Ok(read))
                .boxed(),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        };
        ReportStream {
            core: Arc::clone(&self.core),
            reads,
        }
    }
}

/// Reports one by one, from [`get_each`](ReportService::get_each): a stream in a task; in a thread, [`wait`](Self::wait)
/// makes it an iterator.
///
/// An item is a report or why it could not be read, with its id. It is an error, after which nothing comes, when nothing
/// can be read at all.
#[must_use = "reports are read when they are asked for"]
pub struct ReportStream {
    core: Arc<Core>,
    reads: BoxStream<'static, Result<Read>>,
}

impl ReportStream {
    /// The reports as an iterator that blocks this thread until the next has come. As with a stream, what is under way
    /// goes on while the next is asked for.
    pub fn wait(self) -> ReportIter {
        ReportIter(Some(self))
    }
}

impl Stream for ReportStream {
    type Item = Result<Read>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        inside(|| self.get_mut().reads.poll_next_unpin(context))
    }
}

impl fmt::Debug for ReportStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportStream").finish_non_exhaustive()
    }
}

/// Reports one by one in a synchronous program, from [`ReportStream::wait`].
///
/// It may be dropped half-way: what is under way is given up. Inside a callback of another operation its next item is
/// [`Error::Wait`](crate::Error::Wait), and the last one.
#[derive(Debug)]
#[must_use = "reports are read when they are asked for"]
pub struct ReportIter(Option<ReportStream>);

impl Iterator for ReportIter {
    type Item = Result<Read>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = self.0.take()?;
        let next = Arc::clone(&stream.core).run(|_| async move {
            let next = stream.reads.next().await;
            Ok((next, stream))
        });
        match next.wait() {
            Ok((next, stream)) => {
                self.0 = Some(stream).filter(|_| matches!(next, Some(Ok(_))));
                next
            }
            Err(error) => Some(Err(error)),
        }
    }
}
