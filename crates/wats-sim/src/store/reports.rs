//! Reports: received, processed, perhaps quarantined.
//!
//! A report that was answered with 200 is received; processing gives it its place among the stored
//! ones, or puts it into quarantine. Unless reports are held back, processing follows at once, or when it was told to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

/// After this many attempts a quarantined report is invalid.
const MAX_ATTEMPTS: u64 = 24;

/// A report on its way into the store.
#[derive(Debug)]
pub(crate) struct NewReport {
    pub(crate) id: Uuid,
    /// The report as WSJF: as it was received, or as it was made of what was.
    pub(crate) wsjf: Bytes,
    /// The report as it was received, if that was WSXF.
    pub(crate) wsxf: Option<Bytes>,
    /// The header and its lists, without the members the store adds.
    pub(crate) header: Map<String, Value>,
    pub(crate) start: Option<Timestamp>,
    /// Whose test runs are counted together.
    pub(crate) run_key: RunKey,
    pub(crate) passed: bool,
}

/// How a report is processed that was taken in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Processing {
    /// How long after the answer.
    pub(crate) after: Duration,
    /// Why the first attempt fails on purpose.
    pub(crate) doom: Option<String>,
}

/// Serial number, part number, process code.
pub(crate) type RunKey = (String, String, i64);

/// A report as it was received, with its header.
#[derive(Debug)]
pub(crate) struct StoredReport {
    pub(crate) wsjf: Bytes,
    pub(crate) wsxf: Option<Bytes>,
    pub(crate) header: Map<String, Value>,
    /// The order of processing, 1 for the first.
    pub(crate) time_stamp: u64,
    pub(super) run: u64,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Received, not processed yet.
    Received,
    /// Processed: it can be read.
    Processed,
    /// In quarantine, to be tried again.
    Error,
    /// In quarantine for good.
    Invalid,
}

impl State {
    /// The server's letter; only E and I are published.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Received => "R",
            Self::Processed => "P",
            Self::Error => "E",
            Self::Invalid => "I",
        }
    }

    /// The state with this letter.
    #[cfg(feature = "data")]
    pub(super) fn of(letter: &str) -> Option<Self> {
        let all = [Self::Received, Self::Processed, Self::Error, Self::Invalid];
        all.into_iter().find(|state| state.letter() == letter)
    }

    fn is_quarantined(self) -> bool {
        matches!(self, Self::Error | Self::Invalid)
    }
}

/// What is known of the way of one report.
#[derive(Debug)]
pub(super) struct Journey {
    pub(super) state: State,
    /// The number the server gave when it first saw the id.
    pub(super) number: u64,
    /// Its place among all receipts.
    pub(super) receipt: u64,
    pub(super) received: Timestamp,
    pub(super) receive_count: u64,
    pub(super) attempts: u64,
    pub(super) last_attempt: Option<Timestamp>,
    pub(super) reason: Option<String>,
    /// Why the next attempt fails on purpose.
    pub(super) doom: Option<String>,
    pub(super) waiting: Option<NewReport>,
    /// When it is processed, if not at once.
    pub(super) due: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct Reports {
    pub(super) stored: HashMap<Uuid, Arc<StoredReport>>,
    pub(super) journeys: HashMap<Uuid, Journey>,
    pub(super) runs: HashMap<RunKey, Runs>,
    pub(super) receipts: u64,
    pub(super) last_time_stamp: u64,
    held: bool,
    /// When the next report is due that waits for its time.
    next_due: Option<Instant>,
    limit: usize,
    /// Stored since they were last asked for, and whether for the first time.
    news: Vec<(Arc<StoredReport>, bool)>,
    /// Ids of what changed since this was last asked for.
    changed: Vec<Uuid>,
}

#[derive(Debug, Default)]
pub(super) struct Runs {
    pub(super) count: u64,
    pub(super) passed_in: Option<u64>,
}

impl Runs {
    /// Counts one more run; answers its number and the run that passed first.
    fn next(&mut self, passed: bool) -> (u64, Option<u64>) {
        self.count += 1;
        (self.count, self.seen(self.count, passed))
    }

