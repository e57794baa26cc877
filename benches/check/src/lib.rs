//! What counts instructions, for the check in this package and for the rows of the benchmark package.

pub mod callgrind;

/// What anything here may fail with: a text is all that is needed of it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a step.
pub type Result<T, E = Error> = std::result::Result<T, E>;
