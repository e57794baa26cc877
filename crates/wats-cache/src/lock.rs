//! The lock of a shard, on cache lines of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mutex that knows no poison: what it guards is whole whenever code of the user can panic.
///
/// Aligned to two lines, because processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
