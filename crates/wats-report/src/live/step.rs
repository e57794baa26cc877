//! Steps that are open, and steps that were added.

use std::marker::PhantomData;
use std::time::Duration;

use jiff::ZonedDateTime;

use super::Abort;
use super::owned::Owned;
use super::shared::{Place, Shared};
use crate::builder::state::{Free, Many, Nested, Plain, Single, Taken};
use crate::builder::{Sequence, StepRef};
use crate::error::{Error, Result};
use crate::{AdditionalData, Attachment, Chart, Outcome, StepGroup, StepType};

/// A step that was added, or [`Error::Ended`] when the report or the sequence has ended.
pub type Added<'a, K, F = Free> = Result<AddedStep<'a, K, F>>;

/// A step that was added to a report in progress, to say more of it; as [`StepRef`] of the builder, with the same rules.
///
/// The step is in the report already. What is said of it once the report has ended has no effect.
///
/// ```compile_fail,E0599
/// # use wats_report::{Attachment, Chart, live::RunningReport};
/// fn both(report: &RunningReport, chart: Chart, file: Attachment) -> wats_report::Result<()> {
///     report.boolean("Both", true)?.chart(chart).attachment(file);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct AddedStep<'a, K, F = Free> {
    added: Writing<'a>,
    kind: PhantomData<fn() -> (K, F)>,
}

/// Writes the step to the journal once all was said of it.
#[derive(Debug)]
struct Writing<'a> {
    shared: &'a Shared,
    place: Place,
    changed: bool,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if self.changed {
            self.shared.rewrite(self.place);
        }
    }
}

impl<'a, K, F> AddedStep<'a, K, F> {
    pub(super) fn new(shared: &'a Shared, place: Place) -> Self {
        Self {
            added: Writing {
                shared,
                place,
                changed: false,
            },
            kind: PhantomData,
        }
    }

    fn more<L, G>(
        mut self,
        change: impl for<'s> FnOnce(StepRef<'s, K, F>) -> StepRef<'s, L, G>,
    ) -> AddedStep<'a, L, G> {
        self.added.shared.change(self.added.place, change);
        self.added.changed = true;
        AddedStep {
            added: self.added,
            kind: PhantomData,
        }
    }

    /// The part of the sequence that it belongs to; default is [`StepGroup::Main`].
    pub fn group(self, group: StepGroup) -> Self {
        self.more(|step| step.group(group))
    }

    /// The type in the words of the test executive, which decides the icon that the server shows.
    pub fn step_type(self, step_type: impl Into<StepType>) -> Self {
        let step_type: StepType = step_type.into();
        self.more(|step| step.step_type(step_type))
    }

    /// When it began, if not when the step before ended.
    pub fn start(self, moment: &ZonedDateTime) -> Self {
        self.more(|step| step.start(moment))
    }

    /// How long it took, if not since the step before.
    pub fn duration(self, time: Duration) -> Self {
        self.more(|step| step.duration(time))
    }

    /// A comment.
    pub fn comment(self, text: impl Into<String>) -> Self {
        let text: String = text.into();
        self.more(|step| step.comment(text))
    }

    /// Code and message of an error; the message has at most 200 characters.
    pub fn error(self, code: i32, message: impl Into<String>) -> Self {
        let message: String = message.into();
        self.more(|step| step.error(code, message))
    }

    /// Identifier in the test executive, at most 30 characters.
    pub fn ts_guid(self, guid: impl Into<String>) -> Self {
        let guid: String = guid.into();
        self.more(|step| step.ts_guid(guid))
    }

    /// Says whether the step made its sequence fail.
    pub fn caused_sequence_failure(self, caused: bool) -> Self {
        self.more(|step| step.caused_sequence_failure(caused))
    }

    /// Says whether the step made the whole unit fail.
    pub fn caused_unit_failure(self, caused: bool) -> Self {
        self.more(|step| step.caused_unit_failure(caused))
    }

    /// Adds free data.
    pub fn additional(self, data: AdditionalData) -> Self {
        self.more(|step| step.additional(data))
    }
}

