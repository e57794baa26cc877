//! The session that everybody uses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::link::session::Session;

/// One for each process.
#[derive(Debug, Default)]
pub(super) struct Published {
    session: Mutex<Option<Arc<Session>>>,
    told: AtomicBool,
}

impl Published {
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        let session = self.session.lock();
        session.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether changes by others are told on the present session.
    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, session: Option<Arc<Session>>, told: bool) {
        self.told.store(told, Ordering::Relaxed);
        let mut place = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, session);
        drop(place);
        // Outside of the lock.
        drop(before);
    }
}
