//! Configuration in, client out.

use std::fmt;
use std::sync::{Arc, Mutex};

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, USER_AGENT};

use super::{Client, Shared};
use crate::address::BaseUrl;
use crate::any_transport::AnyTransport;
use crate::breaker::{Breaker, BreakerConfig};
use crate::budget::Budget;
use crate::config::{PoolConfig, RetryConfig, SizeLimits, Timeouts};
use crate::encoding::{self, CompressionState, RequestCompression};
use crate::error::{Error, Result, ServiceName};
use crate::identity::{Current, Identity};
use crate::intercept::Intercept;
use crate::pipeline::Pipeline;
use crate::pool::Pool;
use crate::probe::Prober;
use crate::proxy::ProxyConfig;
use crate::rate_limit::{self, MadeLimiter, MakeRateLimiter, OfToken, RateLimit, RateLimiter};
#[cfg(feature = "test-util")]
use crate::test_util::MockTransport;
use crate::tls::TlsConfig;
use crate::token::{Secrets, Token, TokenProvider};
use crate::token_refresh::TokenRefresh;

/// Configuration of a [`Client`].
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    base_url: Option<String>,
    token: Option<Result<Token>>,
    provider: Option<TokenProvider>,
    pool: PoolConfig,
    timeouts: Timeouts,
    retry: RetryConfig,
    limits: SizeLimits,
    rate_limit: OnByDefault<Limit>,
    make_rate_limiter: Option<Arc<dyn MakeRateLimiter>>,
    breaker: OnByDefault<BreakerConfig>,
    request_compression: RequestCompression,
    tls: TlsConfig,
    proxy: ProxyConfig,
    user_agent: Option<String>,
    service: ServiceName,
    intercepts: Vec<Arc<dyn Intercept>>,
    redirects: u32,
    #[cfg(feature = "test-util")]
    mock: Option<MockTransport>,
}

/// A part that is on by default and can be switched off.
#[derive(Debug)]
struct OnByDefault<T>(Option<T>);

/// Who says how many calls may be made.
#[derive(Debug)]
enum Limit {
    /// This process, for the token.
    Token(RateLimit),
    /// Whoever the program says.
    By(Arc<dyn RateLimiter>),
}

impl Default for Limit {
    fn default() -> Self {
        Self::Token(RateLimit::default())
    }
}

impl<T: Default> Default for OnByDefault<T> {
    fn default() -> Self {
        Self(Some(T::default()))
    }
}

