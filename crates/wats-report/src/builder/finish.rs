//! Completes the tree of steps when the report is built: numbers, sequence calls, and what the policies ask for.

use crate::Step;
use crate::names::number_duplicates;

/// How to handle duplicate step names in a sequence; the server rejects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DuplicateNames {
    /// The report is refused.
    #[default]
    Refuse,
    /// A number is appended to all but the first: `Measure`, `Measure (2)`.
    Number,
}

/// How to handle measured values that are NaN or infinite, for which JSON has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NonFinitePolicy {
    /// The report is refused.
    #[default]
    Refuse,
    /// The value is left out and told in the comment of the step. The outcome stays what it was: NaN has failed unless
    /// there are no limits.
    LeaveOut,
}

pub(super) struct Finish<'a> {
    pub(super) path: &'a str,
    pub(super) version: &'a str,
    pub(super) duplicate_names: DuplicateNames,
    pub(super) non_finite: NonFinitePolicy,
    pub(super) next_id: i32,
}

impl Finish<'_> {
    /// A step and all within it. Closures nested as deep before, so the recursion is no deeper than the caller's.
    pub(super) fn step(&mut self, step: &mut Step) {
        step.id = Some(self.next_id);
        self.next_id = self.next_id.saturating_add(1);
        if let Some(call) = &mut step.sequence_call {
            call.path.get_or_insert_with(|| self.path.to_owned());
            call.version.get_or_insert_with(|| self.version.to_owned());
        }
        if self.non_finite == NonFinitePolicy::LeaveOut {
            leave_out(step);
        }
        let Some(steps) = &mut step.steps else { return };
        if self.duplicate_names == DuplicateNames::Number {
            number_duplicates(steps, |_, _| {});
        }
        for inner in steps {
            self.step(inner);
        }
    }
}

fn leave_out(step: &mut Step) {
    let mut told = Vec::new();
    for one in step.numeric.iter_mut().flatten() {
        let value = one.value.as_ref().map(crate::wire::Number::value);
        if let Some(value) = value.filter(|value| !value.is_finite()) {
            one.value = None;
            let name = one.name.as_deref().unwrap_or("the value");
            told.push(format!("{name} was {value}"));
        }
    }
    if told.is_empty() {
        return;
    }
    let told = told.join("; ");
    step.report_text = Some(match step.report_text.take() {
        Some(text) => format!("{text}\n{told}"),
        None => told,
    });
}
