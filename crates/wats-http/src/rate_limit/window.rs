//! One limit as a pure state machine: no more than `calls` in any stretch of `per`.
//!
//! It keeps the times of the last `calls` grants. That is exact, where a token bucket would let nearly twice as many
//! calls into one minute of the server's, and costs a few kilobytes per token.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::RateLimit;

const YEAR: Duration = Duration::from_secs(86_400 * 365);

#[derive(Debug)]
pub(super) struct Window {
    limit: RateLimit,
    /// When the last grants were made, oldest first; a grant of weight `n` stands in here `n` times.
    grants: VecDeque<Instant>,
}

impl Window {
    pub(super) fn new(limit: &RateLimit) -> Self {
        Self {
            limit: limit.clone(),
            grants: VecDeque::new(),
        }
    }

    /// The same for another limit, with what is known of the grants so far.
    pub(super) fn with_limit(&self, limit: &RateLimit) -> Self {
        let known = self.grants.len().min(limit.calls as usize);
        Self {
            limit: limit.clone(),
            grants: self
                .grants
                .range(self.grants.len() - known..)
                .copied()
                .collect(),
        }
    }

    pub(super) fn limit(&self) -> &RateLimit {
        &self.limit
    }

    /// How many grants it remembers.
    pub(super) fn known(&self) -> usize {
        self.grants.len()
    }

    fn weight(&self, weight: u32) -> usize {
        weight.clamp(1, self.limit.calls) as usize
    }

    /// When there is room for `weight` calls, unless there is now. More than a whole window counts as a whole window.
    pub(super) fn ready(&self, weight: u32, now: Instant) -> Option<Instant> {
        // So many earlier grants may still lie within the window.
        let room = self.limit.calls as usize - self.weight(weight);
        let last_but_room = self.grants.len().checked_sub(room + 1)?;
        // A stretch that no clock sees the end of is asked about again in a year.
        let ready = self.grants[last_but_room]
            .checked_add(self.limit.per)
            .unwrap_or_else(|| now + YEAR);
        (now < ready).then_some(ready)
    }

    /// Notes `weight` calls.
    pub(super) fn grant(&mut self, weight: u32, now: Instant) {
        for _ in 0..self.weight(weight) {
            if self.grants.len() == self.limit.calls as usize {
                self.grants.pop_front();
            }
            self.grants.push_back(now);
        }
    }
}
