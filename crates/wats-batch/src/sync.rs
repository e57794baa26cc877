//! The one lock this crate uses.

#[cfg(wats_loom)]
use loom::sync::{Mutex, MutexGuard};
use std::sync::PoisonError;
#[cfg(not(wats_loom))]
use std::sync::{Mutex, MutexGuard};

/// A mutex that ignores poisoning: no foreign code runs under it, so a panic elsewhere cannot have
/// left its content half changed.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
