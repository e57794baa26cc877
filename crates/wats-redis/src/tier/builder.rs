//! What a program says of a tier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wats_cache::{AsyncTtlCache, CacheBuilder, ForAsync, RandomState};

use crate::error::{Error, Result};
use crate::tier::cache::SharedCache;
use crate::tier::codec::{CacheKey, ValueCodec};
use crate::tier::hub::Hub;
use crate::tier::options::{LONGEST_LIFE, MOST_VALUE, Negative, Options};

type Memory<K, V> = CacheBuilder<K, V, RandomState, ForAsync>;

/// Options of a [`SharedCache`]; from `Shared::cache`.
#[must_use = "a builder builds nothing by itself"]
pub struct SharedCacheBuilder<K, V> {
    hub: Result<Arc<Hub>>,
    kind: String,
    codec: ValueCodec<V>,
    options: Options,
    negative: Option<Negative<V>>,
    memory: Memory<K, V>,
}

impl<K, V> fmt::Debug for SharedCacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCacheBuilder")
            .field("kind", &self.kind)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<K: CacheKey, V: Clone + Send + Sync + 'static> SharedCacheBuilder<K, V> {
    pub(crate) fn new(hub: Result<Arc<Hub>>, kind: &str, codec: ValueCodec<V>) -> Self {
        Self {
            hub,
            kind: kind.to_owned(),
            codec,
            options: Options {
                ttl: Duration::from_secs(300),
                stale_if_error: Duration::ZERO,
                soft_timeout: None,
                refresh_ahead: None,
                lease: Duration::from_secs(3),
                first_hold: Duration::from_secs(1),
                longest_hold: Duration::from_secs(30),
                jitter: 0.1,
                max_value: 1 << 20,
                max_key: 4096,
            },
            negative: None,
            memory: AsyncTtlCache::builder(),
        }
    }

    /// How long a value is fresh whose origin does not say; 5 minutes by default, 30 days at most.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.options.ttl = ttl.min(LONGEST_LIFE);
        self
    }

    /// For how long after its time a value is served where the origin fails, or the shared server is away and the origin
    /// fails; none by default, 30 days at most.
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.options.stale_if_error = time.min(LONGEST_LIFE);
        self
    }

    /// Serves a stale value to whoever would wait longer than that for a load, which goes on in a task of tokio. Only
    /// where a stale value is in memory, and `stale_if_error` keeps it. None by default.
    pub fn soft_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.soft_timeout = timeout.into();
        self
    }

    /// Loads a value anew that is asked for when this share of its time is over, such as 0.8: one process does, in a task of
    /// tokio, and all serve what there is meanwhile. Off by default: the first who comes after the end waits.
    pub fn refresh_ahead(mut self, share: impl Into<Option<f64>>) -> Self {
        let share = share.into().filter(|share| !share.is_nan());
        self.options.refresh_ahead = share.map(|share| share.clamp(0.0, 1.0));
        self
    }

    /// How long a load has its key to itself after its process was last heard of; 3 s by default, at least 100 ms. So long
    /// do others wait for a process that dies. A load that takes longer keeps it.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.options.lease = lease.clamp(Duration::from_millis(100), Duration::from_secs(600));
        self
    }

    /// How long a load that has failed holds back further ones of its key, in all processes, where there is a stale value
    /// to serve: `first`, doubled at each failure, up to `longest`. 1 s and 30 s by default.
    pub fn hold_back(mut self, first: Duration, longest: Duration) -> Self {
        self.options.first_hold = first.clamp(Duration::from_millis(1), LONGEST_LIFE);
        self.options.longest_hold = longest.clamp(self.options.first_hold, LONGEST_LIFE);
        self
    }

    /// Shortens lives by up to this share, by the hash of the key, so that what was loaded together does not end together;
    /// 0.1 by default.
    pub fn jitter(mut self, share: f64) -> Self {
        self.options.jitter = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self
    }

    /// Values for which `is_negative` holds ("not found") are fresh for `ttl`.
    pub fn negative(
        mut self,
        ttl: Duration,
        is_negative: impl Fn(&V) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.negative = Some((ttl.min(LONGEST_LIFE), Arc::new(is_negative)));
        self
    }

    /// Values of more bytes than that stay in the memory of their process; 1 MiB by default, 64 MiB at most.
    pub fn max_value(mut self, bytes: usize) -> Self {
        self.options.max_value = bytes.min(MOST_VALUE);
        self
    }

    /// The same for keys; 4 KiB by default.
    pub fn max_key(mut self, bytes: usize) -> Self {
        self.options.max_key = bytes;
        self
    }

    /// The level in the memory of this process: bounds, policy, weigher. Its times are those of this builder. A listener of
    /// removals, and destructors of values, may run on the thread of the connection, which must not wait for anybody.
    pub fn memory(mut self, options: impl FnOnce(Memory<K, V>) -> Memory<K, V>) -> Self {
        self.memory = options(self.memory);
        self
    }

    /// Builds it. Nobody has to answer for that.
    ///
    /// # Errors
    /// [`Error::Config`] when the name is not 1 to 64 letters, digits and `-`, or when the thread of the connection cannot be
    /// started.
    pub fn build(self) -> Result<SharedCache<K, V>> {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if self.kind.is_empty() || self.kind.len() > 64 || !self.kind.bytes().all(named) {
            return Err(Error::config(
                "kind",
                "is not 1 to 64 letters, digits and `-`",
            ));
        }
        Ok(SharedCache::new(
            self.hub?,
            self.kind,
            self.codec,
            self.options,
            self.negative,
            self.memory,
        ))
    }
}
