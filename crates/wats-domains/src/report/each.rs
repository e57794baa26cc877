//! Many reports read one by one: a stream in a task, an iterator in a thread.

use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;

use super::{Detail, Report, ReportService};
use crate::ask::{Ask, inside};
use crate::bulk::BulkOptions;
use crate::error::{Error, Result};

/// A report, or why it could not be read, by the id that was asked for.
type Read = (Uuid, Result<Report>);

impl ReportService {
    /// Reads many reports one by one, in the order in which they come. No more than `at_once` are under way or waiting to
    /// be taken, however many ids there are, so no more are in memory. It waits out no outage and tells no progress: that
    /// is the caller's, report by report.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
    /// use futures_util::TryStreamExt;
    /// use wats_domains::report::Detail;
    ///
    /// let mut each = api.report().get_each(ids, Detail::default(), 5); // in a task
    /// while let Some((id, report)) = each.try_next().await? {
    ///     println!("{id}: {:?}", report.map(|report| report.serial_number));
    /// }
    /// # Ok(()) }
    /// # fn synchronous(api: wats_domains::Wats, ids: Vec<uuid::Uuid>) -> wats_domains::Result<()> {
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
        let checked = BulkOptions::most("get_each: at_once", at_once);
        ReportStream {
            service: self.clone(),
            ids: Box::new(ids.into_iter().fuse()),
            detail,
            at_once,
            mistake: checked.err(),
            under_way: FuturesUnordered::new(),
            done: VecDeque::new(),
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
    service: ReportService,
    ids: Box<dyn FusedIterator<Item = Uuid> + Send>,
    detail: Detail,
    at_once: usize,
    mistake: Option<Error>,
    under_way: FuturesUnordered<Reading>,
    done: VecDeque<Read>,
}

/// A report under way.
struct Reading {
    id: Uuid,
    ask: Ask<Report>,
}

impl Future for Reading {
    type Output = Read;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Read> {
        let id = self.id;
        Pin::new(&mut self.ask).poll(context).map(|read| (id, read))
    }
}

impl ReportStream {
    /// The reports as an iterator that blocks this thread until the next has come. As with a stream, what is under way
    /// goes on while the next is asked for.
    pub fn wait(mut self) -> ReportIter {
        // What a task has begun may stand still; it is asked for again.
        let begun: Vec<Uuid> = self.under_way.iter().map(|reading| reading.id).collect();
        if !begun.is_empty() {
            self.under_way.clear();
            self.ids = Box::new(begun.into_iter().chain(self.ids));
        }
        ReportIter(Some(self))
    }

    fn read(&self, id: Uuid) -> Reading {
        let ask = self.service.get_with(id, self.detail);
        Reading { id, ask }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Read>>> {
        if self.at_once == 0 {
            return Poll::Ready(self.mistake.take().map(Err));
        }
        loop {
            while self.under_way.len() + self.done.len() < self.at_once {
                let Some(id) = self.ids.next() else { break };
                self.under_way.push(self.read(id));
            }
            match self.under_way.poll_next_unpin(context) {
                Poll::Ready(Some(read)) => self.done.push_back(read),
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        match self.done.pop_front() {
            Some(read) => Poll::Ready(Some(Ok(read))),
            None if self.under_way.is_empty() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Stream for ReportStream {
    type Item = Result<Read>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        inside(|| self.get_mut().poll(context))
    }
}

impl fmt::Debug for ReportStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportStream")
            .field("detail", &self.detail)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

/// Reports one by one in a synchronous program, from [`ReportStream::wait`].
///
/// It may be dropped half-way: what is under way is given up. Inside a callback of another operation its next item is
/// [`Error::Wait`], and the last one.
#[derive(Debug)]
#[must_use = "reports are read when they are asked for"]
pub struct ReportIter(Option<ReportStream>);

impl Iterator for ReportIter {
    type Item = Result<Read>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut stream = self.0.take()?;
        let core = Arc::clone(&stream.service.core);
        let next = core.run(|_| async move {
            let next = stream.next().await;
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

impl FusedIterator for ReportIter {}
