//! How an item of a queue becomes a report on the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use wats_http::Response;
use wats_queue::{Body, Confirmation, Deliver, Fault, Item, Verdict};

use super::clock::ServerClock;
use super::entry::{self, Labels};
use super::{FutureStart, verdict};
use crate::client::Wats;
use crate::report::{StoredReport, SubmissionState};
use crate::server::ClockSkew;

/// A start may lie so many seconds ahead of the server's clock without harm.
const TOLERANCE: i64 = 60;

/// Sends reports to a server.
pub(super) struct Delivery {
    pub(super) wats: Wats,
    pub(super) clock: Arc<ServerClock>,
    pub(super) asked: AtomicBool,
    pub(super) confirm: bool,
    pub(super) future_start: FutureStart,
}

impl Delivery {
    /// What is done with a report that begins in the server's future, if it does.
    async fn too_early(&self, item: &Item) -> Option<Verdict> {
        if self.future_start == FutureStart::Send {
            return None;
        }
        let start = Labels::of(item).start?;
        // Asked once: later the answers to reports tell it. What goes wrong here goes wrong with the report as well.
        if self.clock.offset().is_none() && !self.asked.swap(true, Ordering::Relaxed) {
            let skew = self.wats.ping().await.ok().and_then(|ping| ping.clock_skew);
            if let Some(skew) = skew {
                self.clock.note(skew);
            }
        }
        let until = self.clock.until(start);
        if until <= jiff::SignedDuration::from_secs(TOLERANCE) {
            return None;
        }
        let until = until.unsigned_abs();
        let fault = Fault::new(
            "future start",
            format!(
                "it begins at {start}, {} s in the future by the server's clock, so the server could not store it",
                until.as_secs()
            ),
        );
        Some(match self.future_start {
            FutureStart::Park => Verdict::Refused(fault),
            _ => Verdict::Hold {
                lasting: until,
                fault,
            },
        })
    }
}

impl Deliver for Delivery {
    async fn deliver(&self, item: &Item, body: Body) -> Verdict {
        if let Some(verdict) = self.too_early(item).await {
            return verdict;
        }
        let text = match body {
            Body::Bytes(bytes) => StoredReport::Bytes(bytes),
            Body::File { path, len } => StoredReport::File { path, length: len },
            // The bodies of a queue may come to be elsewhere, too.
            other => match other.read() {
                Ok(bytes) => StoredReport::Bytes(bytes),
                Err(error) => {
                    return Verdict::Failed(Fault::new(
                        "body",
                        format!("it cannot be read: {error}"),
                    ));
                }
            },
        };
        let (id, format) = (entry::report_id(item), entry::format(item));
        let service = self.wats.report();
        let before = Timestamp::now();
        let see = |response: &Response| {
            let date = response
                .headers()
                .get("date")
                .and_then(|date| date.to_str().ok());
            if let Some(skew) = date.and_then(|date| ClockSkew::of(date, before, Timestamp::now()))
            {
                self.clock.note(skew);
            }
        };
        // Once: the queue repeats by itself, and tells the other processes what was answered.
        let sent = service.send_stored(id, format, text, 1, see).await;
        match sent {
            Ok(submitted) => {
                let reference = submitted.id.to_string();
                if self.confirm {
                    Verdict::Unconfirmed { reference }
                } else {
                    Verdict::Sent { reference }
                }
            }
            Err(error) => verdict::of(&error),
        }
    }

    fn credential(&self) -> u64 {
        let shown = self.wats.http().token_fingerprint().to_string();
        u64::from_str_radix(&shown, 16).unwrap_or_default()
    }

    fn clock_offset(&self) -> Option<i64> {
        let offset = self.clock.offset()?;
        Some(i64::try_from(offset.as_millis()).unwrap_or(i64::MAX))
    }

    async fn confirm(&self, items: &[(Item, String)]) -> Vec<(i64, Confirmation)> {
        let ids = items
            .iter()
            .map(|(item, reference)| reference.parse().unwrap_or_else(|_| entry::report_id(item)));
        let states = self.wats.report().internal().states(ids).await;
        // Not to know is no reason to do anything: it is asked again.
        let states = states.unwrap_or_default();
        items
            .iter()
            .zip(states)
            .filter_map(|((item, _), state)| {
                let found = match state {
                    SubmissionState::Stored => Confirmation::Stored,
                    SubmissionState::Quarantined { state, reason } => {
                        let reason =
                            reason.unwrap_or_else(|| "the server does not say why".to_owned());
                        let letter = state.state.unwrap_or_default();
                        let text = format!("in quarantine (state {letter}): {reason}");
                        Confirmation::Quarantined(Fault::new("quarantine", text))
                    }
                    SubmissionState::Pending { .. } => return None,
                };
                Some((item.seq, found))
            })
            .collect()
    }
}
