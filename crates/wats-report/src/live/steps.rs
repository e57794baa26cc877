//! The methods that add steps. The builder makes the steps; here they find their way into a report in progress. What the
//! program runs in a closure runs before anything is locked.

use super::owned::Owned;
use super::step::{Added, AddedStep, RunningStep};
use super::{RunningReport, RunningSequence};
use crate::builder::state::{Many, Nested, Plain, Single, Taken};
use crate::builder::{
    BooleanLoop, MultiBoolean, MultiNumeric, MultiString, NumericLoop, PopupAnswer, Sequence,
    SequenceLoop, StepRef, StringLoop,
};
use crate::error::Result;
use crate::{Attachment, Chart, LoopRule, MeasurementLimits, Step, StepType, StringLimit};

impl Owned {
    fn add<K, F>(
        &self,
        make: impl for<'s> FnOnce(&'s mut Sequence) -> StepRef<'s, K, F>,
    ) -> Added<'_, K, F> {
        let node = self.node()?;
        let mut made = Sequence {
            steps: Vec::with_capacity(1),
        };
        make(&mut made);
        let place = self.shared.add(node, made.steps)?;
        Ok(AddedStep::new(&self.shared, place))
    }
}

/// Steps that can also be opened and get their result later.
macro_rules! steps {
    ($($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $kind:ty $(, $free:ty)?;)*) => {
        steps!(@named RunningReport $($(#[$meta])* $name($($arg: $ty),*) -> $kind $(, $free)?;)*);
        steps!(@named RunningSequence $($(#[$meta])* $name($($arg: $ty),*) -> $kind $(, $free)?;)*);

        /// Results of a step; each is as the step of the same name of a [`RunningSequence`].
        impl<'a> RunningStep<'a> {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// [`Error::Ended`](crate::Error::Ended) when the report or the sequence has ended.
                pub fn $name(self, $($arg: $ty),*) -> Added<'a, $kind $(, $free)?> {
                    self.fill(|steps, name| steps.$name(name, $($arg),*))
                }
            )*
        }
    };
    (@named $owner:ident $($(#[$meta:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $kind:ty $(, $free:ty)?;)*) => {
        /// Steps; each is as the method of the same name of the builder's [`Sequence`].
        impl $owner {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// [`Error::Ended`](crate::Error::Ended) when the report or the sequence has ended.
                pub fn $name(&self, name: impl Into<String>, $($arg: $ty),*) -> Added<'_, $kind $(, $free)?> {
                    self.place().add(|steps| steps.$name(name, $($arg),*))
                }
            )*
        }
    };
}

steps! {
    /// A step with one measured number; it passes if the limits accept the value.
    numeric(value: f64, unit: impl Into<String>, limits: MeasurementLimits) -> Single;
    /// A step with a measured text; it passes if the limit accepts it.
    string(value: impl Into<String>, limit: StringLimit) -> Single;
    /// A pass/fail step.
    boolean(passed: bool) -> Single;
    /// A step with several measured numbers; it passes if all of them do.
    multi_numeric(fill: impl FnOnce(&mut MultiNumeric)) -> Many;
    /// A step with several measured texts; it passes if all of them do.
    multi_string(fill: impl FnOnce(&mut MultiString)) -> Many;
    /// A step with several pass/fail measurements; it passes if all of them do.
    multi_boolean(fill: impl FnOnce(&mut MultiBoolean)) -> Many;
    /// A step that did something and measured nothing; it passed, unless its outcome is set.
    action() -> Plain;
    /// As `action`, of another type, such as `StepType::from("NI_Wait")`.
    generic(step_type: StepType) -> Plain;
    /// A step that was not run.
    skipped() -> Plain, Taken;
    /// A message to the operator and the answer.
    message_popup(answer: PopupAnswer<'_>) -> Plain;
    /// A call of a program with its exit code. It passed whatever the code, unless its outcome is set.
    exe_call(exit_code: i32) -> Plain;
    /// A step that shows a chart.
    chart(chart: Chart) -> Plain, Taken;
    /// A step that holds a file.
    attachment(file: Attachment) -> Plain, Taken;
}

/// Steps that are added as a whole.
macro_rules! whole {
    ($owner:ident) => {
        /// Loops and sequences that are added as a whole; each is as the method of the builder's [`Sequence`].
        impl $owner {
            /// A loop that measures a number again and again.
            ///
            /// # Errors
            /// [`Error::Ended`](crate::Error::Ended) when the report or the sequence has ended; so of all methods here.
            pub fn numeric_loop(
                &self,
                name: impl Into<String>,
                limits: MeasurementLimits,
                unit: impl Into<String>,
                rule: LoopRule,
                fill: impl FnOnce(&mut NumericLoop),
            ) -> Added<'_, Single> {
                self.place()
                    .add(|steps| steps.numeric_loop(name, limits, unit, rule, fill))
            }

            /// A loop that measures a text again and again.
            ///
            /// # Errors
            /// As above.
            pub fn string_loop(
                &self,
                name: impl Into<String>,
                limit: StringLimit,
                rule: LoopRule,
                fill: impl FnOnce(&mut StringLoop),
            ) -> Added<'_, Single> {
                self.place()
                    .add(|steps| steps.string_loop(name, limit, rule, fill))
            }

            /// A loop whose iterations pass or fail.
            ///
            /// # Errors
            /// As above.
            pub fn boolean_loop(
                &self,
                name: impl Into<String>,
                rule: LoopRule,
                fill: impl FnOnce(&mut BooleanLoop),
            ) -> Added<'_, Single> {
                self.place()
                    .add(|steps| steps.boolean_loop(name, rule, fill))
            }

            /// A loop whose iterations are sequences.
            ///
            /// # Errors
            /// As above.
            pub fn sequence_loop(
                &self,
                name: impl Into<String>,
                rule: LoopRule,
                fill: impl FnOnce(&mut SequenceLoop),
            ) -> Added<'_, Nested> {
                self.place()
                    .add(|steps| steps.sequence_loop(name, rule, fill))
            }

            /// What a closure of the builder adds, whole sequences too, as one step after the other.
            ///
            /// # Errors
            /// As above.
            pub fn steps(&self, fill: impl FnOnce(&mut Sequence)) -> Result<()> {
                self.place().add_all(fill)
            }

            /// A step as it is, such as one of another report; its number is given anew.
            ///
            /// # Errors
            /// As above.
            pub fn push(&self, step: Step) -> Result<()> {
                self.place().add_all(|steps| steps.push(step))
            }
        }
    };
}

impl Owned {
    fn add_all(&self, fill: impl FnOnce(&mut Sequence)) -> Result<()> {
        let node = self.node()?;
        let mut made = Sequence::default();
        fill(&mut made);
        if !made.steps.is_empty() {
            self.shared.add(node, made.steps)?;
        }
        Ok(())
    }
}

whole!(RunningReport);
whole!(RunningSequence);
