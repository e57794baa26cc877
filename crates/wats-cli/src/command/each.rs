//! Commands over several things: one that fails stops no other, and is told by its name.

use crate::Outcome;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What became of the things so far.
pub(crate) struct Each<'a> {
    output: &'a Output,
    worst: Exit,
}

impl<'a> Each<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self {
            output,
            worst: Exit::Done,
        }
    }

    /// What was got; `None` when it failed by itself, which is told. What would fail all others, too, is the failure of the
    /// command.
    pub(crate) fn got<T, E: Into<Failure>>(
        &mut self,
        name: &str,
        outcome: Result<T, E>,
    ) -> Outcome<Option<T>> {
        let failure = match outcome {
            Ok(got) => return Ok(Some(got)),
            Err(error) => error.into(),
        };
        if failure.closed || matches!(failure.exit, Exit::Access | Exit::Later | Exit::Interrupted)
        {
            return Err(failure);
        }
        let failure = failure.about(name);
        self.output.tell(&failure);
        self.worst = self.worst.max(failure.exit);
        Ok(None)
    }

    /// The exit code: that of the gravest failure.
    pub(crate) fn exit(&self) -> Exit {
        self.worst
    }
}
