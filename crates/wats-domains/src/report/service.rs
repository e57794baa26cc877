//! Operations on reports.

use bytes::Bytes;
use serde::Deserialize;
use uuid::Uuid;

use super::{HeaderQuery, Report, ReportHeader};
use crate::api::Api;
use crate::error::{Error, Finding, Result};
use crate::odata::Filter;
use crate::route;

/// What the server says of a report it took in.
///
/// It has been checked and received; storing follows later on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Submitted {
    /// The id under which the report can be read.
    pub id: Uuid,
}

/// `InsertReportResult` of the server.
#[derive(Deserialize)]
struct InsertReportResult {
    #[serde(rename = "ID")]
    source: Option<Uuid>,
    uuid: Option<Uuid>,
}

/// Some server versions answer with the result, others with a list of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum InsertAnswer {
    One(InsertReportResult),
    Many(Vec<InsertReportResult>),
}

/// Operations on reports; from [`Api::report`].
#[derive(Debug, Clone, Copy)]
pub struct ReportService<'a> {
    api: &'a Api,
}

impl<'a> ReportService<'a> {
    pub(crate) fn new(api: &'a Api) -> Self {
        Self { api }
    }

    /// Submits a report (`POST /api/Report/WSJF`). The bytes are fixed before the first try, and the server overwrites
    /// by id, so repeats, ours or the caller's, never double a report.
    ///
    /// # Errors
    /// [`Error::Report`] when the report has no id, [`Error::Codec`] when it cannot be written, or the call fails; a
    /// refusal has status 400 and the server's reasons.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api) -> wats_domains::Result<()> {
    /// use wats_domains::{Limits, UutReport};
    ///
    /// let report = UutReport::builder("PCBA-001", "SN-42", "A", 100)
    ///     .station("ICT-3", "Drammen", "Production")
    ///     .operator("Kari")
    ///     .numeric("Measure +5V", 5.02, "V", Limits::between(4.75..=5.25))
    ///     .build()?;
    /// let submitted = api.report().submit(&report).await?;
    /// assert_eq!(submitted.id, report.id());
    /// # Ok(()) }
    /// ```
    pub async fn submit(self, report: &Report) -> Result<Submitted> {
        let Some(id) = report.id else {
            return Err(no_id());
        };
        let body = self
            .api
            .encode("the report cannot be written as JSON", report)?;
        self.send(id, body).await
    }

    /// Submits a WSJF text as it is, byte for byte.
    ///
    /// # Errors
    /// [`Error::Codec`] when it is not JSON, [`Error::Report`] when it has no id; nothing is sent then. Otherwise as
    /// [`submit`](Self::submit).
    pub async fn submit_wsjf(self, wsjf: impl Into<Bytes>) -> Result<Submitted> {
        #[derive(Deserialize)]
        struct OnlyId {
            id: Option<Uuid>,
        }
        let body = wsjf.into();
        let OnlyId { id } = self.api.parse("the text is not a WSJF report", &body)?;
        self.send(id.ok_or_else(no_id)?, body).await
    }

    async fn send(self, id: Uuid, body: Bytes) -> Result<Submitted> {
        let route = &route::REPORT_SUBMIT;
        let response = self
            .api
            .send(route, route.call().body(body, "application/json"))
            .await?;
        // The report is in: an answer that names no id must not turn that into a failure.
        let answer = match self.api.decode(&response) {
            Ok(InsertAnswer::One(result)) => Some(result),
            Ok(InsertAnswer::Many(results)) => results.into_iter().next(),
            Err(error) if response.body().is_empty() => {
                drop(error);
                None
            }
            Err(error) => return Err(error),
        };
        let id = answer
            .and_then(|result| result.uuid.or(result.source))
            .unwrap_or(id);
        Ok(Submitted { id })
    }

    /// Reads a report back (`GET /api/Report/Wsjf/{id}`). Members that this version does not know are kept.
    ///
    /// # Errors
    /// Status 404 when there is none, or the call fails.
    pub async fn get(self, id: Uuid) -> Result<Report> {
        let route = &route::REPORT_GET;
        self.api.read(route, route.call().path("id", id)).await
    }

    /// Reads a report back as the server's own JSON text.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_wsjf(self, id: Uuid) -> Result<Bytes> {
        let route = &route::REPORT_GET;
        let response = self.api.send(route, route.call().path("id", id)).await?;
        Ok(response.into_body())
    }

    /// Lists report headers (`GET /api/Report/Query/Header`), newest start first unless asked otherwise.
    ///
    /// # Errors
    /// The filter cannot be expressed, or the call fails.
    pub async fn headers(self, query: &HeaderQuery) -> Result<Vec<ReportHeader>> {
        let route = &route::REPORT_HEADERS;
        let filter = query.filter.as_ref().map(Filter::to_odata).transpose()?;
        let call = route
            .call()
            .query_opt("$filter", filter)
            .query_opt("$top", query.top)
            .query_opt("$skip", query.skip)
            .query_opt("$orderby", query.order_by.as_ref());
        self.api.read(route, call).await
    }
}

/// Without an id the server makes one up, and each repeat of the call would store the report once more.
fn no_id() -> Error {
    Error::Report(vec![Finding::new(
        "report",
        "it has no id, so a repeat after a lost answer would store it twice; give it a new UUID as `id`",
    )])
}
