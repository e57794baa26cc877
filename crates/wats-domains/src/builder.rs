//! Configuration in, [`Wats`] out.

use std::env;

use wats_http::{Client, ClientBuilder, RateLimit, RetryConfig, Timeouts};

use crate::ask::CacheOptions;
use crate::client::Wats;
use crate::error::{Error, Result};

/// The environment variable with the address of the server.
const BASE_URL: &str = "WATS_BASE_URL";
/// The environment variable with the API token.
const AUTH_TOKEN: &str = "WATS_AUTH_TOKEN";

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

/// Puts the typed layer on a transport that was made elsewhere, with defaults for the rest; such as one with connections
/// of its own for another runtime ([`Client::with_own_pool`]).
impl From<Client> for Wats {
    fn from(client: Client) -> Self {
        Self::new(client, &CacheOptions::default())
    }
}

/// The root of the server: people copy the address with `/api` at its end, which the paths of operations begin with.
fn without_api(url: &str) -> &str {
    let url = url.trim().trim_end_matches('/');
    let end = url.len().checked_sub("/api".len());
    match end.and_then(|at| url.split_at_checked(at)) {
        // A host may have that name, too.
        Some((root, end))
            if end.eq_ignore_ascii_case("/api") && root.trim_end_matches('/').contains("://") =>
        {
            root
        }
        _ => url,
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

/// Configuration of [`Wats`].
///
/// What most programs set has a method here; every option of the transport is reached through [`http`](Self::http):
///
/// ```no_run
/// use std::time::Duration;
/// use wats_domains::Wats;
/// use wats_http::{Timeouts, TlsConfig};
///
/// # fn example(company_ca: &str) -> wats_domains::Result<()> {
/// let tls = TlsConfig::default().add_ca_pem(company_ca)?;
/// let wats = Wats::builder()
///     .base_url("https://company.wats.com")
///     .token("dXNlcjpwYXNz")
///     .timeouts(Timeouts::default().total(Duration::from_secs(60)))
///     .http(|client| client.tls(tls).user_agent("station-software/2.1"))
///     .build()?;
/// # let _ = wats;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use]
pub struct WatsBuilder {
    http: ClientBuilder,
    cache: CacheOptions,
}

impl Default for WatsBuilder {
    fn default() -> Self {
        Self {
            http: Client::builder()
                .service_name("WATS")
                .token_source("the WATS Control Panel")
                .user_agent(concat!("wats-rust/", env!("CARGO_PKG_VERSION"))),
            cache: CacheOptions::default(),
        }
    }
}

impl WatsBuilder {
    /// The root of the server, such as `https://company.wats.com`; a trailing `/` or `/api` is accepted.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.http(|client| client.base_url(without_api(&url)))
    }

    /// The API token from the WATS Control Panel, as it is shown there.
    pub fn token(self, token: impl AsRef<str>) -> Self {
        self.http(|client| client.token(token))
    }

    /// Deadlines; default 30 s for a try, 120 s for a call.
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.http(|client| client.timeouts(timeouts))
    }

    /// Repeats of failed tries; default 3.
    pub fn retry(self, retry: RetryConfig) -> Self {
        self.http(|client| client.retry(retry))
    }

    /// How many calls the token may make, all clients of this process together; default 500 per 60 s, `None` for no limit.
    pub fn rate_limit(self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.http(|client| client.rate_limit(limit))
    }

    /// How long answers are kept in memory, by what they tell; default 5 minutes and 8 MiB each.
    pub fn cache(mut self, options: CacheOptions) -> Self {
        self.cache = options;
        self
    }

    /// Sets any option of the transport, such as the connection pool, TLS, the proxy or what the client calls itself
    /// (default `wats-rust/<version>`): see [`ClientBuilder`] for all of them. What was set before stays, unless it is set
    /// again.
    pub fn http(mut self, options: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        self.http = options(self.http);
        self
    }

    /// Checks the configuration; nothing is sent yet.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub fn build(self) -> Result<Wats> {
        let client = self.http.build()?;
        Ok(Wats::new(client, &self.cache))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_the_server_is_taken_out_of_what_people_copy() {
        for (url, root) in [
            ("https://h/api", "https://h"),
            ("https://h/API/", "https://h"),
            (" http://h:1/sub/api// ", "http://h:1/sub"),
            ("https://h//api", "https://h/"),
            ("https://h/api/api", "https://h/api"),
            ("https://h/xapi", "https://h/xapi"),
            ("https://h/", "https://h"),
            ("https://api", "https://api"),
            ("http://API/", "http://API"),
            ("https://ø/api", "https://ø"),
            ("€i", "€i"),
            ("/api", "/api"),
            ("", ""),
        ] {
            assert_eq!(without_api(url), root, "{url}");
        }
    }

    #[test]
    fn messages_name_the_service() {
        let told = |builder: WatsBuilder| builder.build().unwrap_err().to_string();
        let error = told(Wats::builder());
        assert!(error.contains("address of the WATS server"), "{error}");
        let error = told(Wats::builder().base_url("http://h"));
        assert!(error.contains("the WATS Control Panel"), "{error}");
    }
}
