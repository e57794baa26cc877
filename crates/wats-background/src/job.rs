//! A job: work, and when it is due.

use crate::moment::Moment;
use crate::process::Process;
use crate::schedule::{Inner, Work};
use std::fmt;
use std::sync::{Arc, Weak};

/// [`Work`] with the time at which it is due. Belongs to the owner of the work, usually as a field of it: dropped, it is
/// scheduled no more.
pub struct Job {
    inner: Arc<Inner>,
}

impl Job {
    /// A job that is not scheduled yet.
    pub fn new<W: Work>(work: &Arc<W>) -> Self {
        Self::of(Arc::downgrade(work) as Weak<dyn Work>)
    }

    /// As [`new`](Self::new), from within [`Arc::new_cyclic`] for example.
    pub fn of(work: Weak<dyn Work>) -> Self {
        Self {
            inner: Arc::new(Inner::new(work)),
        }
    }

    /// Runs the work at this moment at the latest. One load if it is due by then anyway.
    ///
    /// What was written before this call is seen by the run, or by a later one.
    #[inline]
    pub fn at(&self, due: Moment) {
        if due.nanos() < self.inner.due() {
            self.schedule(due);
        }
    }

    #[cold]
    fn schedule(&self, due: Moment) {
        Process::current().scheduler.schedule(&self.inner, due);
    }

    /// When it is going to run; [`Moment::NEVER`] if nobody asked.
    pub fn due(&self) -> Moment {
        Moment::from_nanos(self.inner.due())
    }

    /// Runs the work as soon as possible, once more if it is running.
    pub fn now(&self) {
        self.at(Moment::from_millis(0));
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.inner.due() != Moment::NEVER.nanos() {
            Process::current().scheduler.forget(&self.inner);
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.inner.id)
            .field("due", &Moment::from_nanos(self.inner.due()))
            .finish_non_exhaustive()
    }
}
