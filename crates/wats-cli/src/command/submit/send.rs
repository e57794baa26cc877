//! Reports sent to the server, some at a time.

#[cfg(feature = "queue")]
use std::path::PathBuf;

use wats::report::{SubmissionState, SubmitOptions, Submitted};
use wats::{BulkOptions, Error, Wats};

use super::prepare::Prepared;
#[cfg(feature = "queue")]
use super::queue;
use super::row::Row;
use crate::Outcome;
use crate::exit::Exit;
use crate::failure::Failure;

/// The server.
pub(super) struct Server {
    pub(super) wats: Wats,
    pub(super) options: SubmitOptions,
    pub(super) many: BulkOptions,
    /// The folder of the queue for what cannot be sent, if there is to be one.
    #[cfg(feature = "queue")]
    pub(super) or_queue: Option<PathBuf>,
    /// That queue, once it was needed.
    #[cfg(feature = "queue")]
    pub(super) fallback: Option<queue::Fallback>,
    /// Whether the token was refused: nothing further is tried.
    pub(super) refused: bool,
}

impl Server {
    /// Sends reports, and says of each what became of it.
    pub(super) async fn send(&mut self, reports: Vec<Prepared>) -> Outcome<Vec<Row>> {
        if self.refused {
            let rows = reports.into_iter().map(|report| {
                let why = "the token was refused before";
                report.failed(Failure::new(Exit::Access, why))
            });
            return Ok(rows.collect());
        }
        let texts: Vec<_> = reports
            .iter()
            .map(|report| (report.id, report.text.format, report.text.text.clone()))
            .collect();
        let service = self.wats.report();
        let outcome = service
            .submit_stored_many(texts, &self.options, &self.many)
            .await?;
        let mut outcomes: Vec<Option<Result<Submitted, Error>>> =
            reports.iter().map(|_| None).collect();
        let sent = outcome.ok.into_iter().map(|(at, sent)| (at, Ok(sent)));
        let failed = outcome.failed.into_iter().map(|(at, why)| (at, Err(why)));
        for (at, outcome) in sent.chain(failed) {
            if let Some(place) = outcomes.get_mut(at) {
                *place = Some(outcome);
            }
        }
        let mut rows = Vec::new();
        for (report, outcome) in reports.into_iter().zip(outcomes) {
            rows.push(match outcome {
                Some(Ok(submitted)) => row_of(report, &submitted),
                Some(Err(error)) => self.row_of_failure(report, error).await,
                None => report.failed(Failure::from(Error::Stopped)),
            });
        }
        Ok(rows)
    }

    async fn row_of_failure(&mut self, report: Prepared, error: Error) -> Row {
        let was_refused = error.status().is_some_and(|status| status.as_u16() == 401);
        let failure = Failure::from(error);
        self.refused |= was_refused;
        #[cfg(feature = "queue")]
        if let Some(folder) = self
            .or_queue
            .as_ref()
            .filter(|_| failure.exit == Exit::Later)
        {
            let kept = queue::Fallback::keep(&mut self.fallback, &self.wats, folder, &report);
            return match kept.await {
                Ok(()) => Row {
                    exit: Exit::Queued,
                    message: Some(failure.message),
                    status: failure.status,
                    ..report.row("queued")
                },
                Err(worse) => {
                    let why = format!(
                        "{}; and it cannot be queued: {}",
                        failure.message, worse.message
                    );
                    report.failed(Failure::failed(why))
                }
            };
        }
        report.failed(failure)
    }

    /// Closes the queue, if one was needed.
    #[cfg(feature = "queue")]
    pub(super) async fn finish(self) -> Outcome<()> {
        match self.fallback {
            Some(fallback) => fallback.close().await,
            None => Ok(()),
        }
    }
}

/// The row of a report that the server has.
fn row_of(report: Prepared, submitted: &Submitted) -> Row {
    let (outcome, exit, message) = match &submitted.state {
        Some(SubmissionState::Stored) => ("stored", Exit::Done, None),
        Some(SubmissionState::Quarantined { reason, .. }) => {
            let reason = reason.as_deref().unwrap_or("the server does not say why");
            ("quarantined", Exit::Refused, Some(reason.to_owned()))
        }
        Some(SubmissionState::Pending { trouble, .. }) => {
            let why = trouble
                .as_deref()
                .unwrap_or("it is not listed yet; `wats get` finds it later");
            ("pending", Exit::Later, Some(why.to_owned()))
        }
        _ => ("sent", Exit::Done, None),
    };
    Row {
        id: Some(submitted.id),
        exit,
        message,
        ..report.row(outcome)
    }
}
