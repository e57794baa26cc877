//! Routes that the server uses itself and does not publish: what became of a report after its 200, and the quarantine.
//!
//! They may change with any version of the server, and a token may not be allowed to use them.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::route;
use super::{HeaderField, HeaderQuery, ReportHeader, ReportService};
use crate::argument;
use crate::ask::service::service;
use crate::ask::{Ask, Kept};
use crate::error::{Error, Result, none_if_missing};
use crate::odata::Filter;
use wats_report::wire;

wire! {
    /// How far the server has come with a report (`ReportsProcessingStatus`).
    pub struct ReportState {
        /// Identifier of the report.
        "uuid" => id: Uuid,
        /// A letter. Known are `E` (could not be stored, will be tried again) and `I` (invalid: tried too often).
        "State" => state: String,
        /// When it is to be processed, in UTC.
        "ProcessAtUtc" => process_at: String,
        /// When it was received last.
        "ReceiveDate" => received: String,
        /// How often it was received.
        "ReceiveCount" => receive_count: i32,
        /// When the server tried last to store it.
        "LastAttempt" => last_attempt: String,
        /// How often it has tried.
        "Attempts" => attempts: i32,
    }

    /// A report in quarantine. What the server answers is not published; members without a field, such as the reason,
    /// are in `extra`.
    pub struct QuarantinedReport {
        /// Identifier of the report.
        "uuid" => id: Uuid,
        /// A letter, as in [`ReportState`].
        "State" => state: String,
        /// When it was received last.
        "ReceiveDate" => received: String,
        /// When the server tried last to store it.
        "LastAttempt" => last_attempt: String,
        /// How often it has tried.
        "Attempts" => attempts: i32,
    }
}

impl ReportState {
    /// Whether the report is in quarantine.
    pub fn is_quarantined(&self) -> bool {
        self.letter()
            .is_some_and(|letter| matches!(letter, 'E' | 'I'))
    }

    /// Whether the server has given it up.
    pub fn is_invalid(&self) -> bool {
        self.letter() == Some('I')
    }

    /// Some versions may write the word.
    fn letter(&self) -> Option<char> {
        self.state.as_deref()?.trim().chars().next()
    }
}

impl QuarantinedReport {
    /// Why the report is there, if a member of the answer says so.
    pub fn reason(&self) -> Option<&str> {
        let says_why = |name: &str| {
            let name = name.to_ascii_lowercase();
            ["error", "reason", "message"]
                .iter()
                .any(|word| name.contains(word))
        };
        self.extra
            .iter()
            .filter(|(name, _)| says_why(name))
            .find_map(|(_, value)| value.as_str().filter(|text| !text.trim().is_empty()))
    }
}

/// For how long to follow a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfirmOptions {
    /// Longest time in all, more than none; a minute by default.
    pub timeout: Duration,
    /// Pause before the second look, more than none; a quarter of a second by default. Each further one is twice as long.
    pub first_pause: Duration,
    /// Longest pause, more than none; 10 s by default.
    pub longest_pause: Duration,
}

impl Default for ConfirmOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
        }
    }
}

impl ConfirmOptions {
    /// Sets the longest time in all.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Sets the pause before the second look; each further one is twice as long.
    pub fn first_pause(mut self, time: Duration) -> Self {
        self.first_pause = time;
        self
    }

    /// Sets the longest pause.
    pub fn longest_pause(mut self, time: Duration) -> Self {
        self.longest_pause = time;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        for (option, time) in [
            ("timeout", self.timeout),
            ("first_pause", self.first_pause),
            ("longest_pause", self.longest_pause),
        ] {
            if time.is_zero() {
                return Err(Error::Config(format!(
                    "ConfirmOptions::{option} is zero, so the report could not be followed, or would be looked at \
                     without a pause"
                )));
            }
        }
        Ok(())
    }
}

/// What became of a report that the server had received.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[must_use = "a report that was received may be in quarantine, and not stored"]
pub enum SubmissionState {
    /// It is stored: it is in the lists of headers.
    Stored,
    /// It is in quarantine and cannot be read. Unless it is invalid the server tries again, and so can
    /// [`retry`](InternalReports::retry).
    Quarantined {
        /// What the server says of its state.
        state: Box<ReportState>,
        /// Why, if the list of the quarantine says so.
        reason: Option<String>,
    },
    /// It is not known yet: the time was over, or looking failed.
    Pending {
        /// What the server said last of its state.
        state: Option<Box<ReportState>>,
        /// What went wrong when looking last.
        trouble: Option<String>,
    },
}

impl SubmissionState {
    /// Whether the report is stored.
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Stored)
    }
}

service! {
    /// Internal operations on reports; from [`ReportService::internal`].
    pub struct InternalReports, internal of ReportService;
}

