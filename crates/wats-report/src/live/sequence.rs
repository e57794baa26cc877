//! Sequences as handles.

use std::fmt;
use std::sync::Arc;

use super::Abort;
use super::owned::Owned;
use super::step::{Added, AddedStep};
use super::tree::Ending;
use crate::Outcome;
use crate::builder::state::Nested;

/// A sequence in progress, from [`sequence`](super::RunningReport::sequence). Its methods take `&self`, so it can be shared, and
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
    pub fn abort(self, abort: &Abort) {
        self.place().end(Ending::Broken(abort.clone()));
    }

    /// To say more of the sequence itself: a comment, its group, free data.
    ///
    /// # Errors
    /// [`Error::Ended`](crate::Error::Ended) when it has ended.
    pub fn details(&self) -> Added<'_, Nested> {
        let place = self.place();
        let step = place.shared.step_of(place.node()?)?;
        Ok(AddedStep::new(&place.shared, step))
    }
}

impl RunningSequence {
    pub(super) fn end_by(self, error: Option<&impl fmt::Display>) {
        match error {
            Some(error) => self.abort(&Abort::error(error)),
            None => self.end(),
        }
    }
}
