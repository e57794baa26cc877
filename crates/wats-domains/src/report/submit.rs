//! Reports sent: as the model, as WSJF or WSXF text, one or many.
//!
//! Each has its id and its bytes before the first try, and the server overwrites by id, so repeats never double a
//! report. A 200 means that the server has checked and received it; storing follows later on the server, see
//! [`internal`](super::internal).

use std::collections::HashMap;
use std::ops::Deref;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;
use wats_batch::Partition;
use wats_http::{Call, Timeouts};

use super::internal::{ConfirmOptions, Fate};
use super::lint::{Finding, rules};
use super::{BulkOptions, Report, ReportService, evaluate, text, upload};
use crate::error::{Error, Result};
use crate::route::{self, Route};

/// What the server says of a report it took in (`InsertReportResult`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Submitted {
    /// The id under which the report can be read.
    pub id: Uuid,
    /// The id that the report was sent with, if the server tells.
    pub source_id: Option<Uuid>,
    /// The number that old clients know it by, if the server tells.
    pub legacy_id: Option<i64>,
    /// What became of it, if [`SubmitOptions::confirm`] asked for that.
    pub fate: Option<Fate>,
}

impl Submitted {
    /// What stands in the answer: an object, or a list of it as some versions answer. Anything else says nothing, and
    /// the report is in all the same.
    fn read(answer: &Value, sent: Uuid) -> Self {
        let id = |result: &Value, member: &str| result.get(member)?.as_str()?.parse().ok();
        let results = match answer {
            Value::Array(results) => results.as_slice(),
            single => std::slice::from_ref(single),
        };
        let ours = results
            .iter()
            .find(|result| id(result, "ID") == Some(sent) || id(result, "uuid") == Some(sent))
            .or(results.first())
            .unwrap_or(&Value::Null);
        let source_id = id(ours, "ID");
        Self {
            id: id(ours, "uuid").or(source_id).unwrap_or(sent),
            source_id,
            legacy_id: ours.get("Report_ID").and_then(Value::as_i64),
            fate: None,
        }
    }
}

/// Whose word counts for the outcomes in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubmitMode {
    /// The report's: it is sent as it is. The builder has computed its outcomes already.
    #[default]
    Import,
    /// The limits': before it is sent, outcomes are made from values and limits and carried up, as [`evaluate`](evaluate()) does.
    /// The server itself compares nothing.
    Active,
}

/// How to submit.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// Whose word counts for the outcomes.
    pub mode: SubmitMode,
    /// Whether, and for how long, to follow the report until it is stored. This uses internal routes of the server.
    pub confirm: Option<ConfirmOptions>,
    /// Deadlines of the call instead of the client's, for reports whose attachments take long to send.
    pub timeouts: Option<Timeouts>,
}

impl SubmitOptions {
    /// Sets whose word counts for the outcomes.
    pub fn mode(mut self, mode: SubmitMode) -> Self {
        self.mode = mode;
        self
    }

    /// Follows the report past the 200 until it is stored or quarantined; the outcome is in [`Submitted::fate`]. This
    /// uses internal routes of the server, see [`ReportService::internal`].
    pub fn confirm(mut self, options: ConfirmOptions) -> Self {
        self.confirm = Some(options);
        self
    }

    /// Sets deadlines for the call instead of the client's: [`Timeouts::total`] bounds the whole of it, so raise it for
    /// reports whose attachments take long to send.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }
}

