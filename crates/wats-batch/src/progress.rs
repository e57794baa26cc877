//! How far a run has come.

use std::fmt;
use std::sync::Arc;

/// How far a run over a list has come; handed to the progress callbacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BatchProgress {
    /// Items that have an outcome, failures included.
    pub done: usize,
    /// Of these, the failed ones.
    pub failed: usize,
    /// All items, where the list knows its length.
    pub total: Option<usize>,
}

impl BatchProgress {
    /// The share that is done, from 0 to 1, where the total is known.
    pub fn fraction(&self) -> Option<f64> {
        match self.total? {
            0 => Some(1.0),
            total => Some(self.done as f64 / total as f64),
        }
    }
}

impl fmt::Display for BatchProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.done)?;
        if let Some(total) = self.total {
            write!(f, "/{total}")?;
        }
        if self.failed > 0 {
            write!(f, " ({} failed)", self.failed)?;
        }
        Ok(())
    }
}

/// A progress callback.
pub(crate) type Report = Arc<dyn Fn(BatchProgress) + Send + Sync>;

/// Counts outcomes and tells the callback.
pub(crate) struct Reporter {
    progress: BatchProgress,
    report: Option<Report>,
}

impl Reporter {
    pub(crate) fn new(items: &impl Iterator, report: Option<Report>) -> Self {
        let (least, most) = items.size_hint();
        let total = most.filter(|&most| most == least);
        Self {
            progress: BatchProgress {
                done: 0,
                failed: 0,
                total,
            },
            report,
        }
    }

    pub(crate) fn seen(&mut self, failed: bool) {
        self.seen_many(1, usize::from(failed));
    }

    pub(crate) fn seen_many(&mut self, items: usize, failed: usize) {
        if let Some(report) = &self.report {
            self.progress.done += items;
            self.progress.failed += failed;
            // The iterator was wrong about its length.
            self.progress.total = self.progress.total.filter(|&all| all >= self.progress.done);
            report(self.progress);
        }
    }
}
