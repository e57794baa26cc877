//! Who a client is to its server: the headers that every call carries, the token among them, and the secrets that no text
//! may show. It can be replaced while the client lives; a call keeps the one that it began with.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};

use crate::error::ServiceName;
use crate::rate_limit::OfToken;
use crate::request::CommonHeaders;
use crate::token::{Secrets, Token, TokenFingerprint};

#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) headers: CommonHeaders,
    pub(crate) secrets: Secrets,
    /// That of the client's token, whatever credentials a call has of its own.
    pub(crate) fingerprint: TokenFingerprint,
    /// How messages name the server.
    pub(crate) service: Arc<ServiceName>,
}

impl Identity {
    /// `common` are the headers of every call but the token's, `host` the header of that name.
    pub(crate) fn new(
        token: &Token,
        mut common: HeaderMap,
        host: &HeaderValue,
        mut secrets: Secrets,
        service: ServiceName,
    ) -> Self {
        common.insert(AUTHORIZATION, token.header().clone());
        secrets.add(token.secret());
        Self {
            headers: CommonHeaders::new(common, host),
            secrets,
            fingerprint: token.fingerprint(),
            service: Arc::new(service),
        }
    }

    /// The same with another token; earlier ones stay secret.
    fn with(&self, token: &Token) -> Self {
        let mut next = self.clone();
        next.secrets.add(token.secret());
        next.fingerprint = token.fingerprint();
        for headers in [&mut next.headers.http1, &mut next.headers.http2] {
            headers.insert(AUTHORIZATION, token.header().clone());
        }
        next
    }

    /// Whether it is that of the same token.
    pub(crate) fn has_token_of(&self, other: &Self) -> bool {
        let token = |identity: &Self| identity.headers.http2.get(AUTHORIZATION).cloned();
        token(self) == token(other)
    }

    /// The one for a call with these headers of its own.
    pub(crate) fn for_call(self: Arc<Self>, own: &HeaderMap) -> Arc<Self> {
        match self.secrets_with(own) {
            None => self,
            Some(secrets) => Arc::new(Self {
                headers: self.headers.clone(),
                secrets,
                fingerprint: self.fingerprint,
                service: Arc::clone(&self.service),
            }),
        }
    }

    /// What is secret in a call with these headers of its own, if that is more.
    pub(crate) fn secrets_with(&self, own: &HeaderMap) -> Option<Secrets> {
        if !own.contains_key(AUTHORIZATION) && !own.contains_key(COOKIE) {
            return None;
        }
        let mut secrets = self.secrets.clone();
        for value in own.get_all(AUTHORIZATION) {
            let value = String::from_utf8_lossy(value.as_bytes());
            let credential = value.trim().rsplit(char::is_whitespace).next();
            secrets.add(credential.unwrap_or_default());
        }
        for value in own.get_all(COOKIE) {
            let cookies = String::from_utf8_lossy(value.as_bytes());
            for cookie in cookies.split(';') {
                let (_, value) = cookie.split_once('=').unwrap_or_default();
                secrets.add_part(value.trim());
            }
        }
        Some(secrets)
    }
}

/// The identity in use, and the rate limit, if it belongs to its token.
pub(crate) struct Current {
    identity: RwLock<Arc<Identity>>,
    /// How often it was replaced. Written while `identity` is locked: whoever takes the identity after it has seen a number
    /// has that one or a later one, and whoever has taken a later one sees a later number.
    changes: AtomicU64,
    /// Held while the token is changed, so that the limiter is that of the token in use.
    changing: Mutex<()>,
    limiter: Option<Arc<dyn OfToken>>,
    /// Host and port of the server, for the rate limit of another token.
    authority: String,
}

impl Current {
    pub(crate) fn new(
        identity: Identity,
        limiter: Option<Arc<dyn OfToken>>,
        authority: impl Into<String>,
    ) -> Self {
        Self {
            identity: RwLock::new(Arc::new(identity)),
            changes: AtomicU64::new(0),
            changing: Mutex::default(),
            limiter,
            authority: authority.into(),
        }
    }

    pub(crate) fn get(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How often the token was changed.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Has calls from now on use another token.
    pub(crate) fn change(&self, token: &Token) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.get();
        if current.headers.http2.get(AUTHORIZATION) == Some(token.header()) {
            return;
        }
        // Before it is used: whoever makes limiters knows of every token by then.
        if let Some(limiter) = &self.limiter {
            limiter.change_token(token.secret(), &self.authority);
        }
        let next = Arc::new(current.with(token));
        let mut identity = self
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *identity = next;
        self.changes.fetch_add(1, Ordering::Release);
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}
