//! All headers that fit a query, page by page, exact while reports come in; and what came since the last time.
//!
//! Pages go along the `timeStamp` of headers: the order in which the server has processed the reports. Each page asks
//! for what lies after the last row (`timeStamp gt …`), so a report that comes in meanwhile is at the end and moves no
//! other; with `$skip` it would push rows from one page to the next. A page shorter than asked for may only mean that
//! the server gives fewer: the end is an empty page.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::{Deserialize, Serialize};

use super::query::MAX_TOP;
use super::{HeaderField, HeaderOrder, HeaderQuery, ReportHeader, ReportService};
use crate::ask::{Ask, Core};
use crate::error::{Error, Result};
use crate::odata::Filter;

/// Headers in a page unless asked otherwise.
const PAGE: u32 = 1_000;

/// A place in the order in which the server has processed reports. Keep it (it is a number to serde) to go on from
/// there the next time.
///
/// ```
/// use wats_domains::report::Cursor;
///
/// let cursor = Cursor::after(4_711);
/// let text = serde_json::to_string(&cursor)?;
/// assert_eq!(text, "4711");
/// assert_eq!(serde_json::from_str::<Cursor>(&text)?, cursor);
/// assert!(Cursor::START < cursor);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cursor(Option<i64>);

impl Cursor {
    /// Before the first report.
    pub const START: Self = Self(None);

    /// Behind the report with this [`time_stamp`](ReportHeader::time_stamp).
    pub const fn after(time_stamp: i64) -> Self {
        Self(Some(time_stamp))
    }

    /// The time stamp of the last report before it; `None` at the start.
    pub const fn time_stamp(self) -> Option<i64> {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time_stamp) => write!(f, "after {time_stamp}"),
            None => f.write_str("start"),
        }
    }
}

/// Some headers, and where to go on behind them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HeaderPage {
    /// The headers, at least one, in the order in which their reports were processed.
    pub headers: Vec<ReportHeader>,
    /// Behind the last of them. Keep it together with what was made of the headers, and nothing is lost or done twice.
    pub cursor: Cursor,
}

/// Headers page by page; from [`header_pages`](ReportService::header_pages) and [`since`](ReportService::since).
///
/// It is a stream, and [`next_page`](Self::next_page) does the same without one. It ends at the first empty page. It may
/// be asked again then, and after a failure: it goes on behind the last page that it gave.
#[must_use = "pages are asked for when they are polled"]
pub struct HeaderPages {
    core: Arc<Core>,
    query: HeaderQuery,
    page_size: u32,
    cursor: Cursor,
    asking: Option<Asking>,
}

type Asking = Ask<Vec<ReportHeader>>;

impl fmt::Debug for HeaderPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderPages")
            .field("query", &self.query)
            .field("page_size", &self.page_size)
            .field("cursor", &self.cursor)
            .finish_non_exhaustive()
    }
}

impl HeaderPages {
    /// Sets how many headers a page has at most; 1000 by default, from 1 to 10 000.
    pub fn page_size(mut self, headers: u32) -> Self {
        self.page_size = headers.clamp(1, MAX_TOP);
        self
    }

    /// Behind the last header that was given.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The next page; `None` when there is no more for now.
    ///
    /// # Errors
    /// The query has an order, `top` or `skip` of its own, the answer is no page, or the call fails.
    pub async fn next_page(&mut self) -> Result<Option<HeaderPage>> {
        poll_fn(|context| self.poll(context)).await.transpose()
    }

