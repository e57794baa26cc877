//! Reports sent: as the model, as WSJF or WSXF text, one or many.
//!
//! Each has its id and its bytes before the first try, and the server overwrites by id, so repeats never double a
//! report. Those of one id are sent one after the other. A 200 that names the report means that the server has checked
//! and received it; storing follows later on the server, see [`internal`](super::internal).

use std::borrow::Borrow;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;
use uuid::Uuid;
use wats_batch::Partition;
use wats_http::{Call, Response, Timeouts};

use super::internal::{ConfirmOptions, Listed};
use wats_report::lint::rules;
use wats_report::text;

use super::body::ReportBody;
use super::route;
use super::{Finding, Report, ReportService, Submitted, evaluate, upload};
use crate::ask::{Ask, Route};
use crate::bulk::BulkOptions;
use crate::error::{Error, Result};
use crate::process::ProcessService;

/// Whose word counts for the outcomes in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SubmitMode {
    /// The report's: it is sent as it is. The builder has computed its outcomes already.
    #[default]
    Import,
    /// The limits': before it is sent, outcomes are made from values and limits and carried up, as [`evaluate`](evaluate()) does.
    /// The server itself compares nothing.
    Active,
}

/// How to submit.
///
/// ```no_run
/// # async fn example(api: wats_domains::Wats, a: wats_domains::Report, b: wats_domains::Report) {
/// use wats_domains::report::SubmitOptions;
///
/// let (options, reports) = (SubmitOptions::default(), api.report());
/// let outcomes = tokio::join!(reports.submit_with(&a, &options), reports.submit_with(&b, &options));
/// # let _ = outcomes; }
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SubmitOptions {
    /// Whose word counts for the outcomes.
    pub mode: SubmitMode,
    /// Whether, and for how long, to follow the report until it is stored. This uses internal routes of the server.
    pub confirm: Option<ConfirmOptions>,
    /// Deadlines of the call instead of the client's, whose total grows with the size of a large report.
    pub timeouts: Option<Timeouts>,
    /// Whether a report that was read in less detail is sent, which overwrites the whole by a part; `false` by default.
    pub partial: bool,
}

impl SubmitOptions {
    /// Sets whose word counts for the outcomes.
    pub fn mode(mut self, mode: SubmitMode) -> Self {
        self.mode = mode;
        self
    }

    /// Follows the report past the 200 until it is stored or quarantined; the outcome is in [`Submitted::state`]. This
    /// uses internal routes of the server, see [`ReportService::internal`]. The list of headers is read once before the
    /// submit, and other reports of the same id wait until its state is known.
    pub fn confirm(mut self, options: ConfirmOptions) -> Self {
        self.confirm = Some(options);
        self
    }

    /// Sets deadlines for the call, which then hold as they are. Without this the client's do, but for
    /// [`Timeouts::total`]: a report of more than 256 KiB has as much more time as its bytes take at 64 KiB/s. An upload
    /// that stands still ends at [`Timeouts::attempt`] all the same.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = Some(timeouts);
        self
    }

    /// Sets whether a report that was read in less detail ([`ReportService::get_with`]) is sent all the same. What was
    /// left out is then lost on the server.
    pub fn partial(mut self, send: bool) -> Self {
        self.partial = send;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        self.confirm.as_ref().map_or(Ok(()), ConfirmOptions::check)
    }
}

impl ReportService {
    /// Submits a report (`POST /api/Report/WSJF`), a test or a repair. The bytes are fixed before the first try, and the
    /// server overwrites by id, so repeats, ours or the caller's, never double a report. Large attachments are encoded,
    /// and read from their files, while they are sent.
    ///
    /// Reports of one id that are submitted at the same time, by whichever tasks, are sent one after the other in the
    /// order in which their futures were first polled: a repeat of an older one never comes behind a newer one. This
    /// holds for all clones of a [`Wats`](crate::Wats); the deadlines of a call begin when its turn comes. After an ambiguous failure, of a broken connection or a deadline, the
    /// server may still receive the report later; submit the newest version again once the network works.
    ///
    /// # Errors
    /// [`Error::Report`] when the report has no id, [`Error::Data`] when it cannot be written or was read in less detail,
    /// [`Error::Unacknowledged`] when the answer does not name the report, or the call fails, as when a file has changed; a
    /// refusal has status 400 and the server's reasons.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::report::{Station, Unit};
    /// use wats_domains::{MeasurementLimits, UutReport};
    ///
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = UutReport::builder(unit, 100)
    ///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
    ///     .operator("Kari")
    ///     .numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))
    ///     .build()?;
    /// let submitted = api.report().submit(&report).await?;
    /// assert_eq!(submitted.id, report.id());
    /// # Ok(()) }
    /// ```
    pub fn submit(&self, report: &impl Borrow<Report>) -> Ask<Submitted> {
        self.submit_with(report, &SubmitOptions::default())
    }

