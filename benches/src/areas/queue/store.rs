//! What a contestant can do: keep reports on the disk until they are sent.

use super::text::{Texts, report};
use crate::Result;
use std::ops::Range;
use std::path::Path;
use wats_domains::UutReport;

/// A store of reports in a folder.
pub(super) trait Store: Sized + Send + Sync + 'static {
    /// Its name in the report and for a process.
    const NAME: &'static str;

    /// What one of its reports is before it is stored.
    type Item: Send;

    fn open(folder: &Path) -> Result<Self>;

    /// Makes a report; not measured.
    fn item(number: u64, steps: usize) -> Result<Self::Item>;

    /// Stores one; on the disk when this returns.
    fn put(&self, item: Self::Item) -> Result<()>;

    /// Stores many as quickly as it can, for a set-up; on the disk when this returns.
    fn fill(&self, numbers: Range<u64>, texts: &Texts) -> Result<()>;

    /// How many there are.
    fn count(&self) -> Result<u64>;

    /// Whether one of this number is stored.
    fn has(&self, number: u64) -> Result<bool>;

    /// Gets hold of the oldest one with its text.
    fn first(&self) -> Result<()>;

    /// Takes so many, so many at a time, and removes each for good; on the disk when this returns. A take need not survive a power
    /// cut: the process that has it would not, either.
    fn drain(&self, at_once: usize, most: u64) -> Result<()>;

    /// Gives free room back to the disk, as far as it can.
    fn compact(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A text with its number: what all but ours store.
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) text: Vec<u8>,
}

impl Numbered {
    pub(super) fn new(number: u64, steps: usize) -> Result<Self> {
        let text = serde_json::to_vec(report(number, steps)?.report())?;
        Ok(Self { number, text })
    }
}

/// A report as ours takes it.
pub(super) type Built = UutReport;
