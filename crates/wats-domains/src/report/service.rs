//! Operations on reports.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;
use wats_codec::{Format, Limits, Serializer};

use super::lint::{Finding, rules};
use super::{HeaderQuery, Report, ReportHeader};
use crate::api::Api;
use crate::error::{Error, Result};
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

/// The id in an `InsertReportResult` of the server, or in a list of one, as some versions answer. Anything else says
/// nothing of the id.
fn id_of(answer: &Value) -> Option<Uuid> {
    let result = answer
        .as_array()
        .map_or(Some(answer), |results| results.first())?;
    ["uuid", "ID"]
        .into_iter()
        .find_map(|member| result.get(member)?.as_str()?.parse().ok())
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
    /// [`Error::Codec`] or [`Error::Data`] when it is not JSON, [`Error::Report`] when it has no id; nothing is sent then. Otherwise as
    /// [`submit`](Self::submit).
    pub async fn submit_wsjf(self, wsjf: impl Into<Bytes>) -> Result<Submitted> {
        #[derive(Deserialize)]
        struct OnlyId {
            id: Option<Uuid>,
        }
        let body = wsjf.into();
        // Told apart here, because the codec would read other formats too.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Error::Data(
                "the text is not a WSJF report: it does not begin with `{`".to_owned(),
            ));
        }
        let json =
            Serializer::new(Format::Json).with_limits(Limits::default().max_bytes(usize::MAX));
        let OnlyId { id } = json.from_slice(&body).map_err(|source| Error::Codec {
            what: "the text is not a WSJF report",
            source,
        })?;
        self.send(id.ok_or_else(no_id)?, body).await
    }

    async fn send(self, id: Uuid, body: Bytes) -> Result<Submitted> {
        let route = &route::REPORT_SUBMIT;
        let response = self
            .api
            .send(route, route.call().body(body, "application/json"))
            .await?;
        // The report is in: an answer that names no id must not turn that into a failure. One that is not JSON may come
        // from somebody between us and the server, and is one.
        if response.body().iter().all(u8::is_ascii_whitespace) {
            return Ok(Submitted { id });
        }
        let answer: Value = self.api.decode(&response)?;
        let id = id_of(&answer).unwrap_or(id);
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
        rules::ID_MISSING,
        "report",
        "it has no id, so a repeat after a lost answer would store it twice; give it a new UUID as `id`",
    )])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_id_is_found_in_every_shape_of_answer() {
        let id = "83ac0b8e-b575-4004-94de-f905774c3ed8";
        let result = json!({"ID": "x", "uuid": id, "Report_ID": 7});
        for answer in [result.clone(), json!([result]), json!({"ID": id})] {
            assert_eq!(id_of(&answer).unwrap().to_string(), id);
        }
        for answer in [
            json!(null),
            json!("ok"),
            json!([]),
            json!({"ID": ""}),
            json!({"uuid": 5}),
        ] {
            assert_eq!(id_of(&answer), None);
        }
    }
}