    /// Submits a report with options.
    ///
    /// # Errors
    /// As [`submit`](Self::submit). Once the report is received nothing is an error any more: what hinders following it
    /// stands in [`SubmissionState::Pending`](super::SubmissionState::Pending).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, report: wats_domains::Report) -> wats_domains::Result<()> {
    /// use wats_domains::report::{ConfirmOptions, SubmissionState, SubmitMode, SubmitOptions};
    ///
    /// let options = SubmitOptions::default().mode(SubmitMode::Active).confirm(ConfirmOptions::default());
    /// let submitted = api.report().submit_with(&report, &options).await?;
    /// if let Some(SubmissionState::Quarantined { reason, .. }) = submitted.state {
    ///     eprintln!("the server could not store it: {}", reason.as_deref().unwrap_or("no reason given"));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn submit_with(
        &self,
        report: &impl Borrow<Report>,
        options: &SubmitOptions,
    ) -> Ask<Submitted> {
        let report = report.borrow();
        let written = options
            .check()
            .and_then(|()| sendable(report, options))
            .and_then(|id| Ok((id, body_of(report, options)?)));
        let options = options.clone();
        self.core.run(|core| async move {
            let (id, body) = written?;
            let _permit = core.submits().acquire(id).await;
            ReportService::new(&core)
                .submit_now(id, &body, &options)
                .await
        })
    }

    /// Sends a report that holds the permit of its id.
    async fn submit_now(
        &self,
        id: Uuid,
        body: &ReportBody,
        options: &SubmitOptions,
    ) -> Result<Submitted> {
        let before = self.before_confirm(id, options).await;
        let route = &route::submit;
        let call = upload::fill(route.call(), body).await?;
        let call = match &options.timeouts {
            Some(timeouts) => call.timeouts(timeouts.clone()),
            None => match upload::extend_timeout(self.core.http().timeouts(), body.len()) {
                Some(longer) => call.timeouts(longer),
                None => call,
            },
        };
        let submitted = self.send(route, id, call).await?;
        Ok(self.confirmed(id, before, submitted, options).await)
    }

    /// What is listed of a report before it is submitted, where that is needed to follow it.
    pub(super) async fn before_confirm(&self, id: Uuid, options: &SubmitOptions) -> Option<Listed> {
        match options.confirm {
            Some(_) => self.internal().listed(id).await.ok(),
            None => None,
        }
    }

    /// Follows what was submitted under this id, if the options ask for it.
    pub(super) async fn confirmed(
        &self,
        id: Uuid,
        before: Option<Listed>,
        mut submitted: Submitted,
        options: &SubmitOptions,
    ) -> Submitted {
        if let Some(confirm) = &options.confirm {
            let before = before.filter(|_| submitted.id == id);
            let internal = self.internal();
            let state = internal.confirm_since(submitted.id, before, confirm);
            submitted.state = Some(state.await);
        }
        submitted
    }

    /// Submits many reports, some at a time. One that fails stops no other: the outcome has what was submitted and what
    /// failed apart, each with its place in the list. Reports of the same id are sent one after the other in their order,
    /// so the last one is what stays.
    ///
    /// An outage is waited out ([`BulkOptions::outage_wait`]): while the client lets no call pass because the server keeps
    /// failing, reports wait, and one that failed in a way that passes is sent once more. [`BulkOptions::until`] stops in
    /// good order.
    ///
    /// **Memory.** Reports are taken from the list one by one when their turn comes, and then written; so only as many
    /// texts are in memory as are under way, and a list that makes each report when it is asked for (a `map` over files)
    /// never has all of them. A report that was written is dropped. Whoever wants it back, if it fails, gives an
    /// [`Arc`](std::sync::Arc) of it: that copies nothing. With [`SubmitOptions::confirm`], a report is under way until its
    /// state is known.
    ///
    /// # Errors
    /// [`Error::Config`] for options that cannot be kept; nothing is sent then.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, reports: Vec<wats_domains::UutReport>) -> wats_domains::Result<()> {
    /// use std::sync::Arc;
    /// use wats_domains::BulkOptions;
    /// use wats_domains::report::SubmitOptions;
    ///
    /// let reports: Vec<Arc<_>> = reports.into_iter().map(Arc::new).collect();
    /// let many = BulkOptions::default().progress(|progress| println!("{progress}"));
    /// let outcome = api.report().submit_many(reports.clone(), &SubmitOptions::default(), &many).await?;
    /// for (place, error) in &outcome.failed {
    ///     eprintln!("{}: {error:#}", reports[*place].id());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn submit_many<I>(
        &self,
        reports: I,
        options: &SubmitOptions,
        many: &BulkOptions,
    ) -> Ask<Partition<Submitted, Error>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Borrow<Report> + Send + 'static,
    {
        let reports = reports.into_iter();
        let checked = many
            .checked()
            .and_then(|checked| options.check().map(|()| checked));
        let options = options.clone();
        self.core.run(|core| async move {
            let (map, bulk) = checked?;
            let (service, options, bulk) = (&Self::new(&core), &options, &bulk);
            let submit = |report: I::Item| async move {
                let id = sendable(report.borrow(), options)?;
                // Kept while it is tried again, so that a newer one does not come before.
                let _permit = service.core.submits().acquire(id).await;
                let body = body_of(report.borrow(), options)?;
                drop(report);
                bulk.call(|| service.submit_now(id, &body, options)).await
            };
            Ok(map.partition(reports, submit).await)
        })
    }

    /// Submits a WSJF text as it is, byte for byte, but for a byte order mark in front, which is left out.
    ///
    /// # Errors
    /// [`Error::Codec`] or [`Error::Data`] when it is not JSON, [`Error::Report`] when it has no id; nothing is sent then.
    /// Otherwise as [`submit`](Self::submit).
    pub fn submit_wsjf(&self, wsjf: impl Into<Bytes>) -> Ask<Submitted> {
        let body: Bytes = wsjf.into();
        let body = body.slice_ref(text::without_mark(&body));
        let id = text::id_of_wsjf(&body).map_err(Error::from).and_then(known);
        self.send_text(&route::submit, id, body, "application/json")
    }

    /// Submits a WSJF text that may lack an id: it is given one then, and is sent byte for byte otherwise, but for a byte
    /// order mark in front, which is left out.
    ///
    /// The id is made from the text, so the same text submitted again, by whomever, overwrites and does not double.
    ///
    /// # Errors
    /// As [`submit_wsjf`](Self::submit_wsjf), also when there is an `id` and it is null, zeros, or no UUID.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> Result<(), Box<dyn std::error::Error>> {
    /// let submitted = api.report().submit_json(&std::fs::read("report.json")?).await?;
    /// println!("submitted as {}", submitted.id);
    /// # Ok(()) }
    /// ```
    pub fn submit_json(&self, json: &[u8]) -> Ask<Submitted> {
        let json = text::without_mark(json);
        let (id, body) = match text::id_of_wsjf(json) {
            Ok(None) => {
                let (id, body) = with_id(json);
                (Ok(id), body)
            }
            Ok(id) => (known(id), Bytes::copy_from_slice(json)),
            Err(error) => (Err(error.into()), Bytes::new()),
        };
        self.send_text(&route::submit, id, body, "application/json")
    }

    /// Submits a WSXF text (XML) as it is, byte for byte (`POST /api/Report/WSXF`). It must hold exactly one report.
    ///
    /// # Errors
    /// [`Error::Data`] when it is not WSXF with one report, [`Error::Report`] when that has no id; nothing is sent then.
    /// Otherwise as [`submit`](Self::submit).
    #[cfg(feature = "xml")]
    #[cfg_attr(docsrs, doc(cfg(feature = "xml")))]
    pub fn submit_wsxf(&self, wsxf: impl Into<Bytes>) -> Ask<Submitted> {
        let body = wsxf.into();
        let id = text::id_of_wsxf(&body).map_err(Error::from).and_then(known);
        self.send_text(&route::submit_wsxf, id, body, "application/xml")
    }

    fn send_text(
        &self,
        route: &'static Route,
        id: Result<Uuid>,
        body: Bytes,
        content_type: &'static str,
    ) -> Ask<Submitted> {
        self.core.run(|core| async move {
            let id = id?;
            let _permit = core.submits().acquire(id).await;
            let call = route.call().body(body, content_type);
            ReportService::new(&core).send(route, id, call).await
        })
    }

    pub(super) async fn send(&self, route: &Route, id: Uuid, call: Call) -> Result<Submitted> {
        self.send_seen(route, id, call, |_| ()).await
    }

    /// As [`send`](Self::send); the answer of a success is shown first.
    pub(super) async fn send_seen(
        &self,
        route: &Route,
        id: Uuid,
        call: Call,
        see: impl FnOnce(&Response) + Send,
    ) -> Result<Submitted> {
        let response = match self.core.send(route, call).await {
            Ok(response) => response,
            Err(error) => return Err(ProcessService::new(&self.core).explain(error).await),
        };
        see(&response);
        // One that is not JSON may come from somebody between us and the server.
        let answer = if response.body().iter().all(u8::is_ascii_whitespace) {
            Value::Null
        } else {
            self.core.decode(&response)?
        };
        Submitted::read(&answer, id).ok_or_else(|| unacknowledged(id, &response))
    }
}

