//! How the workers of a drain are told to stop, and who waits for them.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::store::Lease;

/// How far a drain is on its way to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing more is taken.
    Stopping = 1,
    /// What is under way is given back.
    Abandoned = 2,
}

#[derive(Debug, Default)]
struct Inner {
    workers: usize,
    wakers: Vec<Waker>,
    leases: Vec<Lease>,
}

/// Shared by a drain and its workers.
#[derive(Debug, Default)]
pub(super) struct Control {
    level: AtomicU8,
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl Control {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more worker.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        self.inner().workers += 1;
        Entered(Arc::clone(self))
    }

    pub(super) fn set(&self, level: Level) {
        self.level.fetch_max(level as u8, Ordering::SeqCst);
        let wakers = std::mem::take(&mut self.inner().wakers);
        for waker in wakers {
            waker.wake();
        }
    }

    /// Whether all workers have ended within this time. This blocks.
    pub(super) fn wait(&self, within: Duration) -> bool {
        let inner = self.inner();
        let waited = self
            .changed
            .wait_timeout_while(inner, within, |inner| inner.workers > 0);
        let (inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        inner.workers == 0
    }

    /// The leases of what is being delivered.
    pub(super) fn under_way(&self) -> Vec<Lease> {
        self.inner().leases.clone()
    }
}

/// A worker's side.
#[derive(Debug)]
pub(super) struct Entered(Arc<Control>);

impl Entered {
    pub(super) fn is(&self, level: Level) -> bool {
        self.0.level.load(Ordering::SeqCst) >= level as u8
    }

    /// Ready when the drain has come so far.
    pub(super) fn reached(&self, level: Level) -> impl Future<Output = ()> + Send + Unpin + '_ {
        std::future::poll_fn(move |context| {
            if self.is(level) {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            let mut inner = self.0.inner();
            let known = inner.wakers.iter().any(|known| known.will_wake(&waker));
            if !known {
                inner.wakers.push(waker);
            }
            drop(inner);
            if self.is(level) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    /// An item is being delivered, until this is dropped.
    pub(super) fn under_way(&self, lease: Lease) -> UnderWay<'_> {
        self.0.inner().leases.push(lease);
        UnderWay(&self.0, lease)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        inner.workers = inner.workers.saturating_sub(1);
        drop(inner);
        self.0.changed.notify_all();
    }
}

#[derive(Debug)]
pub(super) struct UnderWay<'a>(&'a Control, Lease);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.inner().leases.retain(|lease| *lease != self.1);
    }
}
