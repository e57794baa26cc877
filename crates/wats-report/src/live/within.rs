//! What a report and a sequence have in common beyond the steps of the builder: sequences, steps and loops that are open,
//! and the closure form over them.

use std::fmt;

use super::loops::RunningLoop;
use super::step::RunningStep;
use super::tree::Kind;
use super::{RunningReport, RunningSequence};
use crate::builder::state::{PassFail, Steps};
use crate::error::Result;
use crate::{LoopRule, MeasurementLimits, StringLimit};

/// What a report and a sequence have in common beyond the steps of the builder.
macro_rules! sequences {
    ($owner:ty) => {
        impl $owner {
            /// Opens a sequence within. When the report or the sequence has ended, whoever adds a step to the new one gets
            /// the error.
            pub fn sequence(&self, name: impl Into<String>) -> RunningSequence {
                RunningSequence::new(self.place().open(Kind::Sequence, name.into(), false))
            }

            /// Opens a step, which takes until it gets its result.
            pub fn step(&self, name: impl Into<String>) -> RunningStep<'_> {
                RunningStep::open(self.place(), name.into())
            }

            /// Opens a loop whose iterations are sequences. The closure forms, such as `numeric_loop`, add a loop at once.
            pub fn open_loop(&self, name: impl Into<String>, rule: LoopRule) -> RunningLoop<Steps> {
                RunningLoop::open(self.place(), name.into(), rule, Steps)
            }

            /// Runs a closure with a sequence, which ends with it. If the closure panics, the sequence is broken off.
            pub fn with_sequence<T>(
                &self,
                name: impl Into<String>,
                fill: impl FnOnce(&RunningSequence) -> T,
            ) -> T {
                let sequence = self.sequence(name);
                let value = fill(&sequence);
                sequence.end();
                value
            }

            /// As [`with_sequence`](Self::with_sequence), for what may fail: an error makes the sequence an error with this
            /// cause, and is passed on.
            ///
            /// # Errors
            /// That of the closure.
            pub fn try_sequence<T, E: fmt::Display>(
                &self,
                name: impl Into<String>,
                fill: impl FnOnce(&RunningSequence) -> Result<T, E>,
            ) -> Result<T, E> {
                let sequence = self.sequence(name);
                let value = fill(&sequence);
                sequence.end_by(value.as_ref().err());
                value
            }

            /// As [`with_sequence`](Self::with_sequence), for what is awaited. If the future is dropped, the sequence is
            /// broken off.
            pub async fn async_sequence<T>(
                &self,
                name: impl Into<String>,
                fill: impl AsyncFnOnce(&RunningSequence) -> T,
            ) -> T {
                let sequence = self.sequence(name);
                let value = fill(&sequence).await;
                sequence.end();
                value
            }

            /// As [`try_sequence`](Self::try_sequence), for what is awaited.
            ///
            /// # Errors
            /// That of the closure.
            pub async fn try_async_sequence<T, E: fmt::Display>(
                &self,
                name: impl Into<String>,
                fill: impl AsyncFnOnce(&RunningSequence) -> Result<T, E>,
            ) -> Result<T, E> {
                let sequence = self.sequence(name);
                let value = fill(&sequence).await;
                sequence.end_by(value.as_ref().err());
                value
            }
        }
    };
}

sequences!(RunningReport);
sequences!(RunningSequence);

/// Loops that are open.
macro_rules! measured_loops {
    ($owner:ident) => {
        /// Loops that are open, whose iterations measure.
        impl $owner {
            /// Opens a loop that measures a number again and again.
            pub fn open_numeric_loop(
                &self,
                name: impl Into<String>,
                limits: MeasurementLimits,
                unit: impl Into<String>,
                rule: LoopRule,
            ) -> RunningLoop<(String, MeasurementLimits)> {
                RunningLoop::open(self.place(), name.into(), rule, (unit.into(), limits))
            }

            /// Opens a loop that measures a text again and again.
            pub fn open_string_loop(
                &self,
                name: impl Into<String>,
                limit: StringLimit,
                rule: LoopRule,
            ) -> RunningLoop<StringLimit> {
                RunningLoop::open(self.place(), name.into(), rule, limit)
            }

            /// Opens a loop whose iterations pass or fail.
            pub fn open_boolean_loop(
                &self,
                name: impl Into<String>,
                rule: LoopRule,
            ) -> RunningLoop<PassFail> {
                RunningLoop::open(self.place(), name.into(), rule, PassFail)
            }
        }
    };
}

measured_loops!(RunningReport);
measured_loops!(RunningSequence);
