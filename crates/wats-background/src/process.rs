//! The state of one process: made on first use, and made anew in the child of a `fork`.
//!
//! A child has the memory of its parent but none of its threads. What says "the thread runs" is false there, and a lock
//! that another thread held stays locked for ever. So the child starts with nothing: a handler that `fork` calls in it
//! stops the clock and forgets the [`Process`]; the next use makes another.
//!
//! Comparing process ids instead would cost a system call (110 ns measured) at every reading of a clock that takes
//! less than one.
//!
//! # Safety
//! This is the only file with `unsafe`. It needs it for two things:
//! - `pthread_atfork` is a foreign function. Its one requirement is that the handler is safe to call in the child, where
//!   only async-signal-safe things are allowed: [`in_child`] stores to three atomics and does nothing else.
//! - [`CURRENT`] is dereferenced. It is null or comes from `Box::into_raw` of a box that was leaked: it is never freed
//!   once it was published, so a reference to it is good for ever.
#![allow(unsafe_code)]

use crate::schedule::Scheduler;
use crate::ticker::Ticker;
#[cfg(unix)]
use crate::{forks, now};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// The threads of a process and what they share.
#[derive(Debug, Default)]
pub(crate) struct Process {
    pub(crate) ticker: Ticker,
    pub(crate) scheduler: Scheduler,
}

static CURRENT: AtomicPtr<Process> = AtomicPtr::new(ptr::null_mut());

impl Process {
    #[inline]
    pub(crate) fn current() -> &'static Self {
        let current = CURRENT.load(Ordering::Acquire);
        // SAFETY: null, or a box that was leaked.
        unsafe { current.as_ref() }.unwrap_or_else(Self::begin)
    }

    #[cold]
    fn begin() -> &'static Self {
        notice_forks();
        let new = Box::into_raw(Box::<Self>::default());
        match CURRENT.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: it was leaked just now, and is freed by nobody.
            Ok(_) => unsafe { &*new },
            Err(current) => {
                // SAFETY: it was not published, so this is its only pointer.
                drop(unsafe { Box::from_raw(new) });
                // SAFETY: not null, or the exchange would not have failed; so a box that was leaked.
                unsafe { &*current }
            }
        }
    }
}

/// The child begins anew. What the parent had stays in memory: its locks may be held by threads that are not here.
#[cfg(unix)]
extern "C" fn in_child() {
    now::stop();
    CURRENT.store(ptr::null_mut(), Ordering::Release);
    forks::count();
}

fn notice_forks() {
    static NOTICED: AtomicBool = AtomicBool::new(false);
    if !NOTICED.swap(true, Ordering::AcqRel) {
        #[cfg(unix)]
        // SAFETY: the handler only stores to atomics. Failing (no memory) leaves us as good as without a handler.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    }
}
