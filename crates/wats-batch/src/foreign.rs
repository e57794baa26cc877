//! Foreign code that runs in our tasks beside the bulk function: destructors of items, answers and
//! errors, and wakers. A panic of one is its own affair: it must not keep the others from being dropped
//! or woken, nor end the task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Drops each on its own.
pub(crate) fn let_go<T>(things: impl IntoIterator<Item = T>) {
    each(things, drop);
}

/// Wakes each on its own.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    each(wakers, Waker::wake);
}

/// After a panic it goes on with the next.
fn each<T>(things: impl IntoIterator<Item = T>, foreign: impl Fn(T)) {
    let mut things = things.into_iter();
    while let Err(payload) = catch_unwind(AssertUnwindSafe(|| things.by_ref().for_each(&foreign))) {
        forget_panic(payload);
    }
}

/// The payload may be anything, its destructor too.
pub(crate) fn forget_panic(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}