impl InternalReports {
    /// How far the server has come with a report (`GET /api/internal/Report/GetReportState/{id}`); `None` if it does not
    /// know it.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn state(&self, id: Uuid) -> Ask<Option<ReportState>> {
        let route = &route::internal::state;
        let call = route.call().path("id", id);
        self.core
            .run(|core| async move { none_if_missing(core.ask(route, Ok(call)).await) })
    }

    /// Follows a report that was received until it is stored or quarantined, at most for the time given.
    ///
    /// It is stored when its header is listed, which is public; that it is quarantined is only told by the internal state.
    /// A report that was stored before counts as stored when it is listed as often received as the state says. Where that
    /// route cannot be used, it must be listed with a higher `receiveCount` or `timeStamp` than before: before the submit
    /// with [`SubmitOptions::confirm`](super::SubmitOptions::confirm), else at the first look. What cannot be told stays
    /// [`SubmissionState::Pending`] with the reason, as does a report in quarantine.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::report::{ConfirmOptions, SubmissionState};
    ///
    /// match api.report().internal().confirm(id, &ConfirmOptions::default()).await? {
    ///     SubmissionState::Stored => println!("stored"),
    ///     other => eprintln!("not stored: {other:?}"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`] for a time of zero. What hinders following the report is no error, but stands in
    /// [`SubmissionState::Pending`].
    pub fn confirm(&self, id: Uuid, options: &ConfirmOptions) -> Ask<SubmissionState> {
        let options = *options;
        let internal = self.clone();
        self.core.run(|_| async move {
            options.check()?;
            Ok(internal.confirm_since(id, None, &options).await)
        })
    }

    /// As [`confirm`](Self::confirm), with what was listed before the report was submitted.
    pub(super) async fn confirm_since(
        &self,
        id: Uuid,
        before: Option<Listed>,
        options: &ConfirmOptions,
    ) -> SubmissionState {
        let mut seen = Seen {
            before,
            ..Seen::default()
        };
        let state = timeout(options.timeout, self.follow(id, options, &mut seen)).await;
        if let Ok(Some(SubmissionState::Stored)) = state {
            // Lists that were read between the submit and now lack it.
            self.core.clear(Kept::Headers);
            self.core.clear(Kept::Analytics);
        }
        state
            .ok()
            .flatten()
            .unwrap_or_else(|| SubmissionState::Pending {
                state: seen.state.map(Box::new),
                trouble: seen.trouble,
            })
    }

    /// What the public list says of a report.
    pub(super) async fn listed(&self, id: Uuid) -> Result<Listed> {
        let query = HeaderQuery::default()
            .filter(Filter::eq(HeaderField::Id, id))
            .select([
                HeaderField::Id,
                HeaderField::ReceiveCount,
                HeaderField::TimeStamp,
            ])
            .top(1);
        let headers = ReportService::new(&self.core)
            .headers(&query)
            .live()
            .await?;
        Ok(Listed(headers.first().map(Version::of)))
    }

    /// Looks until something is known; `None` when looking again would not help.
    async fn follow(
        &self,
        id: Uuid,
        options: &ConfirmOptions,
        seen: &mut Seen,
    ) -> Option<SubmissionState> {
        let mut pause = options.first_pause;
        loop {
            match self.look(id, seen).await {
                Ok(Some(state)) => return Some(state),
                Ok(None) => {}
                Err(error) => {
                    let hopeless = !error.is_retryable();
                    seen.trouble = Some(format!("{error:#}"));
                    if hopeless {
                        return None;
                    }
                }
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(options.longest_pause);
        }
    }

    /// One look at a report.
    async fn look(&self, id: Uuid, seen: &mut Seen) -> Result<Option<SubmissionState>> {
        let mut untold = None;
        seen.state = match self.state(id).await {
            Ok(state) => state,
            // The public list alone must do then.
            Err(error) if is_forbidden(&error) => {
                untold = Some(format!("{error:#}"));
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(state) = seen.state.as_ref().filter(|state| state.is_quarantined()) {
            return Ok(Some(SubmissionState::Quarantined {
                state: Box::new(state.clone()),
                reason: self.reason(id).await,
            }));
        }
        let listed = self.listed(id).await?;
        let before = *seen.before.get_or_insert(listed);
        let Listed(Some(version)) = listed else {
            seen.trouble = None;
            return Ok(None);
        };
        let received = seen.state.as_ref().and_then(|state| state.receive_count);
        let (stored, known) = match (version.received, received) {
            (Some(listed), Some(received)) => (listed >= received, true),
            _ => (version.is_newer(before), false),
        };
        seen.trouble = (!stored && !known).then(|| {
            format!(
                "it is listed, but whether as it was submitted or as an earlier version cannot be told without its \
                 state: {}",
                untold.as_deref().unwrap_or("the server does not tell it")
            )
        });
        Ok(stored.then_some(SubmissionState::Stored))
    }

    /// What became of many reports that were received, in one look: a few queries for their headers
    /// ([`headers_many`](ReportService::headers_many)), and a look at those alone of which these do not tell it, 5 at once.
    /// States stand in the order of the ids. What is not known yet is [`SubmissionState::Pending`].
    pub fn states(&self, ids: impl IntoIterator<Item = Uuid>) -> Ask<Vec<SubmissionState>> {
        const AT_ONCE: usize = 5;
        let ids: Vec<Uuid> = ids.into_iter().collect();
        self.core.run(|core| async move {
            let internal = ReportService::new(&core).internal();
            let listed = ReportService::look_up(&core, ids.clone()).await?;
            // One that was received once only, and is listed, is stored as it was submitted.
            let stored: HashSet<usize> = listed
                .ok
                .into_iter()
                .filter(|(_, header)| header.receive_count == Some(1))
                .map(|(place, _)| place)
                .collect();
            let look = |(place, id): (usize, Uuid)| {
                let internal = &internal;
                let stored = stored.contains(&place);
                async move {
                    if stored {
                        return SubmissionState::Stored;
                    }
                    internal.look_once(id).await
                }
            };
            let looks = stream::iter(ids.into_iter().enumerate().map(look));
            let states: Vec<_> = looks.buffered(AT_ONCE).collect().await;
            if states.iter().any(SubmissionState::is_stored) {
                core.clear(Kept::Headers);
                core.clear(Kept::Analytics);
            }
            Ok(states)
        })
    }

    async fn look_once(&self, id: Uuid) -> SubmissionState {
        let mut seen = Seen::default();
        let trouble = match self.look(id, &mut seen).await {
            Ok(Some(state)) => return state,
            Ok(None) => seen.trouble,
            Err(error) => Some(format!("{error:#}")),
        };
        SubmissionState::Pending {
            state: seen.state.map(Box::new),
            trouble,
        }
    }

    /// Why a report is in quarantine. Not to know is no reason to fail.
    async fn reason(&self, id: Uuid) -> Option<String> {
        let listed = self.quarantine().await.ok()?;
        let ours = listed.iter().find(|report| report.id == Some(id))?;
        ours.reason().map(str::to_owned)
    }

    /// The reports in quarantine, at most 1000 (`GET /api/internal/Quarantine`).
    pub fn quarantine(&self) -> Ask<Vec<QuarantinedReport>> {
        let route = &route::internal::quarantine;
        self.core.ask(route, Ok(route.call()))
    }

    /// Lets the server try again to store reports in quarantine (`POST /api/internal/Quarantine/Retry`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty list, which would mean all of them; or the call fails.
    pub fn retry(&self, ids: &[Uuid]) -> Ask<()> {
        let route = &route::internal::retry;
        self.core.tell(
            route,
            argument::ids("ids", ids).map(|ids| route.call().json(ids)),
        )
    }

    /// Lets the server try again to store reports whose start was wrong, each with a new one
    /// (`POST /api/internal/Quarantine/Retry/Future`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty list; or the call fails.
    pub fn retry_at(&self, starts: &[(Uuid, Timestamp)]) -> Ask<()> {
        let route = &route::internal::retry_at;
        let ids: Vec<Uuid> = starts.iter().map(|(id, _)| *id).collect();
        let call = argument::ids("starts", &ids).map(|_| {
            let starts: serde_json::Map<String, Value> = starts
                .iter()
                .map(|(id, start)| (id.to_string(), start.to_string().into()))
                .collect();
            route.call().json(&starts)
        });
        self.core.tell(route, call)
    }

    /// Deletes reports in quarantine for good (`DELETE /api/internal/Quarantine`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty list; or the call fails. It is not repeated: a report of the same id may have come
    /// meanwhile.
    pub fn delete_quarantined(&self, ids: &[Uuid]) -> Ask<()> {
        let route = &route::internal::delete_quarantined;
        self.core.tell(
            route,
            argument::ids("ids", ids).map(|ids| route.call().json(ids)),
        )
    }
}

/// What was seen while a report was followed.
#[derive(Default)]
struct Seen {
    state: Option<ReportState>,
    trouble: Option<String>,
    /// What was listed at first.
    before: Option<Listed>,
}

/// What the public list says of a report; `None` if it is not listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed(Option<Version>);

/// Which version of a report is listed.
#[derive(Debug, Clone, Copy)]
struct Version {
    received: Option<i32>,
    time_stamp: Option<i64>,
}

impl Version {
    fn of(header: &ReportHeader) -> Self {
        Self {
            received: header.receive_count,
            time_stamp: header.time_stamp,
        }
    }

    /// Whether the server has stored the report since.
    fn is_newer(self, before: Listed) -> bool {
        let Listed(Some(before)) = before else {
            return true;
        };
        let more = |now: Option<i64>, then: Option<i64>| matches!((now, then), (Some(now), Some(then)) if now > then);
        more(self.received.map(i64::from), before.received.map(i64::from))
            || more(self.time_stamp, before.time_stamp)
    }
}

/// Whether the route is not for us.
fn is_forbidden(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| matches!(status.as_u16(), 403 | 405 | 410 | 501))
}