    fn seen(&mut self, run: u64, passed: bool) -> Option<u64> {
        if passed {
            self.passed_in.get_or_insert(run);
        }
        self.passed_in
    }
}

impl Reports {
    /// For at most `limit` reports.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(crate) fn get(&self, id: &Uuid) -> Option<Arc<StoredReport>> {
        self.stored.get(id).cloned()
    }

    /// All stored reports, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<StoredReport>> {
        self.stored.values().cloned().collect()
    }

    /// What was stored since this was last asked, and whether for the first time.
    pub(crate) fn take_news(&mut self) -> Vec<(Arc<StoredReport>, bool)> {
        std::mem::take(&mut self.news)
    }

    /// The ids of what changed since this was last asked.
    pub(super) fn take_changed(&mut self) -> Vec<Uuid> {
        std::mem::take(&mut self.changed)
    }

    #[cfg(feature = "data")]
    pub(super) fn put_back_changed(&mut self, ids: Vec<Uuid>) {
        self.changed.extend(ids);
    }

    /// Receives a report, over an earlier one of its id; answers the number of the id. How it is
    /// processed is told by `processing`.
    pub(crate) fn receive(
        &mut self,
        report: NewReport,
        processing: Processing,
        now: Timestamp,
    ) -> Result<u64, String> {
        let id = report.id;
        let known = self.journeys.get(&id);
        if known.is_none() && self.journeys.len() >= self.limit {
            return Err(format!(
                "The server keeps at most {} reports and drops none.",
                self.limit
            ));
        }
        self.changed.push(id);
        self.receipts += 1;
        let Processing { after, doom } = processing;
        let due = (!after.is_zero()).then(|| Instant::now().checked_add(after));
        let due = due.flatten();
        self.next_due = [self.next_due, due].into_iter().flatten().min();
        let number = known.map_or(self.journeys.len() as u64 + 1, |known| known.number);
        let receive_count = known.map_or(0, |known| known.receive_count) + 1;
        self.journeys.insert(
            id,
            Journey {
                state: State::Received,
                number,
                receipt: self.receipts,
                received: now,
                receive_count,
                attempts: 0,
                last_attempt: None,
                reason: None,
                doom,
                waiting: Some(report),
                due,
            },
        );
        if !self.held && due.is_none() {
            self.process(id, now);
        }
        Ok(number)
    }

    /// Holds back the processing of what is received from now on, or ends that: then all that waits
    /// is processed in the order of its receipt.
    pub(crate) fn hold(&mut self, held: bool, now: Timestamp) {
        self.held = held;
        if held {
            return;
        }
        for id in self.in_order(|journey| journey.is_received() && journey.due.is_none()) {
            self.process(id, now);
        }
    }

    /// Whether there are reports whose time to be processed has come.
    pub(crate) fn are_due(&self, at: Instant) -> bool {
        !self.held && self.next_due.is_some_and(|due| due <= at)
    }

    /// Processes the reports whose time has come.
    pub(crate) fn process_due(&mut self, at: Instant, now: Timestamp) {
        let is_due = |journey: &Journey| journey.due.is_some_and(|due| due <= at);
        for id in self.in_order(|journey| journey.is_received() && is_due(journey)) {
            self.process(id, now);
        }
        let waiting = self
            .journeys
            .values()
            .filter(|journey| journey.is_received());
        self.next_due = waiting.filter_map(|journey| journey.due).min();
    }

    /// Tries those in quarantine again; without ids, all of them. Answers how many were tried.
    pub(crate) fn retry(&mut self, ids: &[Uuid], now: Timestamp) -> usize {
        let chosen = self.in_order(|journey| journey.state.is_quarantined());
        let mut tried = 0;
        for id in chosen {
            if ids.is_empty() || ids.contains(&id) {
                self.process(id, now);
                tried += 1;
            }
        }
        tried
    }

    /// Sets the start of a report in quarantine and tries it again.
    pub(crate) fn retry_at(&mut self, id: Uuid, start: Timestamp, now: Timestamp) -> bool {
        let Some(journey) = self.journeys.get_mut(&id) else {
            return false;
        };
        let Some(report) = journey
            .waiting
            .as_mut()
            .filter(|_| journey.state.is_quarantined())
        else {
            return false;
        };
        report.start = Some(start);
        report
            .header
            .insert("start".to_owned(), start.to_string().into());
        self.process(id, now);
        true
    }

    /// Forgets reports in quarantine; answers how many there were.
    pub(crate) fn delete_quarantined(&mut self, ids: &[Uuid]) -> usize {
        let mut deleted = 0;
        for id in ids {
            let Some(journey) = self.journeys.get_mut(id) else {
                continue;
            };
            if !journey.state.is_quarantined() {
                continue;
            }
            deleted += 1;
            self.changed.push(*id);
            if self.stored.contains_key(id) {
                // What was stored of this id before stays.
                journey.state = State::Processed;
                journey.waiting = None;
            } else {
                self.journeys.remove(id);
            }
        }
        deleted
    }

    /// The state of a report, as the server answers it.
    pub(crate) fn state(&self, id: &Uuid) -> Option<Value> {
        self.journeys.get(id).map(|journey| journey.row(id))
    }

    /// Those in quarantine, first received first.
    pub(crate) fn quarantined(&self) -> Vec<Value> {
        self.in_order(|journey| journey.state.is_quarantined())
            .iter()
            .filter_map(|id| {
                let journey = self.journeys.get(id)?;
                let mut row = journey.row(id);
                row["ErrorMessage"] = journey.reason.clone().into();
                Some(row)
            })
            .collect()
    }

    fn in_order(&self, fits: impl Fn(&Journey) -> bool) -> Vec<Uuid> {
        let mut found: Vec<_> = self
            .journeys
            .iter()
            .filter(|(_, journey)| fits(journey))
            .map(|(id, journey)| (journey.receipt, *id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// One attempt to store what waits.
    fn process(&mut self, id: Uuid, now: Timestamp) {
        let Some(journey) = self.journeys.get_mut(&id) else {
            return;
        };
        let Some(report) = journey.waiting.take() else {
            return;
        };
        self.changed.push(id);
        journey.attempts += 1;
        journey.last_attempt = Some(now);
        let in_future = report.start.filter(|start| *start > now);
        let reason = journey
            .doom
            .take()
            .or_else(|| in_future.map(|start| format!("The start time {start} is in the future.")));
        if let Some(reason) = reason {
            journey.state = if journey.attempts < MAX_ATTEMPTS {
                State::Error
            } else {
                State::Invalid
            };
            journey.reason = Some(reason);
            journey.waiting = Some(report);
            return;
        }
        journey.state = State::Processed;
        journey.reason = None;
        let receive_count = journey.receive_count;
        self.store(report, receive_count);
    }

    fn store(&mut self, report: NewReport, receive_count: u64) {
        self.last_time_stamp += 1;
        // A repeated report keeps its run and adds no new key, so there are never more keys than
        // reports.
        let (run, passed_in) = match self.stored.get(&report.id) {
            None => self
                .runs
                .entry(report.run_key)
                .or_default()
                .next(report.passed),
            Some(known) => {
                let runs = self.runs.get_mut(&report.run_key);
                (
                    known.run,
                    runs.and_then(|runs| runs.seen(known.run, report.passed)),
                )
            }
        };
        let mut header = report.header;
        header.insert("timeStamp".to_owned(), self.last_time_stamp.into());
        header.insert("receiveCount".to_owned(), receive_count.into());
        header.insert(
            "reportSize".to_owned(),
            report.wsjf.len().div_ceil(1024).into(),
        );
        header.insert("run".to_owned(), run.into());
        header.insert("passedInRun".to_owned(), passed_in.into());
        let stored = StoredReport {
            wsjf: report.wsjf,
            wsxf: report.wsxf,
            header,
            time_stamp: self.last_time_stamp,
            run,
        };
        let stored = Arc::new(stored);
        let is_new = self.stored.insert(report.id, Arc::clone(&stored)).is_none();
        self.news.push((stored, is_new));
    }
}

impl Journey {
    fn is_received(&self) -> bool {
        self.state == State::Received
    }

    fn row(&self, id: &Uuid) -> Value {
        json!({
            "uuid": id.to_string(),
            "State": self.state.letter(),
            "ProcessAtUtc": self.received.to_string(),
            "ReceiveDate": self.received.to_string(),
            "ReceiveCount": self.receive_count,
            "LastAttempt": self.last_attempt.map(|at| at.to_string()),
            "Attempts": self.attempts,
        })
    }
}
