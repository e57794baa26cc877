//! Lists of rows: one answer of the server, or all rows that fit, page by page, as a stream or an iterator.
//!
//! Pages go along a member that tells rows apart. Each asks for what lies behind the last row (`member gt …`), so rows that
//! come in meanwhile move no other; with `$skip` they would push rows from one page to the next. A page shorter than
//! asked for may only mean that the server gives fewer: the end is an empty page.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::iter::FusedIterator;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use wats_codec::Decode;
use wats_http::Call;

use super::{Ask, Core, Route};
use crate::argument;
use crate::error::{Error, Result};
use crate::odata::{Filter, Literal};

/// Rows in a page unless asked otherwise, and at most.
const PAGE: u32 = 1_000;
const MAX_PAGE: u32 = 10_000;

/// What a list is asked for, in OData's words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) filter: Option<Filter>,
    pub(crate) top: Option<u32>,
    pub(crate) skip: Option<u32>,
    pub(crate) order_by: Option<String>,
    pub(crate) select: Vec<&'static str>,
    pub(crate) expand: Vec<&'static str>,
    /// Told when the list is asked for, so that it can be written as one chain.
    pub(crate) mistake: Option<String>,
}

impl Options {
    pub(crate) fn fill(&self, call: Call) -> Result<Call> {
        if let Some(mistake) = &self.mistake {
            return Err(Error::Query(mistake.clone()));
        }
        let top = self
            .top
            .map(|top| argument::count("top", top))
            .transpose()?;
        let skip = self
            .skip
            .map(|skip| argument::size("skip", skip))
            .transpose()?;
        let list = |names: &[&str]| (!names.is_empty()).then(|| names.join(","));
        let filter = self.filter.as_ref().map(Filter::to_odata).transpose()?;
        Ok(call
            .query_opt("$filter", filter)
            .query_opt("$top", top)
            .query_opt("$skip", skip)
            .query_opt("$orderby", self.order_by.as_ref())
            .query_opt("$select", list(&self.select))
            .query_opt("$expand", list(&self.expand)))
    }
}

/// Along which member the pages of a list go, and how many rows the server gives at once, where that is known.
pub(crate) struct Key<T> {
    pub(crate) member: &'static str,
    pub(crate) most: Option<u32>,
    pub(crate) of: fn(&T) -> Option<Literal>,
}

/// A list that has not been asked for: `.await` it or [`wait`](Self::wait) for the rows of one answer, or take all rows
/// that fit with [`each`](Self::each).
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// use wats_domains::HeaderQuery;
///
/// let query = HeaderQuery::default().part_number("PCBA-001");
/// let latest = api.report().headers(&query).await?; // at most as many as the server gives at once
/// let mut all = api.report().headers(&query).each();
/// while let Some(header) = all.try_next().await? {
///     println!("{:?}", header.serial_number);
/// }
/// # Ok(()) }
/// # fn synchronous(api: wats_domains::Wats) -> wats_domains::Result<()> {
/// # let query = wats_domains::HeaderQuery::default();
/// for header in api.report().headers(&query).each().wait() {
///     println!("{:?}", header?.serial_number);
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent until it is awaited or waited for"]
pub struct List<T: 'static> {
    core: Arc<Core>,
    route: &'static Route,
    key: &'static Key<T>,
    options: Options,
}

