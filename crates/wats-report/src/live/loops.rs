//! Loops that are open: for iterations that take their time.

use super::Abort;
use super::owned::Owned;
use super::sequence::RunningSequence;
use super::step::{Added, AddedStep};
use super::tree::{Ending, Kind};
use crate::builder::state::{PassFail, Single, Steps};
use crate::builder::{Sequence, StepRef};
use crate::{LoopRule, MeasurementLimits, StringLimit};

/// A loop in progress. Its summary is made when it ends; it counts for the sequence around it.
///
/// ```
/// use wats_report::{LoopRule, MeasurementLimits, Station, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let report = UutReport::start(unit, 100);
/// report.station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" }).operator("Kari");
/// let settle = report.open_numeric_loop("Settle", MeasurementLimits::at_least(4.9), "V", LoopRule::Last);
/// for value in [4.2, 4.8, 5.0] {
///     settle.add(value)?; // or after an `.await`
/// }
/// settle.end();
/// let cycles = report.open_loop("Cycle", LoopRule::All);
/// for _ in 0..2 {
///     let cycle = cycles.iteration();
///     cycle.boolean("Relay clicks", true)?;
///     cycle.end();
/// }
/// cycles.end();
/// let report = report.finish()?;
/// let summary = report.report().steps().nth(1).unwrap().loop_info.as_deref().unwrap();
/// assert_eq!((summary.count, summary.passed, summary.failed), (Some(3), Some(1), Some(2)));
/// assert_eq!(report.report().result.as_ref().unwrap().to_string(), "Passed");
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// Dropped without [`end`](Self::end) it is broken off.
#[derive(Debug)]
#[must_use = "a loop that is dropped without `end()` is broken off"]
pub struct RunningLoop<T> {
    owned: Owned,
    name: String,
    /// What all iterations have in common.
    same: T,
}

impl<T> RunningLoop<T> {
    pub(super) fn open(outer: &Owned, name: String, rule: LoopRule, same: T) -> Self {
        Self {
            owned: outer.open(rule.into(), name.clone(), false),
            name,
            same,
        }
    }

    /// Ends it. A loop without iterations is refused when the report is finished.
    pub fn end(self) {
        self.owned.end(Ending::Done);
    }

    /// Breaks it off.
    pub fn abort(self, abort: &Abort) {
        self.owned.end(Ending::Broken(abort.clone()));
    }

    fn measured(
        &self,
        make: impl for<'s> FnOnce(&'s mut Sequence, String) -> StepRef<'s, Single>,
    ) -> Added<'_, Single> {
        let node = self.owned.node()?;
        let mut made = Sequence {
            steps: Vec::with_capacity(1),
        };
        make(&mut made, self.name.clone());
        let place = self.owned.shared.add(node, made.steps)?;
        Ok(AddedStep::new(&self.owned.shared, place))
    }
}

impl<T> Drop for RunningLoop<T> {
    fn drop(&mut self) {
        if let Ok(node) = self.owned.node
            && self.owned.shared.is_running(node)
        {
            self.owned.end(Ending::Broken(Abort::dropped("the loop")));
        }
    }
}

impl RunningLoop<Steps> {
    /// Opens an iteration; its outcome is the gravest of its steps.
    pub fn iteration(&self) -> RunningSequence {
        RunningSequence::new(self.owned.open(Kind::Sequence, self.name.clone(), true))
    }
}

impl RunningLoop<(String, MeasurementLimits)> {
    /// Adds an iteration.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when the report or the loop has ended.
    pub fn add(&self, value: f64) -> Added<'_, Single> {
        let (unit, limits) = self.same.clone();
        self.measured(|steps, name| steps.numeric(name, value, unit, limits))
    }
}

impl RunningLoop<StringLimit> {
    /// Adds an iteration.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when the report or the loop has ended.
    pub fn add(&self, value: impl Into<String>) -> Added<'_, Single> {
        let limit = self.same.clone();
        self.measured(|steps, name| steps.string(name, value, limit))
    }
}

impl RunningLoop<PassFail> {
    /// Adds an iteration.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when the report or the loop has ended.
    pub fn add(&self, passed: bool) -> Added<'_, Single> {
        self.measured(|steps, name| steps.boolean(name, passed))
    }
}
