//! The operations on reports. Here are the lists of headers; the others are in `submit`, `read`, `pages`, `files` and
//! `internal`.

use super::{HeaderQuery, MiscInfoHeader, MiscInfoSearch, ReportHeader};
use crate::api::Api;
use crate::error::{Error, Result};
use crate::route;

/// Operations on reports; from [`Api::report`].
#[derive(Debug, Clone, Copy)]
pub struct ReportService<'a> {
    pub(super) api: &'a Api,
}

impl<'a> ReportService<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        Self { api }
    }

    /// Lists report headers (`GET /api/Report/Query/Header`), newest start first unless asked otherwise.
    ///
    /// # Errors
    /// [`Error::Query`] when the query cannot be expressed or asks for more than 10 000, or the call fails.
    pub async fn headers(self, query: &HeaderQuery) -> Result<Vec<ReportHeader>> {
        let route = &route::REPORT_HEADERS;
        self.api.read(route, query.fill(route.call())?).await
    }

    /// Test reports by their misc info (`GET /api/Report/Query/HeaderByMiscInfo`): a value of this name, this value, or
    /// both.
    ///
    /// # Errors
    /// [`Error::Query`] when nothing is asked for, or the call fails.
    pub async fn by_misc_info(self, search: &MiscInfoSearch) -> Result<Vec<MiscInfoHeader>> {
        if *search == MiscInfoSearch::default() {
            return Err(Error::Query(
                "a search in misc info without a condition would give all reports".to_owned(),
            ));
        }
        let route = &route::REPORT_BY_MISC_INFO;
        let call = route
            .call()
            .query_opt("description", search.description.as_ref())
            .query_opt("data", search.data.as_ref())
            .query_opt("serialNumber", search.serial_number.as_ref())
            .query_opt("processCode", search.process_code);
        self.api.read(route, call).await
    }
}