impl<T: Decode + Clone + Send + Sync + 'static> List<T> {
    pub(crate) fn new(
        core: &Arc<Core>,
        route: &'static Route,
        key: &'static Key<T>,
        options: Options,
    ) -> Self {
        Self {
            core: Arc::clone(core),
            route,
            key,
            options,
        }
    }

    /// Sets a condition; a further one must be true as well.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.options.filter = Some(match self.options.filter.take() {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Sets the most rows of the answer. Without it the server returns at most 1000.
    pub fn top(mut self, rows: u32) -> Self {
        self.options.top = Some(rows);
        self
    }

    /// Sets how many rows are left out before the first one of the answer.
    pub fn skip(mut self, rows: u32) -> Self {
        self.options.skip = Some(rows);
        self
    }

    /// Sets the member to sort by, with ` desc` for descending order.
    pub fn order_by(mut self, member: impl Into<String>) -> Self {
        self.options.order_by = Some(member.into());
        self
    }

    /// Asks for the rows of one answer and blocks this thread until they are there; see [`Ask::wait`].
    ///
    /// # Errors
    /// As when it is awaited, and those of [`Ask::wait`].
    pub fn wait(self) -> Result<Vec<T>> {
        self.ask().wait()
    }

    /// The rows of one answer, shared with all who ask for the same list while it is kept: taking it from memory copies
    /// nothing. Awaited as it is, a list gives rows of the caller's own, which are copied if they are kept.
    pub fn shared(self) -> Ask<Arc<Vec<T>>> {
        self.core.ask_kept(self.route, self.call())
    }

    /// The rows of one answer as they are on the server now, whatever is kept.
    pub(crate) fn live(self) -> Ask<Vec<T>> {
        self.core.live(self.route, self.call())
    }

    /// All rows that fit, read in pages, which come from the server and not from memory. The list must not have an order, `top` or `skip` of its own.
    pub fn each(self) -> Pages<T> {
        Pages {
            list: self,
            page_size: PAGE,
            read: None,
            given: None,
            ready: VecDeque::new(),
            asking: None,
        }
    }

    fn ask(&self) -> Ask<Vec<T>> {
        self.core.ask(self.route, self.call())
    }

    fn call(&self) -> Result<Call> {
        match (self.options.top, self.key.most) {
            (Some(top), Some(most)) if top > most => Err(Error::Query(format!(
                "`top` is {top}, and the server gives at most {most} rows at a time; take all of them with `each()`"
            ))),
            _ => self.options.fill(self.route.call()),
        }
    }
}

impl<T: Decode + Clone + Send + Sync + 'static> IntoFuture for List<T> {
    type Output = Result<Vec<T>>;
    type IntoFuture = Ask<Vec<T>>;

    fn into_future(self) -> Ask<Vec<T>> {
        self.ask()
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("route", &self.route.operation.name())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// All rows of a list, read in pages; from [`List::each`].
///
/// It is a stream of rows, and [`wait`](Self::wait) makes an iterator of it. [`next_page`](Self::next_page) gives the rows of
/// a page together. It ends at the first empty page. It may be asked again then, and after a failure: it goes on behind
/// the last row that it gave.
#[must_use = "pages are asked for when they are polled"]
pub struct Pages<T: 'static> {
    list: List<T>,
    page_size: u32,
    /// Behind the last row that was read, and the last that was given.
    read: Option<Literal>,
    given: Option<Literal>,
    ready: VecDeque<T>,
    asking: Option<Ask<Vec<T>>>,
}

