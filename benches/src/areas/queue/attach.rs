//! The process that enqueues and sends one report with a large file.

use super::ours::client;
use super::system::resident;
use super::text::report;
use crate::{Error, Result, server};
use std::path::Path;
use std::time::{Duration, Instant};
use wats_domains::queue::{DrainOptions, Status};
use wats_domains::report::Attachment;

/// Longer than it takes.
const LONG: Duration = Duration::from_secs(300);

/// Is that process: to a server that needs no token.
pub(super) fn attach(address: &str, folder: &Path, file: &Path) -> Result<()> {
    let client = client(address, "token")?;
    let queue = client.queue(folder).open().wait()?;
    server::serve_until_closed("", |_| {
        let work = || {
            let mut report = report(1, 1)?.into_report();
            let root = report.root.as_mut().ok_or("a report without steps")?;
            let steps = root.steps.as_mut().ok_or("a report without steps")?;
            let step = steps.first_mut().ok_or("a report without steps")?;
            step.attachment = Some(Box::new(Attachment::from_path(file)?));
            let (before, _) = resident();
            let start = Instant::now();
            let receipt = queue.enqueue(&report).wait()?;
            let enqueued = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let drain = queue.drain(DrainOptions::default())?;
            let status = queue.settled(&receipt, LONG).wait()?;
            let sent = start.elapsed().as_secs_f64();
            drain.stop(LONG).wait()?;
            if !matches!(status, Status::Ended(_)) {
                return Err(Error::from(format!("it was not sent: {status:?}")));
            }
            let (_, peak) = resident();
            Ok(format!("{} {enqueued} {sent}", peak - before))
        };
        work().unwrap_or_else(|error| format!("failed: {error}"))
    })
}