impl ReportService<'_> {
    /// Submits a report (`POST /api/Report/WSJF`), a test or a repair. The bytes are fixed before the first try, and the
    /// server overwrites by id, so repeats, ours or the caller's, never double a report. Large attachments are encoded,
    /// and read from their files, while they are sent.
    ///
    /// # Errors
    /// [`Error::Report`] when the report has no id, [`Error::Data`] when it cannot be written, or the call fails, as when
    /// a file has changed; a refusal has status 400 and the server's reasons.
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
        self.submit_in(report, None).await
    }

    async fn submit_in(self, report: &Report, timeouts: Option<Timeouts>) -> Result<Submitted> {
        let id = known(report.id)?;
        let route = &route::REPORT_SUBMIT;
        let call = upload::fill(route.call(), &report.body()?).await?;
        let call = match timeouts {
            Some(timeouts) => call.timeouts(timeouts),
            None => call,
        };
        self.send(route, id, call).await
    }

    /// Submits a report with options.
    ///
    /// # Errors
    /// As [`submit`](Self::submit). Once the report is received nothing is an error any more: what hinders following it
    /// stands in [`Fate::Pending`].
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api, report: wats_domains::Report) -> wats_domains::Result<()> {
    /// use wats_domains::report::{ConfirmOptions, Fate, SubmitMode, SubmitOptions};
    ///
    /// let options = SubmitOptions::default().mode(SubmitMode::Active).confirm(ConfirmOptions::default());
    /// let submitted = api.report().submit_with(&report, &options).await?;
    /// if let Some(Fate::Quarantined { reason, .. }) = submitted.fate {
    ///     eprintln!("the server could not store it: {}", reason.as_deref().unwrap_or("no reason given"));
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn submit_with(self, report: &Report, options: &SubmitOptions) -> Result<Submitted> {
        let mut submitted = match options.mode {
            SubmitMode::Import => self.submit_in(report, options.timeouts.clone()).await?,
            SubmitMode::Active => {
                let mut evaluated = report.clone();
                evaluate(&mut evaluated);
                self.submit_in(&evaluated, options.timeouts.clone()).await?
            }
        };
        if let Some(confirm) = &options.confirm {
            submitted.fate = Some(self.internal().confirm(submitted.id, confirm).await);
        }
        Ok(submitted)
    }

    /// Submits many reports, some at a time. One that fails stops no other: the outcome has what was submitted and what
    /// failed apart, each with its place in the list. Reports of the same id are sent one after the other in their order,
    /// so the last one is what stays.
    ///
    /// Reports are written when their turn comes, so only as many texts are in memory as are under way. With
    /// [`SubmitOptions::confirm`], a report is under way until its fate is known.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api, reports: Vec<wats_domains::UutReport>) {
    /// use wats_domains::report::{BulkOptions, SubmitOptions};
    ///
    /// let many = BulkOptions::default().progress(|progress| println!("{progress}"));
    /// let outcome = api.report().submit_many(&reports, &SubmitOptions::default(), &many).await;
    /// println!("{} submitted, {} failed", outcome.ok.len(), outcome.failed.len());
    /// # }
    /// ```
    pub async fn submit_many<R: Deref<Target = Report>>(
        self,
        reports: &[R],
        options: &SubmitOptions,
        many: &BulkOptions,
    ) -> Partition<Submitted, Error> {
        let turns = in_turn(reports.iter().map(|report| report.id));
        let reports = reports.iter().map(|report| -> &Report { report });
        many.map()
            .partition(reports.zip(turns), |(report, turn)| async move {
                if let Some(before) = turn.after {
                    // Its end is told by dropping, whatever came of it.
                    let _ = before.await;
                }
                let _done = turn.done;
                self.submit_with(report, options).await
            })
            .await
    }

    /// Submits a WSJF text as it is, byte for byte.
    ///
    /// # Errors
    /// [`Error::Codec`] or [`Error::Data`] when it is not JSON, [`Error::Report`] when it has no id; nothing is sent then.
    /// Otherwise as [`submit`](Self::submit).
    pub async fn submit_wsjf(self, wsjf: impl Into<Bytes>) -> Result<Submitted> {
        let body = wsjf.into();
        let id = known(text::id_of_wsjf(&body)?)?;
        let route = &route::REPORT_SUBMIT;
        self.send(route, id, route.call().body(body, "application/json"))
            .await
    }

    /// Submits a WSJF text that may lack an id: it is given one then, and is sent byte for byte otherwise.
    ///
    /// The id is made from the text, so the same text submitted again, by whomever, overwrites and does not double.
    ///
    /// # Errors
    /// As [`submit_wsjf`](Self::submit_wsjf), also when the id is there and no UUID.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api) -> Result<(), Box<dyn std::error::Error>> {
    /// let submitted = api.report().submit_json(&std::fs::read("report.json")?).await?;
    /// println!("submitted as {}", submitted.id);
    /// # Ok(()) }
    /// ```
    pub async fn submit_json(self, json: &[u8]) -> Result<Submitted> {
        let (id, body) = match text::id_of_wsjf(json)? {
            Some(id) => (known(Some(id))?, Bytes::copy_from_slice(json)),
            None => with_id(json),
        };
        let route = &route::REPORT_SUBMIT;
        self.send(route, id, route.call().body(body, "application/json"))
            .await
    }

    /// Submits a WSXF text (XML) as it is, byte for byte (`POST /api/Report/WSXF`). It must hold exactly one report.
    ///
    /// # Errors
    /// [`Error::Data`] when it is not WSXF with one report, [`Error::Report`] when that has no id; nothing is sent then.
    /// Otherwise as [`submit`](Self::submit).
    pub async fn submit_wsxf(self, wsxf: impl Into<Bytes>) -> Result<Submitted> {
        let body = wsxf.into();
        let id = known(text::id_of_wsxf(&body)?)?;
        let route = &route::REPORT_SUBMIT_WSXF;
        self.send(route, id, route.call().body(body, "application/xml"))
            .await
    }

    async fn send(self, route: &Route, id: Uuid, call: Call) -> Result<Submitted> {
        let response = self.api.send(route, call).await?;
        // The report is in: an answer that names no id must not turn that into a failure. One that is not JSON may come
        // from somebody between us and the server, and is one.
        let answer = if response.body().iter().all(u8::is_ascii_whitespace) {
            Value::Null
        } else {
            self.api.decode(&response)?
        };
        Ok(Submitted::read(&answer, id))
    }
}