impl<'a, K> AddedStep<'a, K, Free> {
    /// Adds a chart.
    pub fn chart(self, chart: Chart) -> AddedStep<'a, K, Taken> {
        self.more(|step| step.chart(chart))
    }

    /// Adds a file.
    pub fn attachment(self, file: Attachment) -> AddedStep<'a, K, Taken> {
        self.more(|step| step.attachment(file))
    }
}

impl<F> AddedStep<'_, Single, F> {
    /// Sets the outcome, whatever value and limits say. The server takes it as it is.
    pub fn overrule(self, passed: bool) -> Self {
        self.more(|step| step.overrule(passed))
    }
}

macro_rules! broke_off {
    ($($kind:ty),*) => { $(
        impl<'a, F> AddedStep<'a, $kind, F> {
            /// Says that the step broke off although it has measured: its outcome is this one, and what was measured is
            /// kept in a step within it, as with [`StepRef::broke_off`].
            ///
            /// ```
            /// # use wats_report::{MeasurementLimits, Outcome, live::RunningReport};
            /// fn ripple(report: &RunningReport) -> wats_report::Result<()> {
            ///     report
            ///         .numeric("Ripple", 0.012, "V", MeasurementLimits::at_most(0.050))?
            ///         .broke_off(Outcome::Error)
            ///         .error(-1074, "the scope lost its trigger");
            ///     Ok(())
            /// }
            /// ```
            pub fn broke_off(self, outcome: Outcome) -> AddedStep<'a, Nested, F> {
                self.more(|step| step.broke_off(outcome))
            }
        }
    )* };
}

broke_off!(Single, Many);

impl<F> AddedStep<'_, Plain, F> {
    /// Sets the outcome; default is passed.
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.more(|step| step.outcome(outcome))
    }
}

impl<F> AddedStep<'_, Nested, F> {
    /// Sets the outcome, which otherwise is the gravest of the steps within. The server takes it as it is.
    pub fn outcome(self, outcome: Outcome) -> Self {
        self.more(|step| step.outcome(outcome))
    }
}

/// A step that is open, from [`step`](super::RunningSequence::step): it has its place in the sequence, began when it was
/// opened, and takes until it gets its result by one of the methods. Other steps may be added meanwhile.
///
/// Dropped without a result it is terminated, or an error if there was a panic.
#[derive(Debug)]
#[must_use = "a step that is dropped without a result is terminated"]
pub struct RunningStep<'a> {
    owner: &'a Owned,
    name: String,
    /// Where it is and when it was opened, until it has its result.
    open: Result<(Place, Duration), String>,
}

impl<'a> RunningStep<'a> {
    pub(super) fn open(owner: &'a Owned, name: String) -> Self {
        let open = owner.node();
        let open = open.and_then(|node| owner.shared.open_step(node, name.clone()));
        Self {
            owner,
            name,
            open: open.map_err(|error| error.to_string()),
        }
    }

    /// Gives it its result, as the builder makes it.
    pub(super) fn fill<K, F>(
        mut self,
        make: impl for<'s> FnOnce(&'s mut Sequence, String) -> StepRef<'s, K, F>,
    ) -> Added<'a, K, F> {
        let mut made = Sequence {
            steps: Vec::with_capacity(1),
        };
        make(&mut made, self.name.clone());
        let made = made.steps.pop().unwrap_or_default();
        let (place, opened) = self.open.clone().map_err(Error::Ended)?;
        let place = self.owner.shared.complete_step(place, opened, made)?;
        self.open = Err(String::new());
        Ok(AddedStep::new(&self.owner.shared, place))
    }

    /// Breaks it off: it is terminated or an error, with the cause.
    pub fn abort(mut self, abort: &Abort) {
        self.break_off(abort);
    }

    fn break_off(&mut self, abort: &Abort) {
        if let Ok((place, opened)) = std::mem::replace(&mut self.open, Err(String::new())) {
            self.owner.shared.break_step(place, opened, abort);
        }
    }
}

impl Drop for RunningStep<'_> {
    fn drop(&mut self) {
        if self.open.is_ok() {
            self.break_off(&Abort::dropped("the step"));
        }
    }
}
