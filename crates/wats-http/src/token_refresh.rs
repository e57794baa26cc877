//! Reading the token again after the server has refused it: once for all calls that it refused.
//!
//! Readings are numbered. A call notes how many have begun when its attempt begins; when that is refused, any reading that
//! began later tells what there is to know. So a reading that is under way is waited for, one that has ended meanwhile
//! counts, and only if there is neither a new one begins. It runs on a thread of its own, because a callback may block, and
//! ends whether or not anybody still waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;

use crate::identity::{Current, Identity};
use crate::token::TokenProvider;

/// The readings of the token of a client.
#[derive(Debug)]
pub(crate) struct TokenRefresh {
    provider: TokenProvider,
    current: Arc<Current>,
    readings: watch::Sender<Readings>,
}

#[derive(Debug, Default)]
struct Readings {
    begun: u64,
    ended: u64,
    /// Why the last one gave no token.
    failure: Option<String>,
}

impl TokenRefresh {
    pub(crate) fn new(provider: TokenProvider, current: Arc<Current>) -> Arc<Self> {
        Arc::new(Self {
            provider,
            current,
            readings: watch::Sender::default(),
        })
    }

    /// How many readings have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.readings.borrow().begun
    }

    /// What messages call the place where tokens come from.
    pub(crate) fn provider(&self) -> &TokenProvider {
        &self.provider
    }

    /// The identity with another token, after one was refused; `begun` is from before its attempt.
    ///
    /// # Errors
    /// Why there is no other token.
    pub(crate) async fn other_than(
        self: &Arc<Self>,
        refused: &Identity,
        begun: u64,
    ) -> Result<Arc<Identity>, String> {
        let mut news = self.readings.subscribe();
        loop {
            // Perhaps it was changed since.
            let current = self.current.get();
            if !current.has_token_of(refused) {
                return Ok(current);
            }
            let mut leads = false;
            self.readings.send_if_modified(|readings| {
                leads = readings.ended <= begun && readings.begun == readings.ended;
                readings.begun += u64::from(leads);
                false
            });
            if leads {
                self.begin();
            }
            {
                let readings = news.borrow_and_update();
                if readings.ended > begun {
                    // It may have been changed between the two looks.
                    let current = self.current.get();
                    if !current.has_token_of(refused) {
                        return Ok(current);
                    }
                    return Err(match &readings.failure {
                        Some(why) => format!("the token could not be read again: {why}"),
                        None => {
                            format!("{} was read again and gives the same token", self.provider)
                        }
                    });
                }
            }
            if news.changed().await.is_err() {
                return Err("the token could not be read again".to_owned());
            }
        }
    }

    fn begin(self: &Arc<Self>) {
        let this = Arc::clone(self);
        let thread = thread::Builder::new().name("wats-token".to_owned());
        if let Err(error) = thread.spawn(move || this.read()) {
            self.end(Some(format!("no thread can be started for it: {error}")));
        }
    }

    fn read(&self) {
        let read = catch_unwind(AssertUnwindSafe(|| self.provider.read()));
        self.end(match read {
            Ok(Ok(token)) => {
                self.current.change(&token);
                None
            }
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some(format!("{} panicked", self.provider)),
        });
    }

    fn end(&self, failure: Option<String>) {
        self.readings.send_modify(|readings| {
            readings.ended += 1;
            readings.failure = failure;
        });
    }
}
