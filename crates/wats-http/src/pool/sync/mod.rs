//! The locks and signals under the pool: of the standard library and tokio, or of loom in its tests.
//!
//! loom cannot see into tokio's semaphore and notification, so models that keep the same contract take their
//! place.

#[cfg(wats_loom)]
mod model;

use std::sync::PoisonError;

#[cfg(not(wats_loom))]
pub(super) use self::real::*;
#[cfg(wats_loom)]
pub(super) use self::{model::*, under_loom::*};

#[cfg(not(wats_loom))]
mod real {
    pub(in crate::pool) use std::sync::MutexGuard as LockGuard;
    pub(in crate::pool) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    pub(in crate::pool) use tokio::sync::{Notify, OwnedSemaphorePermit as Slot, Semaphore};

    pub(super) use std::sync::Mutex;
}

#[cfg(wats_loom)]
mod under_loom {
    pub(in crate::pool) use loom::sync::MutexGuard as LockGuard;
    pub(in crate::pool) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    pub(super) use loom::sync::Mutex;
}

/// A mutex that ignores poisoning: no foreign code runs under it, so a panic elsewhere cannot have left its content
/// half changed.
#[derive(Debug, Default)]
pub(super) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn lock(&self) -> LockGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
