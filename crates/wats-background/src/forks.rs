//! How many forks lie between this process and the one that began.

use std::sync::atomic::{AtomicU64, Ordering};

static FORKS: AtomicU64 = AtomicU64::new(0);

/// How many forks lie between this process and the one that began: tells what was noted here from what was inherited.
/// Counted from the first use of this crate on, where the system has forks at all.
#[inline]
pub fn forks() -> u64 {
    FORKS.load(Ordering::Relaxed)
}

/// Called in the child of a fork, so it does nothing but store.
#[cfg(unix)]
pub(crate) fn count() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
