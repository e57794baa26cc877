//! Which flights the running code leads: the loaders on the stack of this thread.
//!
//! A loader that asks for its own key again would wait for itself. The mark is set only while a loader runs or is
//! polled, so it holds for threads and for tasks of any runtime. It does not see a loader that waits for another task
//! which asks for the key; a lease ends that.

use pin_project_lite::pin_project;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(not(wats_loom))]
thread_local! {
    static ACTIVE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[cfg(wats_loom)]
loom::thread_local! {
    static ACTIVE: RefCell<Vec<u64>> = RefCell::new(Vec::new());
}

struct Mark;

impl Mark {
    fn set(flight: u64) -> Self {
        ACTIVE.with(|active| active.borrow_mut().push(flight));
        Self
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        ACTIVE.with(|active| active.borrow_mut().pop());
    }
}

pub(super) fn leads(flight: u64) -> bool {
    ACTIVE.with(|active| active.borrow().contains(&flight))
}

pub(super) fn enter<T>(flight: u64, load: impl FnOnce() -> T) -> T {
    let _mark = Mark::set(flight);
    load()
}

pin_project! {
    /// The future of a loader, marked while it is polled.
    pub(super) struct Entered<F> {
        #[pin]
        load: F,
        flight: u64,
    }
}

impl<F> Entered<F> {
    pub(super) fn new(flight: u64, load: F) -> Self {
        Self { load, flight }
    }
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _mark = Mark::set(*this.flight);
        this.load.poll(context)
    }
}
