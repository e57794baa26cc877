//! Foreign code that runs in our tasks beside the bulk function: destructors of items, answers and
//! errors, and wakers. A panic of one is its own affair: it must not keep the others from being dropped
//! or woken, nor end the task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Drops each on its own.
pub(crate) fn let_go<T>(things: impl IntoIterator<Item = T>) {
    for thing in things {
        guard(|| drop(thing));
    }
}

/// Wakes each on its own.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        guard(|| waker.wake());
    }
}

fn guard(foreign: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(foreign)) {
        forget_panic(payload);
    }
}

/// The payload may be anything, its destructor too.
pub(crate) fn forget_panic(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
