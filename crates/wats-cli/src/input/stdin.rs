//! Standard input. It can be read once: whoever is to read it takes it first, and the second who would is told.

use std::sync::OnceLock;

use crate::Outcome;
use crate::failure::Failure;

/// What it is read as, once that is known.
static TAKEN: OnceLock<&'static str> = OnceLock::new();

/// Takes standard input, to be read as this.
pub(crate) fn take(what: &'static str) -> Outcome<()> {
    TAKEN.set(what).map_err(|_| {
        let first = TAKEN.get().copied().unwrap_or("another");
        Failure::usage(format!(
            "standard input (`-`) can be read once, and is {first} already; give {what} in a file"
        ))
    })
}
