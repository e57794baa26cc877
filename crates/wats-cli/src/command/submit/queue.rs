//! Reports put into a queue on disk, and sent from there.

use std::path::Path;
use std::time::{Duration, Instant};

use wats::Wats;
use wats::queue::{
    Drain, DrainOptions, Ended, EnqueueOptions, Receipt, ReportQueue, Status, Stored,
};

use super::prepare::Prepared;
use super::row::Row;
use crate::Outcome;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupted;

/// How long a drain may take to come to its end.
const LAST: Duration = Duration::from_secs(10);

/// A queue of which it is waited for that it sends.
pub(super) struct Waiting {
    queue: ReportQueue,
    drain: Option<Drain>,
    wait: Duration,
    interrupted: Interrupted,
    kept: Vec<(Prepared, Receipt)>,
}

impl Waiting {
    pub(super) async fn open(
        wats: &Wats,
        folder: &Path,
        wait: Duration,
        interrupted: &Interrupted,
    ) -> Outcome<Self> {
        let queue = wats.queue(folder).open().await?;
        let drain = if wait.is_zero() {
            None
        } else {
            Some(queue.drain(DrainOptions::default())?)
        };
        Ok(Self {
            queue,
            drain,
            wait,
            interrupted: interrupted.clone(),
            kept: Vec::new(),
        })
    }

    /// Puts reports into the queue. They are on disk when this is ready.
    pub(super) async fn take(&mut self, reports: Vec<Prepared>) -> Outcome<Vec<Row>> {
        let mut failed = Vec::new();
        for report in reports {
            match enqueue(&self.queue, &report).await {
                // Its bytes are on disk and need no memory any more.
                Ok(receipt) => self.kept.push((report.without_bytes(), receipt)),
                Err(failure) => failed.push(report.failed(failure)),
            }
        }
        Ok(failed)
    }

    /// Waits until the reports are sent, and no longer than was said.
    pub(super) async fn finish(mut self) -> Outcome<Vec<Row>> {
        let until = Instant::now() + self.wait;
        let mut rows = Vec::new();
        for (report, receipt) in std::mem::take(&mut self.kept) {
            let left = if self.interrupted.is_told() {
                Duration::ZERO
            } else {
                until.saturating_duration_since(Instant::now())
            };
            let settled = self.queue.settled(&receipt, left);
            let status = tokio::select! {
                status = settled => status,
                () = self.interrupted.wait(), if !left.is_zero() => {
                    self.queue.settled(&receipt, Duration::ZERO).await
                }
            };
            rows.push(match status {
                Ok(status) => row_of(report, &receipt, status),
                Err(error) => report.failed(Failure::failed(error.to_string())),
            });
        }
        if let Some(drain) = self.drain.take() {
            drain.stop(LAST).await.map_err(wats::Error::from)?;
        }
        self.queue.close().await.map_err(wats::Error::from)?;
        Ok(rows)
    }
}

/// A queue for what could not be sent.
pub(super) struct Fallback(ReportQueue);

impl Fallback {
    /// Puts a report into the queue, which is opened when it is needed first.
    pub(super) async fn keep(
        opened: &mut Option<Self>,
        wats: &Wats,
        folder: &Path,
        report: &Prepared,
    ) -> Outcome<()> {
        let queue = match opened {
            Some(queue) => queue,
            None => {
                let queue = wats.queue(folder).open().await?;
                opened.insert(Self(queue))
            }
        };
        enqueue(&queue.0, report).await.map(drop)
    }

    pub(super) async fn close(self) -> Outcome<()> {
        Ok(self.0.close().await.map_err(wats::Error::from)?)
    }
}

async fn enqueue(queue: &ReportQueue, report: &Prepared) -> Outcome<Receipt> {
    let text = &report.text;
    // The rules were looked at before.
    let options = EnqueueOptions::default().unchecked(true);
    let stored = queue.enqueue_stored(report.id, text.format, text.text.clone(), &options);
    Ok(stored.await?)
}

fn row_of(report: Prepared, receipt: &Receipt, status: Status) -> Row {
    let (outcome, exit, message) = match status {
        Status::Ended(past) if past.ended == Ended::Sent => match receipt.outcome {
            Stored::AlreadySent(_) => ("sent", Exit::Done, Some("it was sent before".to_owned())),
            _ => ("sent", Exit::Done, None),
        },
        Status::Ended(past) if past.ended == Ended::Replaced => {
            let why = "a newer one of its id took its place";
            ("sent", Exit::Done, Some(why.to_owned()))
        }
        Status::Ended(past) => ("failed", Exit::Failed, Some(past.note)),
        Status::Open(item) => {
            let why = item.fault.as_ref().map(|fault| fault.text.clone());
            if item.state.is_set_aside() {
                ("set-aside", Exit::Refused, why)
            } else {
                ("queued", Exit::Queued, why)
            }
        }
        _ => (
            "failed",
            Exit::Failed,
            Some("the queue does not know it".to_owned()),
        ),
    };
    Row {
        exit,
        message,
        ..report.row(outcome)
    }
}
