//! The operations on reports. Here are the lists of headers; the others are in `submit`, `read`, `pages`, `files` and
//! `internal`.

use super::header;
use super::route;
use super::{HeaderQuery, MiscInfoHeader, MiscInfoSearch, ReportHeader};
use crate::ask::{Ask, Core, Gathered, Kept, List};
use crate::error::Error;
use std::sync::Arc;

use uuid::Uuid;

/// Operations on reports; from [`Wats::report`](crate::Wats::report).
#[derive(Debug, Clone)]
pub struct ReportService {
    pub(super) core: Arc<Core>,
    pub(super) gathered: Gathered<Uuid, ReportHeader>,
}

impl ReportService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
            gathered: None,
        }
    }

    /// Lists report headers (`GET /api/Report/Query/Header`), newest start first unless asked otherwise; or
    /// [`each`](List::each) of them, in the order in which the server has processed their reports.
    ///
    /// Pages are exact while reports come in: none is left out, none comes twice. Reports that come in meanwhile come last.
    /// One that is received *again* is processed again, so it comes once more, as what it has become.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::HeaderQuery;
    ///
    /// let query = HeaderQuery::default().part_number("PCBA-001");
    /// let mut pages = api.report().headers(&query).each();
    /// while let Some(headers) = pages.next_page().await? {
    ///     println!("{} more", headers.len());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Query`] when the query cannot be expressed or asks for more than 10 000, or the call fails.
    pub fn headers(&self, query: &HeaderQuery) -> List<ReportHeader> {
        List::new(&self.core, &route::headers, &header::KEY, query.options())
    }

    /// Forgets lists of headers in memory, where some are kept
    /// ([`CacheOptions::headers`](crate::CacheOptions::headers)): the next ones come from the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Headers);
    }

    /// Test reports by their misc info (`GET /api/Report/Query/HeaderByMiscInfo`): a value of this name, this value, or
    /// both.
    ///
    /// # Errors
    /// [`Error::Query`] when nothing is asked for, for an empty text and for what nobody sees; or the call fails.
    pub fn by_misc_info(&self, search: &MiscInfoSearch) -> Ask<Vec<MiscInfoHeader>> {
        let route = &route::by_misc_info;
        let call = if *search == MiscInfoSearch::default() {
            Err(Error::Query(
                "a search in misc info without a condition would give all reports".to_owned(),
            ))
        } else {
            search.check().map(|()| {
                route
                    .call()
                    .query_opt("description", search.description.as_ref())
                    .query_opt("data", search.data.as_ref())
                    .query_opt("serialNumber", search.serial_number.as_ref())
                    .query_opt("processCode", search.process_code)
            })
        };
        self.core.ask(route, call)
    }
}
