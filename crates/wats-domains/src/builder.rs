//! Configuration in, [`Wats`] out.

#[cfg(feature = "redis")]
use std::sync::Arc;

use wats_http::{Client, ClientBuilder, RateLimit, RetryConfig, Timeouts, TokenProvider};
use wats_report::Station;

use crate::ask::CacheOptions;
use crate::client::Wats;
use crate::environment::{Config, Environment, TokenSource, without_api};
use crate::error::{Error, Result};
use crate::station::StationDefaults;

impl Wats {
    /// Starts the configuration; base URL and token are required.
    pub fn builder() -> WatsBuilder {
        WatsBuilder::default()
    }

    /// The client that the environment describes: see [`WatsBuilder::from_env`].
    ///
    /// # Errors
    /// As [`WatsBuilder::from_env`] and [`WatsBuilder::build`]; what is missing is named by its variable.
    pub fn from_env() -> Result<Self> {
        WatsBuilder::from_env()?.build()
    }
}

/// Puts the typed layer on a transport that was made elsewhere, with defaults for the rest; such as one with connections
/// of its own for another runtime ([`Client::with_own_pool`]).
impl From<Client> for Wats {
    fn from(client: Client) -> Self {
        Self::new(client, &CacheOptions::default())
    }
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
    #[cfg(feature = "redis")]
    shared: Option<wats_redis::Shared>,
    /// Whether the calls of the token are limited.
    #[cfg(feature = "redis")]
    has_limit: bool,
    #[cfg(feature = "redis")]
    local_share: Option<u32>,
    defaults: StationDefaults,
    /// Where the environment has a profile or none, if it was asked.
    looked_in: Option<String>,
}

impl Default for WatsBuilder {
    fn default() -> Self {
        Self {
            http: Client::builder()
                .service_name("WATS")
                .token_source("the WATS Control Panel")
                .user_agent(concat!("wats-rust/", env!("CARGO_PKG_VERSION"))),
            cache: CacheOptions::default(),
            #[cfg(feature = "redis")]
            shared: None,
            #[cfg(feature = "redis")]
            has_limit: true,
            #[cfg(feature = "redis")]
            local_share: None,
            defaults: StationDefaults::default(),
            looked_in: None,
        }
    }
}

impl WatsBuilder {
    /// Starts with what the environment says. Nothing has to be there; what is missing in the end is told by
    /// [`build`](Self::build).
    ///
    /// | variable | in a profile | what |
    /// |---|---|---|
    /// | `WATS_BASE_URL` | `base_url` | [`base_url`](Self::base_url) |
    /// | `WATS_AUTH_TOKEN` | `auth_token` | [`token`](Self::token) |
    /// | `WATS_TOKEN_FILE` | `token_file` | [`token_provider`](Self::token_provider) with a file, which is read again when the token is refused |
    /// | `WATS_STATION_NAME`, `_LOCATION`, `_PURPOSE` | `station_name` … | [`station`](Self::station) |
    /// | `WATS_PROCESS_CODE` | `process_code` | [`process_code`](Self::process_code) |
    /// | `WATS_OPERATOR` | `operator` | [`operator`](Self::operator) |
    /// | `WATS_QUEUE_DIR` | `queue_dir` | nothing of the client: [`Config::queue_dir`](crate::Config::queue_dir) gives it to programs with a queue |
    ///
    /// A profile is a part of a configuration file:
    ///
    /// ```toml
    /// [default]
    /// base_url = "https://company.wats.com"
    /// token_file = "wats.token"    # beside this file
    /// station_name = "ICT-3"
    /// station_location = "Drammen"
    /// station_purpose = "Production"
    /// process_code = 100
    ///
    /// [test]
    /// base_url = "https://test.company.wats.com"
    /// auth_token = "…"
    /// ```
    ///
    /// The file is `~/.config/wats/config.toml` (or in `XDG_CONFIG_HOME`), on macOS
    /// `~/Library/Application Support/wats/config.toml`, on Windows `%APPDATA%\wats\config.toml`, or that of `WATS_CONFIG`.
    /// `WATS_PROFILE` names the profile, which must be there; otherwise it is the one of the name `default`, if there is one.
    ///
    /// **What stands before what:** methods of the builder that are called afterwards, then variables, then the profile. Of
    /// one place the token stands before its file. The token of a profile is sent to the server of that profile only.
    ///
    /// # Errors
    /// [`Error::Config`], naming variable, or file and line, and never a value that may be secret: a variable is empty or
    /// cannot be used, a file that is named cannot be read, is none or lacks the profile.
    ///
    /// ```no_run
    /// use wats_domains::WatsBuilder;
    /// use wats_domains::report::Station;
    ///
    /// # fn example() -> wats_domains::Result<()> {
    /// let station = Station { name: "ICT-3", location: "Drammen", purpose: "Production" };
    /// let wats = WatsBuilder::from_env()?.station(station).build()?;
    /// # let _ = wats;
    /// # Ok(()) }
    /// ```
    pub fn from_env() -> Result<Self> {
        Environment::read(&|name| std::env::var_os(name)).map(Self::of)
    }

