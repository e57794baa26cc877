//! An answer that is awaited in a task or waited for on a thread, whatever runtime there is or is not.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::{Error, Result};

#[derive(Debug)]
enum Slot<T> {
    Open(Option<Waker>),
    Filled(Result<T>),
    /// Taken out, or never to be filled.
    Closed,
}

#[derive(Debug)]
struct Shared<T> {
    slot: Mutex<Slot<T>>,
    filled: Condvar,
}

impl<T> Shared<T> {
    fn put(&self, answer: Slot<T>) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Slot::Open(waker) = &mut *slot {
            let waker = waker.take();
            *slot = answer;
            drop(slot);
            self.filled.notify_all();
            // Foreign code, so outside of the lock.
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// Who answers.
#[derive(Debug)]
pub(crate) struct Reply<T>(Arc<Shared<T>>);

impl<T> Reply<T> {
    pub(crate) fn send(self, answer: Result<T>) {
        self.0.put(Slot::Filled(answer));
    }

    /// Whether anybody still waits.
    pub(crate) fn is_awaited(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        self.0.put(Slot::Closed);
    }
}

/// The answer of a queue: `.await` it in a task of any runtime, or [`wait`](Self::wait) for it on a thread. The work is under way
/// already, and goes on when this is dropped.
#[derive(Debug)]
#[must_use = "the work is done, but its outcome is not known"]
pub struct Pending<T> {
    shared: Arc<Shared<T>>,
    /// The queue, for the error when its thread has ended.
    folder: Arc<std::path::Path>,
}

pub(crate) fn pending<T>(folder: &Arc<std::path::Path>) -> (Reply<T>, Pending<T>) {
    let shared = Arc::new(Shared {
        slot: Mutex::new(Slot::Open(None)),
        filled: Condvar::new(),
    });
    let pending = Pending {
        shared: Arc::clone(&shared),
        folder: Arc::clone(folder),
    };
    (Reply(shared), pending)
}

impl<T> Pending<T> {
    /// Blocks this thread until the answer is there. Not within a task of a runtime that other work needs.
    ///
    /// # Errors
    /// What the operation failed with.
    pub fn wait(self) -> Result<T> {
        let mut slot = self
            .shared
            .slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            match std::mem::replace(&mut *slot, Slot::Closed) {
                Slot::Filled(answer) => return answer,
                Slot::Closed => return Err(Error::Closed(self.folder.to_path_buf())),
                open @ Slot::Open(_) => *slot = open,
            }
            slot = self
                .shared
                .filled
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Cloned before and dropped after the lock: that is foreign code.
        let mut new = Some(context.waker().clone());
        let mut slot = self
            .shared
            .slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let outcome = match &mut *slot {
            Slot::Open(waker) => {
                std::mem::swap(waker, &mut new);
                Poll::Pending
            }
            taken => match std::mem::replace(taken, Slot::Closed) {
                Slot::Filled(answer) => Poll::Ready(answer),
                _ => Poll::Ready(Err(Error::Closed(self.folder.to_path_buf()))),
            },
        };
        drop(slot);
        drop(new);
        outcome
    }
}
