//! A report as a row of the database, and back.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::reports::{Journey, NewReport, Reports, State, StoredReport};

/// All that is known of a report: its bytes (WSJF and WSXF) as stored and as they wait, the rest as JSON.
pub(super) struct ReportRow {
    pub(super) json: Value,
    pub(super) stored: (Option<Bytes>, Option<Bytes>),
    pub(super) waiting: (Option<Bytes>, Option<Bytes>),
}

impl Reports {
    /// The row of a report; none if nothing is known of it.
    pub(super) fn row(&self, id: &Uuid) -> Option<ReportRow> {
        let journey = self.journeys.get(id)?;
        let stored = self.stored.get(id);
        let waiting = journey.waiting.as_ref();
        let json = json!({
            "state": journey.state.letter(),
            "number": journey.number,
            "receipt": journey.receipt,
            "received": journey.received.to_string(),
            "receiveCount": journey.receive_count,
            "attempts": journey.attempts,
            "lastAttempt": journey.last_attempt.map(|time| time.to_string()),
            "reason": journey.reason,
            "doom": journey.doom,
            "stored": stored.map(|stored| json!({
                "header": stored.header, "timeStamp": stored.time_stamp, "run": stored.run,
            })),
            "waiting": waiting.map(|waiting| json!({
                "header": waiting.header,
                "start": waiting.start.map(|time| time.to_string()),
                "runKey": waiting.run_key,
                "passed": waiting.passed,
            })),
        });
        Some(ReportRow {
            json,
            stored: stored
                .map(|stored| (stored.wsjf.clone(), stored.wsxf.clone()))
                .map_or((None, None), some_first),
            waiting: waiting
                .map(|waiting| (waiting.wsjf.clone(), waiting.wsxf.clone()))
                .map_or((None, None), some_first),
        })
    }

    /// Takes in a row that [`row`](Self::row) made; none if it is not one.
    pub(super) fn restore(&mut self, id: Uuid, row: ReportRow) -> Option<()> {
        let json = &row.json;
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let number = |name: &str| json.get(name).and_then(Value::as_u64);
        if let Some(stored) = json.get("stored").and_then(Value::as_object) {
            let stored = Arc::new(StoredReport {
                wsjf: row.stored.0?,
                wsxf: row.stored.1,
                header: object(stored, "header")?,
                time_stamp: stored.get("timeStamp")?.as_u64()?,
                run: stored.get("run")?.as_u64()?,
            });
            self.count_run(&stored);
            self.last_time_stamp = self.last_time_stamp.max(stored.time_stamp);
            self.stored.insert(id, stored);
        }
        let waiting = match json.get("waiting").and_then(Value::as_object) {
            Some(waiting) => Some(NewReport {
                id,
                wsjf: row.waiting.0?,
                wsxf: row.waiting.1,
                header: object(waiting, "header")?,
                start: waiting.get("start").and_then(time),
                run_key: serde_json::from_value(waiting.get("runKey")?.clone()).ok()?,
                passed: waiting.get("passed")?.as_bool()?,
            }),
            None => None,
        };
        let journey = Journey {
            state: State::of(text("state")?)?,
            number: number("number")?,
            receipt: number("receipt")?,
            received: json.get("received").and_then(time)?,
            receive_count: number("receiveCount")?,
            attempts: number("attempts")?,
            last_attempt: json.get("lastAttempt").and_then(time),
            reason: text("reason").map(str::to_owned),
            doom: text("doom").map(str::to_owned),
            waiting,
            due: None,
        };
        self.receipts = self.receipts.max(journey.receipt);
        self.journeys.insert(id, journey);
        Some(())
    }

    /// Counts the run of a stored report among those of its unit and process.
    fn count_run(&mut self, stored: &StoredReport) {
        let text = |name: &str| {
            stored
                .header
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let process = stored
            .header
            .get("processCode")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let runs = self
            .runs
            .entry((text("serialNumber"), text("partNumber"), process))
            .or_default();
        runs.count = runs.count.max(stored.run);
        if text("result") == "Passed" {
            runs.passed_in = Some(
                runs.passed_in
                    .map_or(stored.run, |first| first.min(stored.run)),
            );
        }
    }
}

fn some_first<T>((first, second): (T, Option<T>)) -> (Option<T>, Option<T>) {
    (Some(first), second)
}

fn object(of: &Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    of.get(name).and_then(Value::as_object).cloned()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