    pub(crate) fn of(environment: Environment) -> Self {
        let mut builder = Self {
            defaults: environment.defaults,
            looked_in: Some(environment.looked_in),
            ..Self::default()
        };
        if let Some(url) = environment.base_url {
            builder = builder.base_url(url);
        }
        match environment.token {
            None => builder,
            Some(TokenSource::Text(token)) => builder.token(token),
            Some(TokenSource::File(path)) => builder.token_provider(TokenProvider::file(path)),
        }
    }

    /// The root of the server, such as `https://company.wats.com`; a trailing `/` or `/api` is accepted.
    pub fn base_url(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.http(|client| client.base_url(without_api(&url)))
    }

    /// The API token from the WATS Control Panel, as it is shown there.
    pub fn token(self, token: impl AsRef<str>) -> Self {
        self.http(|client| client.token(token))
    }

    /// Where the API token comes from, if it may change: a file or a function. It is read when the client is built, and again
    /// when the server refuses it, once for all calls that were refused.
    pub fn token_provider(self, provider: TokenProvider) -> Self {
        self.http(|client| client.token_provider(provider))
    }

    /// The station that the client works for, with which [`Wats::uut_report`] and [`Wats::uur_report`] begin. There is none
    /// unless it is told; the name of the computer is not taken for it.
    pub fn station(mut self, station: Station<'_>) -> Self {
        self.defaults.set(station);
        self
    }

    /// The code of the process of this station's tests, with which [`Wats::uut_report`] begins.
    pub fn process_code(mut self, code: i32) -> Self {
        self.defaults.process_code = Some(code);
        self
    }

    /// Who works at the station, with whom reports begin.
    pub fn operator(mut self, name: impl Into<String>) -> Self {
        self.defaults.operator = Some(name.into());
        self
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
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_mut, reason = "it is noted only where limits are shared")
    )]
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        let limit = limit.into();
        #[cfg(feature = "redis")]
        {
            self.has_limit = limit.is_some();
        }
        self.http(|client| client.rate_limit(limit))
    }

    /// Shares with other processes, on a Redis or Valkey, what is [kept](Self::cache) and the [limit](Self::rate_limit) of the
    /// token: what one has asked for, the others have without asking; what one changes, none is given as it was; and their
    /// calls are counted together. Those with the same server and token share, or with the namespace that `shared` was given.
    ///
    /// Nobody has to answer for that: as long as the Redis is away, reads ask the server, since nobody knows what others have
    /// changed, and this client keeps to its part of the limit.
    ///
    /// ```
    /// use wats_domains::Wats;
    /// use wats_redis::Shared;
    ///
    /// # fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let shared = Shared::builder("rediss://cache.factory.example:6380").build()?;
    /// let wats = Wats::builder()
    ///     .base_url("https://company.wats.com")
    ///     .token(token)
    ///     .shared(&shared)
    ///     .build()?;
    /// # let _ = wats;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis")]
    pub fn shared(mut self, shared: &wats_redis::Shared) -> Self {
        self.shared = Some(shared.clone());
        self
    }

    /// How many calls of the [limit](Self::rate_limit) this station may make as long as it has not heard of the others, because
    /// the Redis is away since it was started. By default all of them: a station that is alone must work. With ten stations
    /// that are started while the Redis may be away, a tenth of the limit keeps them within it together.
    ///
    /// It says nothing without [`shared`](Self::shared). A station that has heard of others keeps to its part without it.
    #[cfg(feature = "redis")]
    pub fn local_share(mut self, calls: impl Into<Option<u32>>) -> Self {
        self.local_share = calls.into();
        self
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
        self.defaults.check()?;
        if let Some(looked_in) = &self.looked_in {
            let missing = match (self.http.has_base_url(), self.http.has_token()) {
                (false, _) => Some("WATS_BASE_URL"),
                (_, false) => Some("WATS_AUTH_TOKEN"),
                _ => None,
            };
            if let Some(name) = missing {
                return Err(Error::Config(format!(
                    "the environment variable {name} is not set; WATS_BASE_URL must hold the address of the WATS server and \
                     WATS_AUTH_TOKEN an API token, or WATS_TOKEN_FILE the name of a file with it; a profile may hold them, \
                     too ({looked_in})"
                )));
            }
        }
        #[cfg(feature = "redis")]
        if let Some(shared) = &self.shared {
            let joining = crate::shared::Joining::new(shared, self.has_limit, self.local_share);
            let client = joining.apply(self.http).build()?;
            let sharing = joining.tiers()?;
            let mut wats = Wats::on(client, &self.cache, Some(Arc::clone(&sharing) as _));
            wats.sharing = Some(sharing);
            wats.defaults = self.defaults.into();
            return Ok(wats);
        }
        let client = self.http.build()?;
        let mut wats = Wats::new(client, &self.cache);
        wats.defaults = self.defaults.into();
        Ok(wats)
    }
}

impl Config {
    /// Checks the settings and makes a builder of them.
    ///
    /// # Errors
    /// As [`WatsBuilder::from_env`]; it names the origin of the setting.
    pub fn builder(&self) -> Result<WatsBuilder> {
        Environment::check(self).map(WatsBuilder::of)
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
