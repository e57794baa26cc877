//! Reading the token again after the server has refused it: once for all calls that it refused.
//!
//! Readings are numbered. A call notes how many have begun when its attempt begins; when that is refused, any reading that
//! began later tells what there is to know. So a reading that is under way is waited for, one that has ended meanwhile
//! counts, and only if there is neither a new one begins. It runs on a thread of its own, because a callback may block, and
//! ends whether or not anybody still waits for it.
//!
//! A file is also watched: once a second, while calls are made, its stamp is compared with that of the last reading. What is
//! read because of that is no numbered reading: whoever is refused looks at the token in use first, and has it read again
//! otherwise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::identity::{Current, Identity};
use crate::token::{Stamp, TokenProvider};

/// How often a file is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// The readings of the token of a client.
#[derive(Debug)]
pub(crate) struct TokenRefresh {
    provider: TokenProvider,
    current: Arc<Current>,
    readings: watch::Sender<Readings>,
    /// Of a file.
    file: Option<WatchedFile>,
}

#[derive(Debug)]
struct WatchedFile {
    since: Instant,
    /// When it was looked at last, in milliseconds since then.
    looked: AtomicU64,
    /// A look is under way; where files are far away it may take its time.
    looking: AtomicBool,
    /// Its stamp before it was read last. Held while it is read, so that what was read last is what is used.
    read: Mutex<Option<Stamp>>,
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
        let file = provider.is_file().then(|| WatchedFile {
            since: Instant::now(),
            looked: AtomicU64::new(0),
            looking: AtomicBool::new(false),
            // It was read when the client was built. Whether it was changed since is found out by reading it once more.
            read: Mutex::default(),
        });
        Arc::new(Self {
            file,
            provider,
            current,
            readings: watch::Sender::default(),
        })
    }

    /// An attempt begins: has a file read again if it was changed, without waiting for it, and tells how many readings have
    /// begun.
    pub(crate) fn look(self: &Arc<Self>, now: Instant) -> u64 {
        if let Some(file) = &self.file {
            self.look_at(file, now);
        }
        self.readings.borrow().begun
    }

    fn look_at(self: &Arc<Self>, file: &WatchedFile, now: Instant) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = millis(now.saturating_duration_since(file.since));
        let looked = file.looked.load(SeqCst);
        if now.saturating_sub(looked) < millis(PERIOD) || file.looking.swap(true, SeqCst) {
            return;
        }
        file.looked.store(now, SeqCst);
        let this = Arc::clone(self);
        let thread = thread::Builder::new().name("wats-token".to_owned());
        let look = move || {
            if let Some(file) = &this.file {
                this.read_changed(file);
                file.looking.store(false, SeqCst);
            }
        };
        if thread.spawn(look).is_err() {
            file.looking.store(false, SeqCst);
        }
    }

    /// Half a file gives no token, and is looked at again.
    fn read_changed(&self, file: &WatchedFile) {
        let mut read = file.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = self.provider.stamp();
        if stamp.is_none() || stamp == *read {
            return;
        }
        match self.provider.read() {
            Ok(token) => {
                self.current.change(&token);
                *read = stamp;
            }
            Err(error) => tracing::warn!(%error, "the token file was changed and gives no token"),
        }
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
        let mut file = self.file.as_ref().map(|file| {
            let stamp = self.provider.stamp();
            let read = file.read.lock().unwrap_or_else(PoisonError::into_inner);
            (read, stamp)
        });
        let read = catch_unwind(AssertUnwindSafe(|| self.provider.read()));
        let failure = match read {
            Ok(Ok(token)) => {
                self.current.change(&token);
                if let Some((read, stamp)) = &mut file {
                    **read = *stamp;
                }
                None
            }
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some(format!("{} panicked", self.provider)),
        };
        drop(file);
        self.end(failure);
    }

    fn end(&self, failure: Option<String>) {
        self.readings.send_modify(|readings| {
            readings.ended += 1;
            readings.failure = failure;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::token::Token;

    #[test]
    fn a_file_is_looked_at_once_a_second_and_read_when_it_was_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let write = |token: &str| std::fs::write(&path, token).unwrap();
        write("first");
        let provider = TokenProvider::file(&path);
        let client = Client::builder()
            .base_url("http://h")
            .token_provider(provider.clone())
            .build()
            .unwrap();
        let tokens = TokenRefresh::new(provider, Arc::clone(&client.shared().identity));
        let file = tokens.file.as_ref().unwrap();
        let has = |token| {
            assert_eq!(
                client.token_fingerprint(),
                Token::new(token).unwrap().fingerprint()
            );
        };
        let look = |millis| {
            let readings = tokens.look(file.since + Duration::from_millis(millis));
            assert_eq!(readings, 0, "none of these is a numbered reading");
            let looks = file.looking.load(SeqCst);
            // The look ends by itself.
            while file.looking.load(SeqCst) {
                thread::yield_now();
            }
            looks
        };
        write("second-token");
        // A look may be over before it is asked for, so only that there is none is sure.
        assert!(!look(999));
        has("first");
        look(1_000);
        has("second-token");
        write("no token");
        assert!(!look(1_999));
        look(2_000);
        has("second-token");
        write("third");
        look(3_500);
        has("third");
        assert!(!look(4_499));
        std::fs::remove_file(&path).unwrap();
        look(4_500);
        has("third");
    }
}
