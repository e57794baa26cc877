//! Sequences as handles, and the closure form over them.

use std::fmt;
use std::sync::Arc;

use super::loops::RunningLoop;
use super::shared::{Node, Shared};
use super::step::{Added, AddedStep, RunningStep};
use super::tree::{Ending, Kind};
use super::{Abort, RunningReport};
use crate::builder::state::{Nested, Steps};
use crate::error::{Error, Result};
use crate::{LoopRule, Outcome};

/// A sequence in progress, from [`sequence`](RunningReport::sequence). Its methods take `&self`, so it can be shared, and
/// clones are the same sequence.
///
/// Dropped without [`end`](Self::end), by a `?`, a panic or a cancelled future, it is broken off: terminated, or an error if
/// there was a panic.
#[derive(Debug, Clone)]
#[must_use = "a sequence that is dropped without `end()` is broken off"]
pub struct RunningSequence {
    guard: Arc<Guard>,
}

#[derive(Debug)]
struct Guard(Owned);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(node) = self.0.node
            && self.0.shared.is_running(node)
        {
            self.0
                .shared
                .end(node, Ending::Broken(Abort::dropped("the sequence")));
        }
    }
}

/// A sequence or a loop of a report; or why there is none, which whoever adds a step is told.
pub(super) struct Owned {
    pub(super) shared: Arc<Shared>,
    pub(super) node: Result<Node, String>,
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.node.is_ok() {
            "in progress"
        } else {
            "ended"
        })
    }
}

impl Owned {
    pub(super) fn node(&self) -> Result<Node> {
        self.node.clone().map_err(Error::Ended)
    }

    /// Opens a sequence or a loop within this one.
    pub(super) fn open(&self, kind: Kind, name: String, iteration: bool) -> Self {
        let opened = self.node();
        let opened = opened.and_then(|outer| self.shared.open(outer, kind, name, iteration));
        Self {
            shared: Arc::clone(&self.shared),
            node: opened.map_err(|error| error.to_string()),
        }
    }

    pub(super) fn end(&self, ending: Ending) {
        if let Ok(node) = self.node {
            self.shared.end(node, ending);
        }
    }
}

impl RunningSequence {
    pub(super) fn new(owned: Owned) -> Self {
        Self {
            guard: Arc::new(Guard(owned)),
        }
    }

    pub(super) fn place(&self) -> &Owned {
        &self.guard.0
    }

    /// Ends it: its outcome is the gravest of its steps, unless [`details`](Self::details) set another one. Clones end with
    /// it.
    pub fn end(self) {
        self.place().end(Ending::Done);
    }

    /// Ends it with this outcome, whatever its steps say.
    pub fn end_with(self, outcome: Outcome) {
        if let Ok(details) = self.details() {
            details.outcome(outcome);
        }
        self.end();
    }

    /// Breaks it off: it is terminated or an error, with the cause. The report is still in progress.
    pub fn abort(self, abort: Abort) {
        self.place().end(Ending::Broken(abort));
    }

    /// To say more of the sequence itself: a comment, its group, free data.
    ///
    /// # Errors
    /// [`Error::Ended`] when it has ended.
    pub fn details(&self) -> Added<'_, Nested> {
        let place = self.place();
        let step = place.shared.step_of(place.node()?)?;
        Ok(AddedStep::new(&place.shared, step))
    }
}

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

impl RunningSequence {
    fn end_by(self, error: Option<&impl fmt::Display>) {
        match error {
            Some(error) => self.abort(Abort::error(error)),
            None => self.end(),
        }
    }
}
