//! Headers in the order in which the server has processed their reports, exact while reports come in; and what came since
//! the last time.
//!
//! That order is the `timeStamp` of headers, along which their pages go: a report that comes in meanwhile is at the end
//! and moves no other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{HeaderField, HeaderOrder, HeaderQuery, ReportHeader, ReportService};
use crate::ask::{Ask, Pages, PagesIter};
use crate::odata::Literal;

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

impl Pages<ReportHeader> {
    /// Behind the last header that was given. Keep it together with what was made of the headers, and nothing is lost or done
    /// twice.
    pub fn cursor(&self) -> Cursor {
        match self.place() {
            Some(Literal::Integer(time_stamp)) => Cursor::after(*time_stamp),
            _ => Cursor::START,
        }
    }
}

impl PagesIter<ReportHeader> {
    /// Behind the last header that was given.
    pub fn cursor(&self) -> Cursor {
        self.pages().cursor()
    }
}

impl ReportService {
    /// The headers of what was processed behind a place: new reports, and those that were received again.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, kept: wats_domains::report::Cursor) -> wats_domains::Result<()> {
    /// use wats_domains::HeaderQuery;
    ///
    /// let mut news = api.report().since(kept, &HeaderQuery::default());
    /// while let Some(headers) = news.next_page().await? {
    ///     // Store headers and news.cursor() in one transaction.
    ///     # let _ = headers;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn since(&self, cursor: Cursor, query: &HeaderQuery) -> Pages<ReportHeader> {
        let place = cursor.time_stamp().map(Literal::Integer);
        self.headers(query).each().after(place)
    }

    /// The place behind all that has been processed by now; [`since`](Self::since) from there gives only what comes
    /// later.
    pub fn latest(&self) -> Ask<Cursor> {
        let query = HeaderQuery::default()
            .select([HeaderField::TimeStamp])
            .order_by_desc(HeaderOrder::TimeStamp)
            .top(1);
        let newest = self.headers(&query).live();
        self.core.run(|_| async {
            let newest = newest.await?;
            let stamp = newest.first().and_then(|header| header.time_stamp);
            Ok(stamp.map_or(Cursor::START, Cursor::after))
        })
    }
}
