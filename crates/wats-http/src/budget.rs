//! The retry budget: how many repeats a client may still make before successes earn it new ones.
//!
//! A bucket that starts full. Each repeat takes one out; each successful call puts a fraction back. While a server is
//! down the bucket runs empty and every call is tried once, so repeats cannot multiply the load that keeps it down.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::config::RetryConfig;

/// What one repeat costs; a success earns `RetryConfig::budget_percent` of it.
const REPEAT: u64 = 100;

#[derive(Debug)]
pub(crate) struct Budget {
    tokens: AtomicU64,
    /// `None` for no limit.
    capacity: Option<u64>,
    earned: u64,
}

impl Budget {
    pub(crate) fn new(config: &RetryConfig) -> Self {
        let capacity = config.budget.map(|budget| u64::from(budget) * REPEAT);
        Self {
            tokens: AtomicU64::new(capacity.unwrap_or_default()),
            capacity,
            earned: config.budget_percent.into(),
        }
    }

    /// Pays for one repeat; `false` when the bucket is empty.
    pub(crate) fn take(&self) -> bool {
        self.capacity.is_none()
            || self
                .tokens
                .fetch_update(Relaxed, Relaxed, |tokens| tokens.checked_sub(REPEAT))
                .is_ok()
    }

    /// A call succeeded. Free while the bucket is full, which is nearly always.
    pub(crate) fn earn(&self) {
        if let Some(capacity) = self.capacity
            && self.tokens.load(Relaxed) < capacity
        {
            let _ = self.tokens.fetch_update(Relaxed, Relaxed, |tokens| {
                Some(tokens.saturating_add(self.earned).min(capacity))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_successes_earn_one_repeat() {
        let budget = Budget::new(&RetryConfig::default().budget(2));
        assert!(budget.take() && budget.take() && !budget.take());
        for _ in 0..4 {
            budget.earn();
            assert!(!budget.take());
        }
        budget.earn();
        assert!(budget.take() && !budget.take());
    }

    #[test]
    fn successes_fill_the_reserve_and_no_more() {
        let budget = Budget::new(&RetryConfig::default().budget(2));
        assert!(budget.take());
        for _ in 0..1000 {
            budget.earn();
        }
        assert!(budget.take() && budget.take() && !budget.take());
    }

    #[test]
    fn no_budget_means_no_limit_and_zero_means_no_repeat() {
        let unlimited = Budget::new(&RetryConfig::default().no_budget());
        assert!((0..1000).all(|_| unlimited.take()));
        assert!(!Budget::new(&RetryConfig::default().budget(0)).take());
    }

    proptest! {
        #[test]
        fn repeats_never_exceed_reserve_plus_earnings(steps in proptest::collection::vec(any::<bool>(), 0..400)) {
            let budget = Budget::new(&RetryConfig::default().budget(10));
            let (mut repeats, mut successes) = (0_u64, 0_u64);
            for success in steps {
                if success {
                    budget.earn();
                    successes += 1;
                } else if budget.take() {
                    repeats += 1;
                }
                prop_assert!(repeats * 100 <= 10 * 100 + successes * 20);
            }
        }
    }
}