    /// The headers one by one.
    pub fn headers(self) -> HeaderStream {
        HeaderStream {
            cursor: self.cursor,
            pages: self,
            ready: VecDeque::new(),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<HeaderPage>>> {
        if self.asking.is_none() {
            match self.ask() {
                Ok(asking) => self.asking = Some(asking),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(asking) = &mut self.asking else {
            return Poll::Ready(None);
        };
        let answer = ready!(Pin::new(asking).poll(context));
        self.asking = None;
        Poll::Ready(match answer {
            Ok(headers) if headers.is_empty() => None,
            Ok(headers) => Some(self.page(headers)),
            Err(error) => Some(Err(error)),
        })
    }

    /// The call for the next page.
    fn ask(&self) -> Result<Asking> {
        let mut query = self.query.clone();
        if !query.order_by.is_empty() || query.top.is_some() || query.skip.is_some() {
            return Err(Error::Query(
                "pages have an order and a size of their own; leave out order_by, top and skip"
                    .to_owned(),
            ));
        }
        if !query.select.is_empty() && !query.select.contains(&HeaderField::TimeStamp) {
            query.select.push(HeaderField::TimeStamp);
        }
        if let Some(time_stamp) = self.cursor.0 {
            query = query.filter(Filter::gt(HeaderField::TimeStamp, time_stamp));
        }
        let query = query.order_by(HeaderOrder::TimeStamp).top(self.page_size);
        Ok(ReportService::new(&self.core).headers(&query))
    }

    /// Takes a page only if it lies behind the last one and is in order: going on would lose or repeat headers.
    fn page(&mut self, headers: Vec<ReportHeader>) -> Result<HeaderPage> {
        let mut cursor = self.cursor;
        for header in &headers {
            let next = Cursor(header.time_stamp);
            if next <= cursor {
                return Err(Error::Data(format!(
                    "the server gave a header out of order: its timeStamp is {}, the place before it was {cursor}",
                    header
                        .time_stamp
                        .map_or_else(|| "missing".to_owned(), |stamp| stamp.to_string()),
                )));
            }
            cursor = next;
        }
        self.cursor = cursor;
        Ok(HeaderPage { headers, cursor })
    }
}

impl Stream for HeaderPages {
    type Item = Result<HeaderPage>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

/// Headers one by one, read in pages; from [`HeaderPages::headers`].
#[derive(Debug)]
#[must_use = "pages are asked for when they are polled"]
pub struct HeaderStream {
    pages: HeaderPages,
    ready: VecDeque<ReportHeader>,
    cursor: Cursor,
}

impl HeaderStream {
    /// Behind the last header that was given.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }
}

impl Stream for HeaderStream {
    type Item = Result<ReportHeader>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(header) = this.ready.pop_front() {
                this.cursor = Cursor(header.time_stamp);
                return Poll::Ready(Some(Ok(header)));
            }
            match ready!(this.pages.poll(context)) {
                Some(Ok(page)) => this.ready = page.headers.into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl ReportService<'_> {
    /// All headers that fit, page by page, in the order in which the server has processed their reports.
    ///
    /// It is exact while reports come in: none is left out, none comes twice. Reports that come in meanwhile come last.
    /// One that is received *again* is processed again, so it comes once more, as what it has become.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::HeaderQuery;
    ///
    /// let mut pages = api.report().header_pages(&HeaderQuery::default().part_number("PCBA-001"));
    /// while let Some(page) = pages.next_page().await? {
    ///     println!("{} more", page.headers.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn header_pages(self, query: &HeaderQuery) -> HeaderPages {
        self.since(Cursor::START, query)
    }

    /// The headers of what was processed behind a place: new reports, and those that were received again.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, kept: wats_domains::report::Cursor) -> wats_domains::Result<()> {
    /// use wats_domains::HeaderQuery;
    ///
    /// let mut news = api.report().since(kept, &HeaderQuery::default());
    /// while let Some(page) = news.next_page().await? {
    ///     // Store page.headers and page.cursor in one transaction.
    ///     # let _ = page;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn since(self, cursor: Cursor, query: &HeaderQuery) -> HeaderPages {
        HeaderPages {
            core: Arc::clone(self.core),
            query: query.clone(),
            page_size: PAGE,
            cursor,
            asking: None,
        }
    }

    /// The place behind all that has been processed by now; [`since`](Self::since) from there gives only what comes
    /// later.
    ///
    /// # Errors
    /// The call fails.
    pub fn latest(self) -> Ask<Cursor> {
        let query = HeaderQuery::default()
            .select([HeaderField::TimeStamp])
            .order_by_desc(HeaderOrder::TimeStamp)
            .top(1);
        let newest = self.headers(&query);
        self.core.run(|_| async {
            let newest = newest.await?;
            let stamp = newest.first().and_then(|header| header.time_stamp);
            Ok(stamp.map_or(Cursor::START, Cursor::after))
        })
    }
}
