//! A limiter that a program makes for each token: another takes its place with another token.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::registry::OfToken;
use super::{Acquire, MakeRateLimiter, RateLimit, RateLimiter};
use crate::error::{Error, Result};

/// What was made for the token in use.
#[derive(Debug)]
pub(crate) struct MadeLimiter {
    make: Arc<dyn MakeRateLimiter>,
    limit: RateLimit,
    made: RwLock<Arc<dyn RateLimiter>>,
}

impl MadeLimiter {
    pub(crate) fn new(
        make: Arc<dyn MakeRateLimiter>,
        secret: &str,
        authority: &str,
        limit: RateLimit,
    ) -> Result<Self> {
        let made = make.make(authority, secret, &limit);
        let made = made.map_err(|why| Error::config("there is no rate limiter").source(why))?;
        Ok(Self {
            make,
            limit,
            made: RwLock::new(made),
        })
    }

    fn made(&self) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.made.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OfToken for MadeLimiter {
    /// Where there is none for the new token, its calls are counted with those of the last one.
    fn change_token(&self, secret: &str, authority: &str) {
        match self.make.make(authority, secret, &self.limit) {
            Ok(made) => {
                let mut own = self.made.write().unwrap_or_else(PoisonError::into_inner);
                let left = std::mem::replace(&mut *own, made);
                drop(own);
                drop(left);
            }
            Err(error) => {
                tracing::warn!(%error, "there is no rate limiter for the new token: that of the last one stays");
            }
        }
    }
}

impl RateLimiter for MadeLimiter {
    fn try_acquire(&self, calls: u32, now: Instant) -> bool {
        self.made().try_acquire(calls, now)
    }

    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_> {
        let made = self.made();
        Box::pin(async move { made.acquire(calls, deadline).await })
    }

    fn pause(&self, wait: Duration) {
        self.made().pause(wait);
    }
}
