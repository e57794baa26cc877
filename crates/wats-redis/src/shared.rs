//! What a program holds.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use wats_http::{MakeRateLimiter, RateLimit, RateLimiter, Refusal};

use crate::budget::{Limiters, SharedRateLimit, SharedRateLimiter};
use crate::error::{Error, Result};
use crate::link::{Config, Link};
use crate::security::Namespace;
use crate::stats::LinkStats;
use crate::tier::{CacheKey, Hub, SharedCacheBuilder, ValueCodec};

/// The namespace of a program's own data where none is given.
const OWN_DATA: &str = "default";

/// Namespaces of one [`Shared`]: each has a thread and a connection.
const MOST_LINKS: usize = 64;

/// A Redis or Valkey that several processes share. Cheap to clone; the connection is closed with the last clone.
///
/// It is kept up in the background: see [`SharedBuilder::build`](crate::SharedBuilder::build).
#[derive(Clone)]
pub struct Shared {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<Config>,
    /// What the user gave.
    namespace: Option<Namespace>,
    /// One for each namespace. A token is in memory for as long as it is with the client.
    links: Mutex<HashMap<Namespace, Arc<Link>>>,
    limiters: Limiters,
    /// What the caches of a namespace have in common.
    hubs: Mutex<HashMap<Namespace, Arc<Hub>>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("servers", &self.inner.config.servers)
            .field("namespace", &self.inner.namespace)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn start(config: Config, namespace: Option<Namespace>) -> Result<Self> {
        let shared = Self {
            inner: Arc::new(Inner {
                config: Arc::new(config),
                namespace,
                links: Mutex::default(),
                limiters: Limiters::default(),
                hubs: Mutex::default(),
            }),
        };
        if let Some(namespace) = &shared.inner.namespace {
            shared.link(namespace)?;
        }
        Ok(shared)
    }