impl ClientBuilder {
    /// The root of the server, such as `https://server.example`; the paths of calls go below it. A trailing `/` is
    /// accepted.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The API token; see [`Token::new`] for accepted forms. It can be changed later ([`Client::set_token`]).
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.token = Some(Token::new(token.as_ref()));
        self.provider = None;
        self
    }

    /// Where the API token comes from, if it may change: it is read when the client is built, and again when the server
    /// refuses it. In the place of [`token`](Self::token).
    pub fn token_provider(mut self, provider: TokenProvider) -> Self {
        self.provider = Some(provider);
        self.token = None;
        self
    }

    /// Whether there is a base URL, in whatever form.
    pub fn has_base_url(&self) -> bool {
        self.base_url.is_some()
    }

    /// Whether there is a token or where it comes from, in whatever form.
    pub fn has_token(&self) -> bool {
        self.token.is_some() || self.provider.is_some()
    }

    /// Limits of the connection pool.
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.pool = pool;
        self
    }

    /// Deadlines.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Repeats of failed attempts.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }

    /// Caps on the size of answers.
    pub fn limits(mut self, limits: SizeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many calls the token may make; default 500 per 60 s, `None` for no limit.
    ///
    /// The budget is shared by all clients of this process with the same token and server.
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.rate_limit = OnByDefault(limit.into().map(Limit::Token));
        self
    }

    /// Who decides when attempts may be made, in the place of [`rate_limit`](Self::rate_limit): of the two the last that is
    /// set holds. It is asked before each attempt, and told of each 429 that comes with a time to wait. It stays when the
    /// token changes.
    pub fn rate_limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.rate_limit = OnByDefault(Some(Limit::By(limiter)));
        self
    }

    /// Who makes what counts the calls of the token, if not this process: it is asked when the client is built, and again for
    /// another token, for the limit that [`rate_limit`](Self::rate_limit) says, unless that is none.
    pub fn make_rate_limiter(mut self, make: Arc<dyn MakeRateLimiter>) -> Self {
        self.make_rate_limiter = Some(make);
        self
    }

    /// When calls fail at once because the server keeps failing; `None` for never.
    pub fn breaker(mut self, breaker: impl Into<Option<BreakerConfig>>) -> Self {
        self.breaker = OnByDefault(breaker.into());
        self
    }

    /// Whether the bodies of requests are compressed; default never. Answers always may be.
    pub fn request_compression(mut self, choice: RequestCompression) -> Self {
        self.request_compression = choice;
        self
    }

    /// Which servers to trust.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Whether and how to go through a proxy; by default as the environment says.
    pub fn proxy(mut self, proxy: ProxyConfig) -> Self {
        self.proxy = proxy;
        self
    }

    /// Adds an interceptor, which is called on every attempt. May be called several times.
    pub fn intercept(mut self, hook: impl Intercept + 'static) -> Self {
        self.intercepts.push(Arc::new(hook));
        self
    }

    /// How many redirects in a row are followed; default 0: a redirect is an error that names its target.
    ///
    /// Only GET and HEAD are redirected, never from `https` to `http`. Another origin is sent neither the token nor
    /// cookies nor the client certificate.
    pub fn redirects(mut self, most: u32) -> Self {
        self.redirects = most;
        self
    }

    /// Sends nothing to a network but asks this instead.
    #[cfg(feature = "test-util")]
    pub fn transport(mut self, mock: MockTransport) -> Self {
        self.mock = Some(mock);
        self
    }

    /// What the client calls itself; default `wats-http/<version>`.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// What messages call the service that this is a client of: with `Acme` they speak of "the Acme server".
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.service.name = Some(name.into());
        self
    }

    /// Where users of the service make tokens, such as "the Control Panel", for messages that ask for one.
    pub fn token_source(mut self, place: impl Into<String>) -> Self {
        self.service.token_source = Some(place.into());
        self
    }

    /// Checks the configuration and makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming what is missing or wrong. Every number and time has a meaning
    /// or is refused here by its name.
    pub fn build(self) -> Result<Client> {
        self.timeouts.check(Error::config)?;
        self.retry.check()?;
        self.pool.check()?;
        if let Some(Limit::Token(limit)) = &self.rate_limit.0 {
            limit.check()?;
        }
        if let Some(breaker) = &self.breaker.0 {
            breaker.check()?;
        }
        let base = self.base_url.ok_or_else(|| {
            Error::config(format!(
                "no base URL; call base_url(..) with the address of {}, such as https://server.example",
                self.service.server()
            ))
        })?;
        let base = Arc::new(BaseUrl::parse(&base)?);
        if base.tls {
            crate::tls::server_name(&base.host)?;
        } else if !base.is_loopback() {
            tracing::warn!(host = %base.host, "the base URL is http://, so the token goes over the network unencrypted; use https://");
        }
        let token = self.provider.as_ref().map(TokenProvider::read);
        let token = token.or(self.token).ok_or_else(|| {
            Error::config(format!(
                "no token; call token(..) with an API token, made {}",
                self.service.token_source()
            ))
        })??;
        let common = common_headers(self.user_agent)?;
        let proxies = self.proxy.resolve(|name| std::env::var_os(name))?;
        // What the environment says is an error only if it is about this server.
        proxies.for_origin(&base)?;
        let mut secrets = Secrets::default();
        for login in proxies.logins() {
            secrets.add_lasting(&login.user, &login.password);
        }
        let identity = Identity::new(&token, common, &base.host_header, secrets, self.service);
        let make = self.make_rate_limiter;
        let (of_token, limiter) = limiters(self.rate_limit.0, make, &token, &base)?;
        let identity = Arc::new(Current::new(identity, of_token, &*base.authority));
        let current = Arc::clone(&identity);
        let connect = self.timeouts.connect;
        let prober = Prober::new(&proxies, &self.tls, self.pool.http2, connect);
        let another = {
            let (base, timeouts) = (Arc::clone(&base), self.timeouts.clone());
            let (tls, config) = (self.tls, self.pool);
            #[cfg(feature = "test-util")]
            let mock = self.mock;
            move || {
                #[cfg(feature = "test-util")]
                if let Some(mock) = &mock {
                    return AnyTransport::Mock(mock.clone());
                }
                AnyTransport::Pool(Pool::new(
                    Arc::clone(&base),
                    proxies.clone(),
                    tls.clone(),
                    config.clone(),
                    timeouts.clone(),
                ))
            }
        };
        let jitter = self.retry.jitter_seed.map(fastrand::Rng::with_seed);
        let pipeline = Pipeline {
            timeouts: self.timeouts,
            budget: Budget::new(&self.retry),
            intercepts: self.intercepts,
            redirects: self.redirects,
            jitter: jitter.map(Mutex::new),
            retry: self.retry,
            limits: self.limits,
            limiter,
            tokens: self.provider.map(|it| TokenRefresh::new(it, current)),
            breaker: self.breaker.0.as_ref().map(Breaker::new),
            compression: CompressionState::new(self.request_compression),
        };
        Ok(Client {
            shared: Arc::new(Shared {
                base,
                identity,
                pipeline: Arc::new(pipeline),
                transport: another(),
                another: Arc::new(another),
                prober: Arc::new(prober),
            }),
        })
    }
}