fn unacknowledged(id: Uuid, response: &Response) -> Error {
    const SHOWN: usize = 200;
    let answer = String::from_utf8_lossy(response.body());
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    Error::Unacknowledged {
        id,
        answer: answer.chars().take(SHOWN).map(plain).collect(),
        attempts: response.attempts(),
    }
}

/// The report as it is sent: its bytes are fixed from here on.
fn body_of(report: &Report, options: &SubmitOptions) -> Result<ReportBody> {
    Ok(match options.mode {
        SubmitMode::Import => report.body()?,
        SubmitMode::Active => {
            let mut evaluated = report.clone();
            evaluate(&mut evaluated);
            evaluated.body()?
        }
    })
}

/// The id of a report that may be sent with these options.
pub(crate) fn sendable(report: &Report, options: &SubmitOptions) -> Result<Uuid> {
    if report.is_partial() && !options.partial {
        return Err(Error::Data(
            "the report was read in less detail, so submitting it would overwrite the whole by a part: read it whole \
             with `get`, or say `SubmitOptions::partial(true)`"
                .to_owned(),
        ));
    }
    match report.extra.get("id") {
        Some(Value::String(odd)) if report.id.is_none() => Err(text::no_uuid(odd).into()),
        Some(odd) if report.id.is_none() && !odd.is_null() => {
            Err(text::no_uuid(&odd.to_string()).into())
        }
        _ => known(report.id),
    }
}

/// The id, if it is one. Without an id the server makes one up, for an id of zeros too, and each repeat of the call would
/// store the report once more.
pub(crate) fn known(id: Option<Uuid>) -> Result<Uuid> {
    let problem = match id {
        Some(id) if !id.is_nil() => return Ok(id),
        Some(_) => "its id is all zeros, in place of which the server makes one up,",
        None => "it has no id,",
    };
    Err(Error::Report(vec![Finding::new(
        rules::ID_MISSING,
        format!(
            "{problem} so a repeat after a lost answer would store it twice; give it the id under which it is stored, \
             or a new UUID if it is not"
        ),
    )]))
}

/// Under which ids are made from texts.
pub(super) const TEXTS: Uuid = Uuid::from_u128(0x0d1f_5c64_8c52_4b0f_9a4e_6b0a_57f3_21ce);

/// A JSON object without an id, with the id that is made from it.
pub(super) fn with_id(json: &[u8]) -> (Uuid, Bytes) {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
