//! The lock this crate uses; that of loom in its tests.

use std::sync::PoisonError;

#[cfg(wats_loom)]
use loom::sync as base;
#[cfg(not(wats_loom))]
use std::sync as base;

pub(crate) use base::MutexGuard as LockGuard;

/// A mutex that ignores poisoning: no foreign code runs under it, so a panic elsewhere cannot have
/// left its content half changed.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(base::Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(base::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
