//! Threads for refreshes in the background.
//!
//! A thread for each refresh, and few of them at a time: refreshes are rare, loaders mostly wait, and so there is no queue
//! to fill up and no thread that idles. A refresh too many is put off: what it holds is dropped, which frees the key,
//! and the next look-up tries again.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Refreshes of the process that run at the same time.
pub(crate) const MOST: usize = 16;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

struct Running;

impl Running {
    fn one_more() -> Option<Self> {
        let more = |running| (running < MOST).then_some(running + 1);
        let before = RUNNING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        before.ok().map(|_| Self)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs the refresh on a thread of its own, or drops it.
pub(crate) fn run(refresh: impl FnOnce() + Send + 'static) {
    let Some(running) = Running::one_more() else {
        return;
    };
    let thread = std::thread::Builder::new().name("wats-cache-refresh".to_owned());
    // Where no thread can be made, the closure is dropped with what it holds.
    drop(thread.spawn(move || {
        let _running = running;
        refresh();
    }));
}
