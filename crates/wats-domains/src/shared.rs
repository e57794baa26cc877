//! What several processes share on a Redis: the answers of the classes that are kept, and the rate limit of the token.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use wats_http::{
    Acquire, ClientBuilder, MakeRateLimiter, RateLimit, RateLimiter, Refusal, Token,
    TokenFingerprint,
};
use wats_redis::{
    LinkStats, RateLimitStats, Shared, SharedCache, SharedCacheStats, SharedRateLimit,
    SharedRateLimiter, ValueCodec,
};

use crate::ask::{AnswerTier, Body, ClassOptions, Key, MakeTier, OVERHEAD};
use crate::error::{Error, Result};

/// How answers are written for others. They are written as the server sent them, so no other version reads them otherwise.
const SCHEMA: (&str, u32) = ("wats-answer", 1);

/// For whom there is no time at which a kept answer ends.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// A client that is being built on what processes share.
#[derive(Debug)]
pub(crate) struct Joining(Arc<Maker>);

/// What a client and other processes have done together so far; from [`Wats::shared_stats`](crate::Wats::shared_stats).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedStats {
    /// The connection; one entry for each namespace of the [`Shared`].
    pub links: Vec<LinkStats>,
    /// The limit of the token, unless there is none.
    pub rate_limit: Option<RateLimitStats>,
    /// The classes of answers that this client has read or changed, by their names in [`CacheOptions`](crate::CacheOptions).
    pub classes: Vec<(String, SharedCacheStats)>,
}

impl fmt::Display for SharedStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> = self.links.iter().map(ToString::to_string).collect();
        lines.extend(self.rate_limit.iter().map(ToString::to_string));
        let classes = self.classes.iter();
        lines.extend(classes.map(|(class, stats)| format!("{class}: {stats}")));
        f.write_str(&lines.join("\n"))
    }
}

/// Makes the rate limiter of the client, and so learns whose answers are shared.
pub(crate) struct Maker {
    shared: Shared,
    has_limit: bool,
    local_share: Option<u32>,
    made: Mutex<Made>,
}

/// What was made, for its statistics.
#[derive(Default)]
struct Made {
    /// Whose answers are shared: the token in use, and one that is about to be.
    whose: [Option<Arc<Whose>>; 2],
    /// For the newest of them.
    limiter: Option<Arc<SharedRateLimiter>>,
    tiers: Vec<(String, SharedCache<Key, Arc<Body>>)>,
}

impl Maker {
    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> SharedStats {
        let links = self.shared.stats();
        let made = self.made();
        let classes = made.tiers.iter();
        SharedStats {
            links,
            rate_limit: made.limiter.as_ref().map(|limiter| limiter.stats()),
            classes: classes
                .map(|(class, tier)| (class.clone(), tier.stats()))
                .collect(),
        }
    }
}

struct Whose {
    authority: String,
    token: String,
    fingerprint: TokenFingerprint,
}

impl Made {
    /// Another token is about to be used.
    fn begin(&mut self, whose: Whose) {
        self.whose.rotate_left(1);
        self.whose[1] = Some(Arc::new(whose));
        // They end with the last call that began with the token.
        self.tiers.clear();
    }

    fn whose(&self, token: TokenFingerprint) -> Option<Arc<Whose>> {
        let mut known = self.whose.iter().rev().flatten();
        known.find(|whose| whose.fingerprint == token).cloned()
    }

    fn is_newest(&self, whose: &Arc<Whose>) -> bool {
        self.whose[1]
            .as_ref()
            .is_some_and(|newest| Arc::ptr_eq(newest, whose))
    }
}

impl fmt::Debug for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Maker").field(&self.shared).finish()
    }
}

impl MakeRateLimiter for Maker {
    fn make(
        &self,
        authority: &str,
        token: &str,
        limit: &RateLimit,
    ) -> std::result::Result<Arc<dyn RateLimiter>, Refusal> {
        let whose = Whose {
            authority: authority.to_owned(),
            token: token.to_owned(),
            fingerprint: Token::new(token)?.fingerprint(),
        };
        self.made().begin(whose);
        if !self.has_limit {
            return Ok(Arc::new(NoLimit));
        }
        let mut limit = SharedRateLimit::from(limit.clone());
        limit.local_share = self.local_share;
        let limiter = self.shared.rate_limiter(authority, token, limit)?;
        self.made().limiter = Some(Arc::clone(&limiter));
        Ok(limiter)
    }
}

/// Lets all calls through.
#[derive(Debug)]
struct NoLimit;

impl RateLimiter for NoLimit {
    fn try_acquire(&self, _: u32, _: Instant) -> bool {
        true
    }

    fn acquire(&self, _: u32, _: Option<Instant>) -> Acquire<'_> {
        Box::pin(async { Ok(()) })
    }

    fn pause(&self, _: Duration) {}
}

impl Joining {
    /// `has_limit` is whether the calls of the token are limited, `local_share` what this station may do alone.
    pub(crate) fn new(shared: &Shared, has_limit: bool, local_share: Option<u32>) -> Self {
        Self(Arc::new(Maker {
            shared: shared.clone(),
            has_limit,
            local_share,
            made: Mutex::default(),
        }))
    }

    /// Has the token's limit shared.
    pub(crate) fn apply(&self, http: ClientBuilder) -> ClientBuilder {
        let http = http.make_rate_limiter(Arc::clone(&self.0) as _);
        if self.0.has_limit {
            http
        } else {
            // It is asked for all the same, and lets all through.
            http.rate_limit(RateLimit::default())
        }
    }

    /// What holds the answers of the client that was built with it.
    pub(crate) fn tiers(self) -> Result<Arc<Maker>> {
        if self.0.made().whose[1].is_none() {
            return Err(Error::Config(
                "answers are shared by clients whose rate limit is that of `rate_limit`, of all of them together; one of \
                 another kind was set in `http`"
                    .to_owned(),
            ));
        }
        Ok(self.0)
    }
}

impl MakeTier for Maker {
    fn make(
        &self,
        class: &str,
        options: &ClassOptions,
        token: TokenFingerprint,
    ) -> Option<Arc<AnswerTier>> {
        // One that is not known is not in use any more, and nothing of it is kept.
        let whose = self.made().whose(token)?;
        // A kind has no underscores.
        let kind = class.replace('_', "-");
        let (name, version) = SCHEMA;
        let codec = ValueCodec::new(
            name,
            version,
            |body: &Arc<Body>| Some(body.text().to_vec()),
            |text: &[u8]| Some(Arc::new(Body::foreign(text.to_vec()))),
        );
        let most = options.max_bytes;
        let weight =
            |key: &Key, body: &Arc<Body>| (OVERHEAD + key.len() + body.text().len()) as u64;
        let tier = self
            .shared
            .cache_of_token(&whose.authority, &whose.token, &kind, codec)
            .ttl(options.ttl.unwrap_or(LONGEST))
            .stale_if_error(options.stale_if_error)
            .memory(|memory| {
                memory
                    .max_entries(most / OVERHEAD)
                    .max_weight(most as u64)
                    .weigher(weight)
            })
            .build();
        match tier {
            Ok(tier) => {
                let mut made = self.made();
                if made.is_newest(&whose) {
                    made.tiers.push((class.to_owned(), tier.clone()));
                }
                Some(Arc::new(tier))
            }
            Err(error) => {
                tracing::warn!(class, %error, "answers are kept in this process alone");
                None
            }
        }
    }
}