    /// The link for answers of a WATS server (`host:port`) to this token.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub(crate) fn link_of_token(&self, authority: &str, token: &str) -> Result<Arc<Link>> {
        match &self.inner.namespace {
            Some(namespace) => self.link(namespace),
            None => self.link(&Namespace::of_token(authority, token)),
        }
    }

    /// The link for data of the program's own, which no token stands for.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub(crate) fn link_of_program(&self) -> Result<Arc<Link>> {
        match &self.inner.namespace {
            Some(namespace) => self.link(namespace),
            None => self.link(&Namespace::Named(OWN_DATA.to_owned())),
        }
    }

    /// The rate limiter for calls to a server (`host:port`) with a token: all stations that share this Redis and that token, or
    /// that give the same namespace, keep to the limit together.
    ///
    /// A client that is given `shared` itself
    /// ([`make_rate_limiter`](wats_http::ClientBuilder::make_rate_limiter)) asks for the one of its server and token, and for
    /// another one when its token changes.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use wats_http::Client;
    /// use wats_redis::Shared;
    ///
    /// # fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let shared = Shared::builder("redis://cache.factory.example:6379").build()?;
    /// let client = Client::builder()
    ///     .base_url("https://wats.factory.example")
    ///     .token(token)
    ///     .make_rate_limiter(Arc::new(shared))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the limit lets no call pass, the thread of the connection cannot be started, or the stations of one token are given
    /// more than four different limits.
    pub fn rate_limiter(
        &self,
        authority: &str,
        token: &str,
        limit: impl Into<SharedRateLimit>,
    ) -> Result<Arc<SharedRateLimiter>> {
        let link = self.link_of_token(authority, token)?;
        self.inner.limiters.get(link, limit.into())
    }

    /// A cache for data of the program's own, shared by all processes of the namespace that give the same `kind`: 1 to 64
    /// letters, digits and `-`. Nothing is asked of the server before the first look-up.
    pub fn cache<K, V>(&self, kind: &str, codec: ValueCodec<V>) -> SharedCacheBuilder<K, V>
    where
        K: CacheKey,
        V: Clone + Send + Sync + 'static,
    {
        self.cache_on(self.link_of_program(), kind, codec)
    }

    /// As [`cache`](Self::cache), for answers of a WATS server (`host:port`) to this token: others see them only if they have
    /// the token, or give the same name for a namespace.
    pub fn cache_of_token<K, V>(
        &self,
        authority: &str,
        token: &str,
        kind: &str,
        codec: ValueCodec<V>,
    ) -> SharedCacheBuilder<K, V>
    where
        K: CacheKey,
        V: Clone + Send + Sync + 'static,
    {
        self.cache_on(self.link_of_token(authority, token), kind, codec)
    }

    fn cache_on<K, V>(
        &self,
        link: Result<Arc<Link>>,
        kind: &str,
        codec: ValueCodec<V>,
    ) -> SharedCacheBuilder<K, V>
    where
        K: CacheKey,
        V: Clone + Send + Sync + 'static,
    {
        let hub = link.and_then(|link| self.hub(&link));
        SharedCacheBuilder::new(hub, kind, codec)
    }

    fn hub(&self, link: &Arc<Link>) -> Result<Arc<Hub>> {
        let hubs = self.inner.hubs.lock();
        let mut hubs = hubs.unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hubs.get(link.namespace()) {
            return Ok(Arc::clone(hub));
        }
        let namespace = link.namespace().clone();
        let hub = Hub::new(link)?;
        hubs.insert(namespace, Arc::clone(&hub));
        Ok(hub)
    }

    /// Waits until all is known here that others had acknowledged before this call: what is read from memory afterwards is
    /// no older. Without a session it fails, and nothing in memory is served as fresh anyway.
    ///
    /// # Errors
    /// When the server does not answer in time, or there is no session.
    pub async fn fence(&self) -> Result<()> {
        for link in self.links() {
            link.fence().await?;
        }
        Ok(())
    }

    /// Whether what is in memory may be served: all changes that were acknowledged longer than `max_staleness` ago are
    /// known here. `false` until somebody has asked for something that is shared.
    pub fn is_trusted(&self) -> bool {
        let links = self.links();
        // A session is trusted before it is given to callers. Who waits for trust may take it for both.
        let is_up = |link: &Arc<Link>| link.is_trusted() && link.session().is_ok();
        !links.is_empty() && links.iter().all(is_up)
    }

    /// What has been done so far, one entry for each namespace.
    pub fn stats(&self) -> Vec<LinkStats> {
        self.links().iter().map(|link| link.stats()).collect()
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let links = self.inner.links.lock();
        let links = links.unwrap_or_else(PoisonError::into_inner);
        links.values().cloned().collect()
    }

    /// Forgets the hubs that no cache uses, unless one has to tell others of a change as soon as the server is there.
    fn sweep_hubs(&self) {
        let hubs = self.inner.hubs.lock();
        let mut hubs = hubs.unwrap_or_else(PoisonError::into_inner);
        hubs.retain(|_, hub| Arc::strong_count(hub) > 1 || hub.has_unsent());
    }

    fn link(&self, namespace: &Namespace) -> Result<Arc<Link>> {
        let links = self.inner.links.lock();
        let mut links = links.unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(namespace) {
            return Ok(Arc::clone(link));
        }
        // Tokens change: those that nobody uses any more need no connection.
        self.inner.limiters.sweep();
        self.sweep_hubs();
        let given = self.inner.namespace.as_ref();
        links.retain(|namespace, link| given == Some(namespace) || Arc::strong_count(link) > 1);
        if links.len() >= MOST_LINKS {
            return Err(Error::Busy);
        }
        let config = Arc::clone(&self.inner.config);
        let link = Arc::new(Link::start(config, namespace.clone())?);
        links.insert(namespace.clone(), Arc::clone(&link));
        Ok(link)
    }
}

impl MakeRateLimiter for Shared {
    fn make(
        &self,
        authority: &str,
        token: &str,
        limit: &RateLimit,
    ) -> std::result::Result<Arc<dyn RateLimiter>, Refusal> {
        Ok(self.rate_limiter(authority, token, limit.clone())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tier::SharedCache;

    #[tokio::test]
    async fn a_namespace_that_nobody_uses_makes_room_unless_it_has_something_to_tell() {
        // Nobody is there.
        let shared = Shared::builder("redis://127.0.0.1:1").build().unwrap();
        let made = |token| -> SharedCache<String, u32> {
            let codec = ValueCodec::message_pack("Number", 1);
            let cache = shared.cache_of_token("h:1", token, "number", codec);
            cache.build().unwrap()
        };
        drop(made("a"));
        let of_b = made("b");
        assert_eq!(shared.stats().len(), 1);
        of_b.remove(&"1".to_owned()).await;
        drop(of_b);
        drop(made("c"));
        assert_eq!(shared.stats().len(), 2);
        drop(made("d"));
        assert_eq!(shared.stats().len(), 2, "that of the third is gone");
    }
}
