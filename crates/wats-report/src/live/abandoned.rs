//! What is told of a report that nobody finished.

use super::Abort;
use super::journal::JournalFile;
use crate::builder::UutReport;

/// A report that was dropped before it was finished; what [`on_abandoned`](super::RunningReport::on_abandoned) is told of.
#[derive(Debug)]
#[non_exhaustive]
pub struct Abandoned {
    /// The report: terminated, or an error if there was a panic, with all that was measured. It is not checked.
    pub report: UutReport,
    /// Why it ended.
    pub abort: Abort,
    pub(super) journal: Option<JournalFile>,
}

impl Abandoned {
    /// Removes the journal, if there is one. Call it when the report is submitted; otherwise the next
    /// [`recover`](super::recover) finds it.
    ///
    /// # Errors
    /// [`Error::Journal`](crate::Error::Journal) when the file cannot be removed.
    pub fn done(self) -> crate::Result<()> {
        self.journal.map_or(Ok(()), JournalFile::remove)
    }
}
