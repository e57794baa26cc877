//! Finds the budget that all clients of a token share.
//!
//! Entries are weak and dead ones are swept out when one is added, so the table is as large as there are tokens in use.
//! The key is a hash with a random seed: the table holds no credential.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::{RateLimit, TokenBudget, TokenLimiter};

static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static BUDGETS: LazyLock<Mutex<HashMap<u64, Weak<TokenBudget>>>> = LazyLock::new(Mutex::default);

/// A limiter for one more client of a token at a server; `secret` and `authority` are hashed, not kept.
pub(crate) fn shared(secret: &[u8], authority: &str, limit: &RateLimit) -> Arc<TokenLimiter> {
    Arc::new(TokenLimiter::of(budget(secret, authority), limit))
}

/// A limiter that belongs to the token in use.
pub(crate) trait OfToken: Send + Sync {
    /// Counts the calls of another token from now on. Calls that queue stay where they are.
    fn change_token(&self, secret: &str, authority: &str);
}

impl OfToken for TokenLimiter {
    fn change_token(&self, secret: &str, authority: &str) {
        self.go_over_to(budget(secret.as_bytes(), authority));
    }
}

fn budget(secret: &[u8], authority: &str) -> Arc<TokenBudget> {
    let key = SEED.hash_one((secret, authority));
    let mut budgets = BUDGETS.lock().unwrap_or_else(PoisonError::into_inner);
    let token = budgets.get(&key).and_then(Weak::upgrade);
    token.unwrap_or_else(|| {
        budgets.retain(|_, budget| budget.strong_count() > 0);
        let token = Arc::default();
        budgets.insert(key, Arc::downgrade(&token));
        token
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_budget_per_token_and_server_for_as_long_as_it_is_used() {
        let limit = RateLimit::default();
        let first = shared(b"registry-a", "host", &limit);
        let same = |other: &TokenLimiter| Arc::ptr_eq(&first.token(), &other.token());
        assert!(same(&shared(b"registry-a", "host", &limit)));
        assert!(!same(&shared(b"registry-b", "host", &limit)));
        assert!(!same(&shared(b"registry-a", "other", &limit)));
        let gone = Arc::downgrade(&first.token());
        drop(first);
        assert!(gone.upgrade().is_none());
    }

    #[test]
    fn the_table_does_not_grow_with_tokens_of_the_past() {
        for n in 0..10_000_u32 {
            drop(shared(&n.to_be_bytes(), "sweep", &RateLimit::default()));
        }
        let entries = BUDGETS.lock().unwrap().len();
        assert!(entries < 100, "{entries}");
    }
}