impl<T: Decode + Clone + Send + Sync + 'static> Pages<T> {
    /// Sets how many rows a page has at most; 1000 by default, from 1 to 10 000.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows.clamp(1, MAX_PAGE);
        self
    }

    /// The next row; `None` behind the last one. Called again after that, it gives the rows that the server has got since.
    /// The same as that of the stream, without a trait.
    ///
    /// # Errors
    /// As [`next_page`](Self::next_page).
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        if self.ready.is_empty() {
            poll_fn(|context| self.poll_page(context)).await?;
        }
        Ok(self.next_ready())
    }

    /// The rows of the next page, at least one; `None` behind the last one. Called again after that, it gives the rows that
    /// the server has got since.
    ///
    /// # Errors
    /// The list has an order, `top` or `skip` of its own, the answer is no page, or the call fails.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>> {
        if self.ready.is_empty() && !poll_fn(|context| self.poll_page(context)).await? {
            return Ok(None);
        }
        self.given.clone_from(&self.read);
        Ok(Some(self.ready.drain(..).collect()))
    }

    /// The rows one after the other in a synchronous program; this thread is blocked while a page is read. The first
    /// error is the last item.
    pub fn wait(self) -> PagesIter<T> {
        PagesIter {
            pages: self,
            ended: false,
        }
    }

    /// Begins behind a place.
    pub(crate) fn after(mut self, place: Option<Literal>) -> Self {
        self.read.clone_from(&place);
        self.given = place;
        self
    }

    /// Behind the last row that was given.
    pub(crate) fn place(&self) -> Option<&Literal> {
        self.given.as_ref()
    }

    fn next_ready(&mut self) -> Option<T> {
        let row = self.ready.pop_front()?;
        self.given = (self.list.key.of)(&row);
        Some(row)
    }

    /// The call for the next page.
    fn ask(&self) -> Ask<Vec<T>> {
        let List {
            core,
            route,
            key,
            options,
        } = &self.list;
        let mut options = options.clone();
        if options.order_by.is_some() || options.top.is_some() || options.skip.is_some() {
            options.mistake = Some(
                "pages have an order and a size of their own; leave out order_by, top and skip"
                    .to_owned(),
            );
        }
        if !options.select.is_empty() && !options.select.contains(&key.member) {
            options.select.push(key.member);
        }
        if let Some(place) = &self.read {
            let behind = Filter::gt(key.member, place.clone());
            options.filter = Some(match options.filter.take() {
                Some(filter) => filter.and(behind),
                None => behind,
            });
        }
        options.order_by = Some(key.member.to_owned());
        options.top = Some(self.page_size);
        // Behind the last row there may be more by now.
        core.live(route, options.fill(route.call()))
    }

    /// Takes a page only if it lies behind the last one and is in order: going on would lose or repeat rows. Tells whether
    /// there was one.
    fn take(&mut self, rows: Vec<T>) -> Result<bool> {
        let Key { member, of, .. } = self.list.key;
        let mut place = self.read.clone();
        for row in &rows {
            let next = of(row);
            // The last row again, anywhere: the page does not lie behind it.
            let fits =
                next.is_some() && next != self.read && is_behind(next.as_ref(), place.as_ref());
            if !fits {
                return Err(Error::Data(format!(
                    "the server gave a row out of order: its {member} is {}, that of the row before it was {}",
                    shown(next.as_ref()),
                    shown(place.as_ref()),
                )));
            }
            place = next;
        }
        self.read = place;
        self.ready = rows.into();
        Ok(!self.ready.is_empty())
    }

    /// Reads a page; `false` when there is no more.
    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        let mut asking = self.asking.take().unwrap_or_else(|| self.ask());
        match Pin::new(&mut asking).poll(context) {
            Poll::Ready(rows) => Poll::Ready(rows.and_then(|rows| self.take(rows))),
            Poll::Pending => {
                self.asking = Some(asking);
                Poll::Pending
            }
        }
    }
}

/// Whether a row may follow another. How the server orders texts is its own matter.
fn is_behind(next: Option<&Literal>, before: Option<&Literal>) -> bool {
    match (next, before) {
        (Some(Literal::Integer(next)), Some(Literal::Integer(before))) => next > before,
        (next, before) => next != before,
    }
}

fn shown(place: Option<&Literal>) -> String {
    match place {
        None => "missing".to_owned(),
        Some(Literal::Integer(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
    }
}

impl<T: Decode + Clone + Send + Sync + Unpin + 'static> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ready.is_empty() {
            match ready!(this.poll_page(context)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(this.next_ready().map(Ok))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("list", &self.list)
            .field("page_size", &self.page_size)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

/// All rows of a list, for synchronous programs; from [`Pages::wait`].
#[derive(Debug)]
#[must_use = "pages are asked for when rows are taken"]
pub struct PagesIter<T: 'static> {
    pages: Pages<T>,
    ended: bool,
}

impl<T> PagesIter<T> {
    /// The pages underneath, such as for the place of the last row.
    pub fn pages(&self) -> &Pages<T> {
        &self.pages
    }
}

impl<T: Decode + Clone + Send + Sync + 'static> Iterator for PagesIter<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let pages = &mut self.pages;
        if pages.ready.is_empty() && !self.ended {
            // What a task has begun of it may stand still.
            pages.asking = None;
            let more = pages.ask().wait().and_then(|rows| pages.take(rows));
            self.ended = !matches!(more, Ok(true));
            if let Err(error) = more {
                return Some(Err(error));
            }
        }
        pages.next_ready().map(Ok)
    }
}

impl<T: Decode + Clone + Send + Sync + 'static> FusedIterator for PagesIter<T> {}
