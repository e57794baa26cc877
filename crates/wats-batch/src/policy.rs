//! When to send, as a pure function of a few numbers. No clock, no lock.

use crate::Policy;

/// What the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) policy: Policy,
    /// The most items of one batch.
    pub(crate) batch: usize,
    /// Items of the site that may be taken now.
    pub(crate) queued: usize,
    /// Of these, how many a flush or a close has promised to send.
    pub(crate) flushing: usize,
    /// The oldest item has waited its full window.
    pub(crate) due: bool,
}

impl View {
    /// Whether a worker that looks now should take a batch.
    pub(crate) fn should_send(self) -> bool {
        self.should_send_after(0)
    }

    /// The same, once `workers` others have each taken a full batch.
    #[inline]
    pub(crate) fn should_send_after(self, workers: usize) -> bool {
        // The sizes are the user's, up to the largest there is.
        let taken = workers.saturating_mul(self.batch);
        if self.flushing > taken {
            return true;
        }
        match self.policy {
            Policy::Eager => self.queued > taken,
            Policy::Window => {
                self.queued >= taken.saturating_add(self.batch) || (self.due && self.queued > taken)
            }
            Policy::Manual => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(policy: Policy, queued: usize, flushing: usize, due: bool) -> View {
        View {
            policy,
            batch: 10,
            queued,
            flushing,
            due,
        }
    }

    #[test]
    fn a_window_waits_for_size_or_time() {
        assert!(!view(Policy::Window, 9, 0, false).should_send());
        assert!(view(Policy::Window, 10, 0, false).should_send());
        assert!(view(Policy::Window, 1, 0, true).should_send());
        assert!(!view(Policy::Window, 0, 0, true).should_send());
        assert!(!view(Policy::Window, 19, 0, false).should_send_after(1));
        assert!(view(Policy::Window, 20, 0, false).should_send_after(1));
    }

    #[test]
    fn eager_takes_whatever_is_not_spoken_for() {
        assert!(view(Policy::Eager, 1, 0, false).should_send());
        assert!(!view(Policy::Eager, 10, 0, false).should_send_after(1));
        assert!(view(Policy::Eager, 11, 0, false).should_send_after(1));
    }

    #[test]
    fn manual_sends_only_what_was_flushed() {
        assert!(!view(Policy::Manual, 1000, 0, true).should_send());
        assert!(view(Policy::Manual, 1000, 1, false).should_send());
        assert!(!view(Policy::Manual, 1000, 10, false).should_send_after(1));
    }
}
