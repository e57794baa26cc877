//! Classes whose answers several processes share: the [`Tier`] that holds them, and what an answer is there.
//!
//! Shared is what the server sent, not what it was read as: a version of this crate with other models reads the same answers.
//! It is read once, by the first who asks for it.
//!
//! Loads run on the driver's thread, whoever asks. They are joined by tasks and by waits, and a wait may hold up the thread of
//! a task: if that one led a load, the wait would wait for itself.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;
use wats_cache::{CacheStats, Invalidation, LoadError, LoadOptions, Loaded, Origin, Read, Tier};
use wats_http::TokenFingerprint;

use super::answer::{Answer, Key};
use super::class_options::ClassOptions;
use super::outcome::{LoadOutcome, is_away};
use super::token::TokenInUse;
use crate::error::Error;

/// What holds the answers of one class.
pub(crate) type AnswerTier = dyn Tier<Key, Arc<Body>, Arc<Error>>;

/// Makes what holds the answers of a class.
pub(crate) trait MakeTier: fmt::Debug + Send + Sync {
    /// The one of the class of this name, for the answers to this token; `None` if it cannot be made, so that the class is
    /// kept in this process alone.
    fn make(
        &self,
        class: &str,
        options: &ClassOptions,
        token: TokenFingerprint,
    ) -> Option<Arc<AnswerTier>>;
}

/// What a server answered.
pub(crate) struct Body {
    text: Bytes,
    /// When this process had it.
    since: Instant,
    /// Whether it had it from the server, and not from another process.
    is_own: bool,
    read: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Body {
    /// As another process had it.
    #[cfg_attr(
        not(any(feature = "redis", test)),
        expect(dead_code, reason = "nothing is shared without the feature")
    )]
    pub(crate) fn foreign(text: impl Into<Bytes>) -> Self {
        Self {
            text: text.into(),
            since: Instant::now(),
            is_own: false,
            read: OnceLock::new(),
        }
    }

    /// As the server sent it, and what it was read as.
    pub(super) fn own(text: Bytes, answer: Answer) -> Self {
        Self {
            text,
            since: Instant::now(),
            is_own: true,
            read: OnceLock::from(answer.value),
        }
    }

    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "nothing is shared without the feature")
    )]
    pub(crate) fn text(&self) -> &Bytes {
        &self.text
    }

    fn is_within(&self, max_age: Duration) -> bool {
        max_age == Duration::MAX || self.is_own && self.since.elapsed() <= max_age
    }

    /// What it says; `None` if it cannot be read.
    pub(super) fn answer(&self, read: impl FnOnce(&[u8]) -> Option<Answer>) -> Option<Answer> {
        let value = if let Some(value) = self.read.get() {
            Arc::clone(value)
        } else {
            let value = read(&self.text)?.value;
            Arc::clone(self.read.get_or_init(|| value))
        };
        Some(Answer::of(value, self.text.len(), self.since))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

/// An invalidation that has begun.
type Begun = Shared<BoxFuture<'static, ()>>;

/// The answers of one class, on all levels.
pub(super) struct SharedClass {
    tier: Arc<AnswerTier>,
    /// Whose answers they are.
    token: TokenInUse,
    /// The last invalidation that began, if nobody has seen its end. It is about all that the ones before were about.
    begun: Mutex<Option<Begun>>,
}

impl fmt::Debug for SharedClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedClass").finish_non_exhaustive()
    }
}

impl SharedClass {
    pub(super) fn new(tier: Arc<AnswerTier>, token: TokenInUse) -> Self {
        Self {
            tier,
            token,
            begun: Mutex::default(),
        }
    }

    fn begun(&self) -> MutexGuard<'_, Option<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in the memory of this process, if it is no older than that.
    #[inline]
    pub(super) fn hit(&self, key: &Key, max_age: Duration) -> Option<Arc<Body>> {
        let body = self.tier.hit(key)?;
        body.is_within(max_age).then_some(body)
    }

    /// Takes all answers out, everywhere. It goes on by itself; [`settled`](Self::settled) waits for its end.
    pub(super) fn clear(&self) {
        let tier = Arc::clone(&self.tier);
        let clear = async move { tier.invalidate(Invalidation::All).await };
        let mut clear = clear.boxed().shared();
        // What is here goes now, and what is to be sent is handed over.
        let is_over = (&mut clear).now_or_never().is_some();
        *self.begun() = (!is_over).then_some(clear);
    }

    /// As [`clear`](Self::clear), and once more after this time: until then a write may still be carried out.
    pub(super) fn clear_again_after(&self, time: Duration) {
        self.clear();
        // What sends a call runs in a runtime. Without one, it is done by who reads next.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let tier = Arc::clone(&self.tier);
            runtime.spawn(async move {
                tokio::time::sleep(time).await;
                tier.invalidate(Invalidation::All).await;
            });
        }
    }

    /// Waits until what was cleared is gone everywhere, as far as it can be waited for.
    pub(super) async fn settled(&self) {
        let begun = self.begun().clone();
        let Some(begun) = begun else { return };
        begun.clone().await;
        let mut last = self.begun();
        if last.as_ref().is_some_and(|last| last.ptr_eq(&begun)) {
            *last = None;
        }
    }

    /// The answer of any level, or else of `origin`. If the server is away, one past its time, as the options allow.
    pub(super) async fn load<F>(
        &self,
        key: Key,
        read: Read,
        max_age: Duration,
        origin: impl FnOnce() -> F + Send + 'static,
    ) -> LoadOutcome<Arc<Body>>
    where
        F: Future<Output = Result<Arc<Body>, Arc<Error>>> + Send + 'static,
    {
        self.settled().await;
        // Nobody knows how old an answer is that another process had.
        let read = if max_age == Duration::MAX {
            read
        } else {
            Read::Origin
        };
        let options = LoadOptions::new().read(read).stale_if_error(false);
        let token = self.token.clone();
        let origin: Origin<Arc<Body>, Arc<Error>> = Box::new(move |_| {
            Box::pin(async move {
                let loaded = Loaded::new(origin().await?);
                // It may be the answer to another token: for who has asked, and to be kept nowhere.
                Ok(if token.is_in_use() {
                    loaded
                } else {
                    loaded.ttl(Duration::ZERO).stale_for(Duration::ZERO)
                })
            })
        });
        match self.tier.load(key.clone(), options, origin).await {
            Err(LoadError::Failed(error)) if read == Read::Cached && is_away(&error) => {
                match self.tier.stale(&key) {
                    Some(body) => LoadOutcome::Stale(body, error, None),
                    None => LoadOutcome::Failed(error),
                }
            }
            Ok(body) => LoadOutcome::Loaded(body),
            Err(LoadError::Failed(error)) => LoadOutcome::Failed(error),
            Err(LoadError::Reentrant) => LoadOutcome::Reentrant,
        }
    }

    pub(super) fn stats(&self) -> CacheStats {
        self.tier.stats()
    }
}
