//! The lock and the atomics this crate uses; those of loom in its tests.

#[cfg(wats_loom)]
use loom::sync::{Mutex, atomic};
use std::sync::PoisonError;
#[cfg(not(wats_loom))]
use std::sync::{Mutex, atomic};

pub(crate) use atomic::{AtomicBool, AtomicUsize, Ordering};
#[cfg(wats_loom)]
pub(crate) use loom::sync::MutexGuard as LockGuard;
#[cfg(not(wats_loom))]
pub(crate) use std::sync::MutexGuard as LockGuard;

/// A mutex that ignores poisoning: no foreign code runs under it, so a panic elsewhere cannot have
/// left its content half changed.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> LockGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
