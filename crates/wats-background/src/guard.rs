//! Running code whose panic must not reach the caller.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `code`; a panic ends it, and comes back as its payload.
///
/// # Errors
/// The payload of the panic. Give it to [`discard`] if it is not resumed: dropping it may panic as well.
pub fn guarded<T>(code: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(code))
}

/// Drops anything whose destructor may panic, the payload of a panic for example.
pub fn discard<T>(what: T) {
    // Dropping a payload may panic with another payload. That one is leaked: only hostile code gets here.
    if let Err(payload) = guarded(|| drop(what)) {
        std::mem::forget(payload);
    }
}