/// The id, if it is one. Without an id the server makes one up, for an id of zeros too, and each repeat of the call would
/// store the report once more.
fn known(id: Option<Uuid>) -> Result<Uuid> {
    id.filter(|id| !id.is_nil()).ok_or_else(|| {
        Error::Report(vec![Finding::new(
            rules::ID_MISSING,
            "report",
            "it has no id, so a repeat after a lost answer would store it twice; give it a new UUID as `id`",
        )])
    })
}

/// Under which ids are made from texts.
const TEXTS: Uuid = Uuid::from_u128(0x0d1f_5c64_8c52_4b0f_9a4e_6b0a_57f3_21ce);

/// A JSON object without an id, with the id that is made from it.
fn with_id(json: &[u8]) -> (Uuid, Bytes) {
    let id = Uuid::new_v5(&TEXTS, json);
    let inside = json.trim_ascii_start().strip_prefix(b"{").unwrap_or(json);
    let separator = if inside.trim_ascii_start().starts_with(b"}") {
        ""
    } else {
        ","
    };
    let mut body = BytesMut::with_capacity(json.len() + 64);
    body.put(format!("{{\"id\":\"{id}\"{separator}").as_bytes());
    body.put(inside);
    (id, body.freeze())
}

/// When a report may be sent: after the one of the same id before it.
#[derive(Default)]
struct Turn {
    after: Option<oneshot::Receiver<()>>,
    /// Dropped when it has been sent, which lets the next one go.
    done: Option<oneshot::Sender<()>>,
}

/// The turns of reports with these ids. Those without an id wait for nobody.
fn in_turn(ids: impl Iterator<Item = Option<Uuid>>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut last: HashMap<Uuid, usize> = HashMap::new();
    for (place, id) in ids.enumerate() {
        turns.push(Turn::default());
        let Some(before) = id.and_then(|id| last.insert(id, place)) else {
            continue;
        };
        let (done, after) = oneshot::channel();
        turns[before].done = Some(done);
        turns[place].after = Some(after);
    }
    turns
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    #[test]
    fn the_answer_is_read_in_every_shape() {
        let sent = Uuid::from_u128(5);
        let result = json!({"ID": sent.to_string(), "uuid": ID, "Report_ID": 7});
        let other =
            json!({"ID": Uuid::from_u128(6).to_string(), "uuid": Uuid::from_u128(6).to_string()});
        for answer in [result.clone(), json!([result]), json!([other, result])] {
            let read = Submitted::read(&answer, sent);
            assert_eq!(read.id.to_string(), ID);
            assert_eq!((read.source_id, read.legacy_id), (Some(sent), Some(7)));
        }
        assert_eq!(Submitted::read(&json!({"ID": ID}), sent).id.to_string(), ID);
        for answer in [
            json!(null),
            json!("ok"),
            json!([]),
            json!({"ID": ""}),
            json!({"uuid": 5}),
        ] {
            assert_eq!(Submitted::read(&answer, sent).id, sent);
        }
    }

    #[test]
    fn an_id_is_put_in_front_and_the_rest_stays() {
        for (text, inside) in [
            ("{}", "}"),
            (" {\n \"sn\": \"x\"}\n", ",\n \"sn\": \"x\"}\n"),
            ("{ }", " }"),
        ] {
            let (id, body) = with_id(text.as_bytes());
            assert_eq!(body, format!("{{\"id\":\"{id}\"{inside}"));
            let read: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(read["id"], id.to_string());
            assert_eq!(with_id(text.as_bytes()).0, id, "the same text, the same id");
        }
        assert_ne!(with_id(b"{}").0, with_id(b"{ }").0);
    }

    #[test]
    fn those_of_the_same_id_go_one_after_the_other() {
        let (a, b) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        let turns = in_turn([a, b, None, a, None, a].into_iter());
        let waits: Vec<bool> = turns.iter().map(|turn| turn.after.is_some()).collect();
        assert_eq!(waits, [false, false, false, true, false, true]);
        let tells: Vec<bool> = turns.iter().map(|turn| turn.done.is_some()).collect();
        assert_eq!(tells, [true, false, false, true, false, false]);
    }
}