/// What every request has.
fn common_headers(user_agent: Option<String>) -> Result<HeaderMap> {
    let user_agent =
        user_agent.unwrap_or_else(|| concat!("wats-http/", env!("CARGO_PKG_VERSION")).to_owned());
    let user_agent = HeaderValue::try_from(user_agent)
        .map_err(|source| Error::config("the user agent has illegal characters").source(source))?;
    Ok(HeaderMap::from_iter([
        // The server negotiates; without this some routes answer in XML or HTML.
        (ACCEPT, HeaderValue::from_static("application/json")),
        (
            ACCEPT_ENCODING,
            HeaderValue::from_static(encoding::ACCEPTED),
        ),
        (USER_AGENT, user_agent),
    ]))
}

/// The rate limiter as what belongs to the token, unless it stays with another, and as the one that is asked.
type Limiters = (Option<Arc<dyn OfToken>>, Option<Arc<dyn RateLimiter>>);

fn limiters(
    limit: Option<Limit>,
    make: Option<Arc<dyn MakeRateLimiter>>,
    token: &Token,
    base: &BaseUrl,
) -> Result<Limiters> {
    let limit = match limit {
        None => return Ok((None, None)),
        Some(Limit::By(limiter)) => return Ok((None, Some(limiter))),
        Some(Limit::Token(limit)) => limit,
    };
    let (authority, secret) = (&base.authority, token.secret());
    if let Some(make) = make {
        let limiter = Arc::new(MadeLimiter::new(make, secret, authority, limit)?);
        return Ok((Some(Arc::clone(&limiter) as _), Some(limiter)));
    }
    let limiter = rate_limit::shared(secret.as_bytes(), authority, &limit);
    Ok((Some(Arc::clone(&limiter) as _), Some(limiter)))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not checked yet, so it may hold a password.
        f.debug_struct("ClientBuilder")
            .field("base_url", &self.base_url.as_ref().map(|_| "set"))
            .field("token", &self.token.as_ref().map(|_| "set"))
            .field("token_provider", &self.provider)
            .field("pool", &self.pool)
            .field("timeouts", &self.timeouts)
            .field("retry", &self.retry)
            .field("limits", &self.limits)
            .field("rate_limit", &self.rate_limit.0)
            .field("make_rate_limiter", &self.make_rate_limiter)
            .field("breaker", &self.breaker.0)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .field("request_compression", &self.request_compression)
            .field("intercepts", &self.intercepts)
            .field("redirects", &self.redirects)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
