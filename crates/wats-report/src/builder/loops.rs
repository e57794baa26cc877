//! Loops: a summary, then the iterations as siblings of the same name, all with the same limits.

use crate::{MeasurementLimits, Status, Step, StepGroup, StringLimit, model::LoopInfo};

use super::measurement::{number, pass_fail, text};
use super::sequence::{Sequence, boolean_step, numeric_step, string_step};
use super::state::{Nested, PassFail, Single, Steps};
use super::step::StepRef;

/// When a loop has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LoopRule {
    /// When all iterations have; the summary shows the gravest.
    #[default]
    All,
    /// When the last iteration has, as in trying until it works.
    Last,
}

/// The iterations of a loop, in the order in which they were run; see [`NumericLoop`], [`StringLoop`], [`BooleanLoop`]
/// and [`SequenceLoop`]. A loop has at least one.
#[derive(Debug, Clone)]
pub struct LoopIterations<T> {
    pub(crate) name: String,
    /// What all iterations have in common.
    pub(crate) same: T,
    pub(crate) done: Sequence,
}

/// Iterations that measure a number: unit and limits are those of the loop.
pub type NumericLoop = LoopIterations<(String, MeasurementLimits)>;
/// Iterations that measure a text: the limit is that of the loop.
pub type StringLoop = LoopIterations<StringLimit>;
/// Iterations that pass or fail.
pub type BooleanLoop = LoopIterations<PassFail>;
/// Iterations that are sequences.
pub type SequenceLoop = LoopIterations<Steps>;

impl NumericLoop {
    /// Adds an iteration.
    pub fn add(&mut self, value: f64) -> StepRef<'_, Single> {
        let (unit, limits) = self.same.clone();
        self.iteration(|name| numeric_step(name, number(None, value, unit, limits)))
    }
}

impl StringLoop {
    /// Adds an iteration.
    pub fn add(&mut self, value: impl Into<String>) -> StepRef<'_, Single> {
        let limit = self.same.clone();
        self.iteration(|name| string_step(name, text(None, value.into(), limit)))
    }
}

impl BooleanLoop {
    /// Adds an iteration.
    pub fn add(&mut self, passed: bool) -> StepRef<'_, Single> {
        self.iteration(|name| boolean_step(name, pass_fail(None, passed)))
    }
}

impl SequenceLoop {
    /// Adds an iteration; its outcome is the gravest of its steps.
    pub fn add(&mut self, fill: impl FnOnce(&mut Sequence)) -> StepRef<'_, Nested> {
        let mut inner = Sequence::default();
        fill(&mut inner);
        self.iteration(|name| inner.into_step(name))
    }
}

impl<T> LoopIterations<T> {
    pub(crate) fn new(name: String, same: T) -> Self {
        Self {
            name,
            same,
            done: Sequence::default(),
        }
    }

    fn iteration<K>(&mut self, make: impl FnOnce(String) -> Step) -> StepRef<'_, K> {
        let index = count(self.done.steps.len());
        let step = Step {
            loop_info: Some(Box::new(LoopInfo {
                index: Some(index),
                ..LoopInfo::default()
            })),
            ..make(self.name.clone())
        };
        self.done.add(step)
    }

    /// Summary and iterations. The summary shows what the iteration measured that decided.
    pub(crate) fn finish<K>(self, rule: LoopRule, into: &mut Sequence) -> StepRef<'_, K> {
        let iterations = self.done.steps;
        let outcomes = |status: &Status| {
            let same = iterations
                .iter()
                .filter(|iteration| iteration.status.as_ref() == Some(status));
            Some(count(same.count()))
        };
        let total = count(iterations.len());
        let info = LoopInfo {
            count: Some(total),
            ending_index: Some(total - 1),
            passed: outcomes(&Status::Passed),
            failed: outcomes(&Status::Failed),
            ..LoopInfo::default()
        };
        let gravest = Status::of_parts(
            iterations
                .iter()
                .filter_map(|iteration| iteration.status.as_ref()),
        );
        let decided = match rule {
            LoopRule::All => iterations
                .iter()
                .find(|iteration| iteration.status.as_ref() == Some(&gravest)),
            LoopRule::Last => iterations.last(),
        };
        // Without iterations it has nothing in it, which is what it is refused for.
        let empty = || Step {
            group: Some(StepGroup::Main),
            status: Some(Status::Passed),
            ..Step::default()
        };
        let decided = decided.or(iterations.last()).cloned().unwrap_or_else(empty);
        let summary = Step {
            loop_info: Some(Box::new(info)),
            // What belongs to one iteration stays there.
            steps: None,
            start: None,
            total_time: None,
            report_text: None,
            additional_results: None,
            chart: None,
            attachment: None,
            name: Some(self.name),
            ..decided
        };
        let at = into.steps.len();
        into.steps.push(summary);
        into.steps.extend(iterations);
        StepRef::new(&mut into.steps[at])
    }
}

/// Numbers beyond 31 bits are refused by what checks the report: such a loop does not fit into memory.
fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

impl Sequence {
    /// Adds a loop that measures a number again and again.
    ///
    /// ```
    /// use wats_report::{LoopRule, MeasurementLimits, Station, Unit, UutReport};
    ///
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = UutReport::builder(unit, 100)
    ///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
    ///     .operator("Kari")
    ///     .steps(|root| {
    ///         root.numeric_loop("Settle", MeasurementLimits::at_least(4.9), "V", LoopRule::Last, |iterations| {
    ///             for value in [4.2, 4.8, 5.0] {
    ///                 iterations.add(value);
    ///             }
    ///         });
    ///     })
    ///     .build()?;
    /// let summary = report.report().steps().nth(1).unwrap().loop_info.as_deref().unwrap();
    /// assert_eq!((summary.count, summary.passed, summary.failed), (Some(3), Some(1), Some(2)));
    /// assert_eq!(report.report().result.as_ref().unwrap().to_string(), "Passed");
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    pub fn numeric_loop(
        &mut self,
        name: impl Into<String>,
        limits: MeasurementLimits,
        unit: impl Into<String>,
        rule: LoopRule,
        fill: impl FnOnce(&mut NumericLoop),
    ) -> StepRef<'_, Single> {
        let mut iterations = LoopIterations::new(name.into(), (unit.into(), limits));
        fill(&mut iterations);
        iterations.finish(rule, self)
    }

    /// Adds a loop that measures a text again and again.
    pub fn string_loop(
        &mut self,
        name: impl Into<String>,
        limit: StringLimit,
        rule: LoopRule,
        fill: impl FnOnce(&mut StringLoop),
    ) -> StepRef<'_, Single> {
        let mut iterations = LoopIterations::new(name.into(), limit);
        fill(&mut iterations);
        iterations.finish(rule, self)
    }

    /// Adds a loop whose iterations pass or fail.
    pub fn boolean_loop(
        &mut self,
        name: impl Into<String>,
        rule: LoopRule,
        fill: impl FnOnce(&mut BooleanLoop),
    ) -> StepRef<'_, Single> {
        let mut iterations = LoopIterations::new(name.into(), PassFail);
        fill(&mut iterations);
        iterations.finish(rule, self)
    }

    /// Adds a loop whose iterations are sequences. Its summary has no steps of its own.
    pub fn sequence_loop(
        &mut self,
        name: impl Into<String>,
        rule: LoopRule,
        fill: impl FnOnce(&mut SequenceLoop),
    ) -> StepRef<'_, Nested> {
        let mut iterations = LoopIterations::new(name.into(), Steps);
        fill(&mut iterations);
        iterations.finish(rule, self)
    }
}
