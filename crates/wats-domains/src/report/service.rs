//! The operations on reports. Here are the lists of headers; the others are in `submit`, `read`, `pages`, `files` and
//! `internal`.

use super::route;
use super::{HeaderQuery, MiscInfoHeader, MiscInfoSearch, ReportHeader};
use crate::ask::{Ask, Core};
use crate::error::Error;
use std::sync::Arc;

/// Operations on reports; from [`Wats::report`](crate::Wats::report).
#[derive(Debug, Clone, Copy)]
pub struct ReportService<'a> {
    pub(super) core: &'a Arc<Core>,
}

impl<'a> ReportService<'a> {
    pub(crate) fn new(core: &'a Arc<Core>) -> Self {
        Self { core }
    }

    /// Lists report headers (`GET /api/Report/Query/Header`), newest start first unless asked otherwise.
    ///
    /// # Errors
    /// [`Error::Query`] when the query cannot be expressed or asks for more than 10 000, or the call fails.
    pub fn headers(self, query: &HeaderQuery) -> Ask<Vec<ReportHeader>> {
        self.core
            .ask(&route::headers, query.fill(route::headers.call()))
    }

    /// Test reports by their misc info (`GET /api/Report/Query/HeaderByMiscInfo`): a value of this name, this value, or
    /// both.
    ///
    /// # Errors
    /// [`Error::Query`] when nothing is asked for, or the call fails.
    pub fn by_misc_info(self, search: &MiscInfoSearch) -> Ask<Vec<MiscInfoHeader>> {
        let route = &route::by_misc_info;
        let call = if *search == MiscInfoSearch::default() {
            Err(Error::Query(
                "a search in misc info without a condition would give all reports".to_owned(),
            ))
        } else {
            Ok(route
                .call()
                .query_opt("description", search.description.as_ref())
                .query_opt("data", search.data.as_ref())
                .query_opt("serialNumber", search.serial_number.as_ref())
                .query_opt("processCode", search.process_code))
        };
        self.core.ask(route, call)
    }
}
