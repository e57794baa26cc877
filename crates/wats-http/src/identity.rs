//! Who a client is to its server: the headers that every call carries, the token among them, and the secrets that no text
//! may show. It can be replaced while the client lives; a call keeps the one that it began with.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

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
            limiter,
            authority: authority.into(),
        }
    }

    pub(crate) fn get(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has calls from now on use another token.
    pub(crate) fn change(&self, token: &Token) {
        let mut current = self
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if current.headers.http2.get(AUTHORIZATION) == Some(token.header()) {
            return;
        }
        *current = Arc::new(current.with(token));
        drop(current);
        if let Some(limiter) = &self.limiter {
            limiter.change_token(token.secret(), &self.authority);
        }
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}
