//! Loops: a summary, then the iterations as siblings of the same name, all with the same limits.

use crate::{Limits, LoopInfo, Status, Step, StepGroup, StringLimit};

use super::measurement::{number, pass_fail, text};
use super::sequence::{Sequence, boolean_step, numeric_step, string_step};
use super::step::{Nested, Single, StepRef};

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
pub struct Turns<T> {
    name: String,
    /// What all iterations have in common.
    same: T,
    done: Sequence,
}

/// Iterations that measure a number: unit and limits are those of the loop.
pub type NumericLoop = Turns<(String, Limits)>;
/// Iterations that measure a text: the limit is that of the loop.
pub type StringLoop = Turns<StringLimit>;
/// Iterations that pass or fail.
pub type BooleanLoop = Turns<PassFail>;
/// Iterations that are sequences.
pub type SequenceLoop = Turns<Steps>;

/// Iterations that pass or fail have nothing else in common.
#[derive(Debug, Clone, Copy)]
pub struct PassFail;

/// Iterations that are sequences have nothing else in common.
#[derive(Debug, Clone, Copy)]
pub struct Steps;

impl NumericLoop {
    /// Adds an iteration.
    pub fn add(&mut self, value: f64) -> StepRef<'_, Single> {
        let (unit, limits) = self.same.clone();
        self.turn(|name| numeric_step(name, number(None, value, unit, limits)))
    }
}

impl StringLoop {
    /// Adds an iteration.
    pub fn add(&mut self, value: impl Into<String>) -> StepRef<'_, Single> {
        let limit = self.same.clone();
        self.turn(|name| string_step(name, text(None, value.into(), limit)))
    }
}

impl BooleanLoop {
    /// Adds an iteration.
    pub fn add(&mut self, passed: bool) -> StepRef<'_, Single> {
        self.turn(|name| boolean_step(name, pass_fail(None, passed)))
    }
}

impl SequenceLoop {
    /// Adds an iteration; its outcome is the gravest of its steps.
    pub fn add(&mut self, fill: impl FnOnce(&mut Sequence)) -> StepRef<'_, Nested> {
        let mut inner = Sequence::default();
        fill(&mut inner);
        self.turn(|name| inner.into_step(name))
    }
}

impl<T> Turns<T> {
    fn new(name: String, same: T) -> Self {
        Self {
            name,
            same,
            done: Sequence::default(),
        }
    }

    fn turn<K>(&mut self, make: impl FnOnce(String) -> Step) -> StepRef<'_, K> {
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
    fn finish<K>(self, rule: LoopRule, into: &mut Sequence) -> StepRef<'_, K> {
        let turns = self.done.steps;
        let outcomes = |status: &Status| {
            let same = turns
                .iter()
                .filter(|turn| turn.status.as_ref() == Some(status));
            Some(count(same.count()))
        };
        let total = count(turns.len());
        let info = LoopInfo {
            count: Some(total),
            ending_index: Some(total - 1),
            passed: outcomes(&Status::Passed),
            failed: outcomes(&Status::Failed),
            ..LoopInfo::default()
        };
        let gravest = Status::of_parts(turns.iter().filter_map(|turn| turn.status.as_ref()));
        let decided = match rule {
            LoopRule::All => turns
                .iter()
                .find(|turn| turn.status.as_ref() == Some(&gravest)),
            LoopRule::Last => turns.last(),
        };
        // Without iterations it has nothing in it, which is what it is refused for.
        let empty = || Step {
            group: Some(StepGroup::Main),
            status: Some(Status::Passed),
            ..Step::default()
        };
        let decided = decided.or(turns.last()).cloned().unwrap_or_else(empty);
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
        into.steps.extend(turns);
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
    /// use wats_report::LoopRule;
    /// use wats_report::{Limits, UutReport};
    ///
    /// let report = UutReport::builder("PCBA-001", "SN-42", "A", 100)
    ///     .station("ICT-3", "Drammen", "Production")
    ///     .operator("Kari")
    ///     .steps(|root| {
    ///         root.numeric_loop("Settle", "V", Limits::at_least(4.9), LoopRule::Last, |turns| {
    ///             for value in [4.2, 4.8, 5.0] {
    ///                 turns.add(value);
    ///             }
    ///         });
    ///     })
    ///     .build()?;
    /// let summary = report.steps().nth(1).unwrap().loop_info.as_deref().unwrap();
    /// assert_eq!((summary.count, summary.passed, summary.failed), (Some(3), Some(1), Some(2)));
    /// assert_eq!(report.result.as_ref().unwrap().to_string(), "Passed");
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    pub fn numeric_loop(
        &mut self,
        name: impl Into<String>,
        unit: impl Into<String>,
        limits: Limits,
        rule: LoopRule,
        fill: impl FnOnce(&mut NumericLoop),
    ) -> StepRef<'_, Single> {
        let mut turns = Turns::new(name.into(), (unit.into(), limits));
        fill(&mut turns);
        turns.finish(rule, self)
    }

    /// Adds a loop that measures a text again and again.
    pub fn string_loop(
        &mut self,
        name: impl Into<String>,
        limit: StringLimit,
        rule: LoopRule,
        fill: impl FnOnce(&mut StringLoop),
    ) -> StepRef<'_, Single> {
        let mut turns = Turns::new(name.into(), limit);
        fill(&mut turns);
        turns.finish(rule, self)
    }

    /// Adds a loop whose iterations pass or fail.
    pub fn boolean_loop(
        &mut self,
        name: impl Into<String>,
        rule: LoopRule,
        fill: impl FnOnce(&mut BooleanLoop),
    ) -> StepRef<'_, Single> {
        let mut turns = Turns::new(name.into(), PassFail);
        fill(&mut turns);
        turns.finish(rule, self)
    }

    /// Adds a loop whose iterations are sequences. Its summary has no steps of its own.
    pub fn sequence_loop(
        &mut self,
        name: impl Into<String>,
        rule: LoopRule,
        fill: impl FnOnce(&mut SequenceLoop),
    ) -> StepRef<'_, Nested> {
        let mut turns = Turns::new(name.into(), Steps);
        fill(&mut turns);
        turns.finish(rule, self)
    }
}
