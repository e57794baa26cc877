//! The facade: configuration in, the typed layer out.

use std::env;
use std::ops::Deref;

use wats_domains::{Api, ApiOptions, CacheOptions, Error, Result};
use wats_http::{
    BreakerConfig, Client, ClientBuilder, Intercept, PoolConfig, ProxyConfig, RateLimit,
    RequestCompression, RetryConfig, SizeLimits, Timeouts, TlsConfig,
};

/// The environment variable with the address of the server.
const BASE_URL: &str = "WATS_BASE_URL";
/// The environment variable with the API token.
const AUTH_TOKEN: &str = "WATS_AUTH_TOKEN";

/// A WATS server. Cheap to clone; clones share connections and caches.
///
/// What it can do stands at [`Api`], which it derefs to: [`product`](Api::product), [`process`](Api::process),
/// [`report`](Api::report).
///
/// ```no_run
/// # async fn example() -> wats::Result<()> {
/// let wats = wats::Wats::builder().base_url("https://company.wats.com").token("dXNlcjpwYXNz").build()?;
/// let product = wats.product().get("PCBA-001").await?;
/// println!("{}", product.name.as_deref().unwrap_or("no name"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Wats(Api);

impl Wats {
    /// Starts the configuration; base URL and token are required.
    pub fn builder() -> WatsBuilder {
        WatsBuilder::default()
    }

    /// Takes the address from `WATS_BASE_URL` and the token from `WATS_AUTH_TOKEN`, and defaults for the rest.
    ///
    /// # Errors
    /// A variable is missing, not Unicode, or not usable; the error names it.
    pub fn from_env() -> Result<Self> {
        Self::builder()
            .base_url(variable(BASE_URL)?)
            .token(variable(AUTH_TOKEN)?)
            .build()
    }
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| {
        let problem = match error {
            env::VarError::NotPresent => "is not set",
            env::VarError::NotUnicode(_) => "is not valid Unicode",
        };
        Error::Config(format!("the environment variable {name} {problem}; {BASE_URL} must hold the address of the WATS server and {AUTH_TOKEN} an API token"))
    })
}

impl Deref for Wats {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.0
    }
}

/// Configuration of [`Wats`].
#[derive(Debug, Default)]
#[must_use]
pub struct WatsBuilder {
    http: ClientBuilder,
    options: ApiOptions,
}

impl WatsBuilder {
    /// The root of the server, such as `https://company.wats.com`; a trailing `/` or `/api` is accepted.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.http = self.http.base_url(url);
        self
    }

    /// The API token from the WATS Control Panel, as it is shown there.
    pub fn token(mut self, token: impl AsRef<str>) -> Self {
        self.http = self.http.token(token);
        self
    }

    /// Limits of the connection pool; default 100 connections, 20 idle.
    pub fn pool(mut self, pool: PoolConfig) -> Self {
        self.http = self.http.pool(pool);
        self
    }

    /// Deadlines; default 30 s for a try, 120 s for a call.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.http = self.http.timeouts(timeouts);
        self
    }

    /// Repeats of failed tries; default 3.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.http = self.http.retry(retry);
        self
    }

    /// How many calls the token may make, all clients of this process together; default 500 per 60 s, `None` for no limit.
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.http = self.http.rate_limit(limit);
        self
    }

    /// When calls fail at once because the server keeps failing; default for 10 s after 20 failures in a row, `None` for never.
    pub fn breaker(mut self, breaker: impl Into<Option<BreakerConfig>>) -> Self {
        self.http = self.http.breaker(breaker);
        self
    }

    /// Caps on the size of answers.
    pub fn limits(mut self, limits: SizeLimits) -> Self {
        self.http = self.http.limits(limits);
        self
    }

    /// Which servers to trust beyond the system's CAs, and the client's own certificate.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.http = self.http.tls(tls);
        self
    }

    /// Whether and how to go through a proxy; default as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
    pub fn proxy(mut self, proxy: ProxyConfig) -> Self {
        self.http = self.http.proxy(proxy);
        self
    }

    /// Whether the bodies of requests are compressed; default never, because no server is known to take it.
    pub fn request_compression(mut self, choice: RequestCompression) -> Self {
        self.http = self.http.request_compression(choice);
        self
    }

    /// How many redirects of a GET are followed in a row; default 0: a redirect is an error that names its target.
    pub fn redirects(mut self, most: u32) -> Self {
        self.http = self.http.redirects(most);
        self
    }

    /// Has this see every try; see [`Intercept`]. May be called several times.
    pub fn intercept(mut self, hook: impl Intercept + 'static) -> Self {
        self.http = self.http.intercept(hook);
        self
    }

    /// How long answers are kept in memory, by what they tell; default 5 minutes. [`CacheOptions::off`] keeps none.
    pub fn cache(mut self, options: CacheOptions) -> Self {
        self.options = self.options.cache(options);
        self
    }

    /// Checks the configuration; nothing is sent yet.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub fn build(self) -> Result<Wats> {
        let client: Client = self
            .http
            .user_agent(concat!("wats-rust/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Wats(Api::new(client, &self.options)))
    }
}
