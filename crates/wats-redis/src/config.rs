//! What a program says of the server that is shared.

use std::fmt;
use std::time::Duration;

use wats_http::TlsConfig;

use crate::error::{Error, Result};
use crate::link::{Config, Sentinel, Server, parse_url};
use crate::security::{Credentials, Namespace};
use crate::shared::Shared;
use crate::tracking::Tracking;

/// The longest of the times here.
const LONGEST: Duration = Duration::from_secs(3600);

/// Configures a [`Shared`].
///
/// ```
/// use std::time::Duration;
/// use wats_redis::Shared;
///
/// let shared = Shared::builder("redis://cache.factory.example:6379")
///     .credentials("wats", "secret")
///     .max_staleness(Duration::from_secs(2))
///     .namespace("line-3")
///     .build()?; // Nobody has to answer for that.
/// # Ok::<(), wats_redis::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct SharedBuilder {
    url: String,
    credentials: Option<Credentials>,
    sentinel: Option<(String, Vec<String>)>,
    sentinel_credentials: Option<Credentials>,
    cluster: Vec<String>,
    tls: Option<TlsConfig>,
    namespace: Option<String>,
    tracking: Tracking,
    max_staleness: Duration,
    op_timeout: Duration,
    connect_timeout: Duration,
}

impl fmt::Debug for SharedBuilder {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBuilder")
            .field("sentinel", &self.sentinel)
            .field("cluster", &self.cluster)
            .field("tls", &self.tls)
            .field("namespace", &self.namespace)
            .field("tracking", &self.tracking)
            .field("max_staleness", &self.max_staleness)
            .field("op_timeout", &self.op_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Begins with the server: `redis://host:port`, or `rediss://` for TLS; user, password and database may stand in it.
    pub fn builder(url: &str) -> SharedBuilder {
        SharedBuilder::new(url)
    }
}

impl SharedBuilder {
    fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            credentials: None,
            sentinel: None,
            sentinel_credentials: None,
            cluster: Vec::new(),
            tls: None,
            namespace: None,
            tracking: Tracking::default(),
            max_staleness: Duration::from_secs(2),
            op_timeout: Duration::from_millis(100),
            connect_timeout: Duration::from_secs(1),
        }
    }

    /// The ACL user and its password. They may stand in the URL as well; these here take precedence.
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials {
            user: Some(user.into()),
            password: password.into(),
        });
        self
    }

    /// Asks these sentinels (`host:port`) for the present master of this name, at every connect. The host of the URL is
    /// not used then; its scheme, user and database are.
    pub fn sentinel<S: Into<String>>(
        mut self,
        master: impl Into<String>,
        sentinels: impl IntoIterator<Item = S>,
    ) -> Self {
        let sentinels = sentinels.into_iter().map(Into::into).collect();
        self.sentinel = Some((master.into(), sentinels));
        self
    }

    /// User and password for the sentinels, where they ask for them. None by default: those of the server are never shown
    /// to a sentinel.
    pub fn sentinel_credentials(
        mut self,
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        self.sentinel_credentials = Some(Credentials {
            user: Some(user.into()),
            password: password.into(),
        });
        self
    }

    /// Further nodes of a cluster (`host:port`), to be asked where the URL's does not answer. A namespace is one slot, so
    /// one node at a time is talked to: the one that another names (`MOVED`) as its owner.
    pub fn cluster<S: Into<String>>(mut self, nodes: impl IntoIterator<Item = S>) -> Self {
        self.cluster = nodes.into_iter().map(Into::into).collect();
        self
    }

    /// Whom to trust over TLS (`rediss://`). Without it the operating system's certificates.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Shares with all who give the same name: letters, digits, `-`, `_` and `.`, at most 64.
    ///
    /// Without it, each pair of WATS server and token has a namespace of its own. Give one name only to stations whose
    /// tokens have equal rights: what one of them may read all others are then served.
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = Some(name.into());
        self
    }

    /// How this process hears of what others change.
    pub fn tracking(mut self, tracking: Tracking) -> Self {
        self.tracking = tracking;
        self
    }

    /// How much older than the last acknowledged change an answer from memory may be, whatever breaks. 2 s by default, at
    /// least 200 ms. A heartbeat goes out four times as often.
    pub fn max_staleness(mut self, bound: Duration) -> Self {
        self.max_staleness = bound;
        self
    }

    /// How long an operation of the shared server may take before it is given up and the call goes on without; 100 ms by
    /// default. Three in a row end the session.
    pub fn op_timeout(mut self, timeout: Duration) -> Self {
        self.op_timeout = timeout;
        self
    }

    /// How long it may take to connect and, after that, to set the session up; 1 s by default. No call waits for it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Begins to connect in the background, on a thread of its own. It does not matter whether anybody answers.
    ///
    /// # Errors
    /// [`Error::Config`] when an option makes no sense.
    pub fn build(self) -> Result<Shared> {
        let url = parse_url(&self.url)?;
        let namespace = match &self.namespace {
            Some(name) => Some(Namespace::named(name)?),
            None => None,
        };
        for (option, value) in [
            ("op_timeout", self.op_timeout),
            ("connect_timeout", self.connect_timeout),
        ] {
            if value.is_zero() {
                return Err(Error::config(option, "is zero"));
            }
            if value > LONGEST {
                return Err(Error::config(option, "is more than an hour"));
            }
        }
        if self.max_staleness < Duration::from_millis(200) {
            return Err(Error::config("max_staleness", "is less than 200 ms"));
        }
        if self.max_staleness > LONGEST {
            return Err(Error::config("max_staleness", "is more than an hour"));
        }
        if self.tls.is_some() && !url.tls {
            return Err(Error::config(
                "tls",
                "the URL does not begin with `rediss://`",
            ));
        }
        let mut servers = vec![url.server];
        for node in &self.cluster {
            servers.push(Server::parse("cluster", node)?);
        }
        let sentinel = match self.sentinel {
            Some((_, sentinels)) if sentinels.is_empty() => {
                return Err(Error::config("sentinel", "no sentinel is named"));
            }
            Some((master, sentinels)) => Some(Sentinel {
                master,
                servers: sentinels
                    .iter()
                    .map(|server| Server::parse("sentinel", server))
                    .collect::<Result<_>>()?,
                credentials: self.sentinel_credentials,
            }),
            None => None,
        };
        let config = Config {
            servers,
            database: url.database,
            credentials: self.credentials.or(url.credentials),
            sentinel,
            tls: url.tls.then(|| self.tls.unwrap_or_default()),
            tracking: self.tracking,
            max_staleness: self.max_staleness,
            op_timeout: self.op_timeout,
            connect_timeout: self.connect_timeout,
        };
        Shared::start(config, namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_with_the_name_of_the_option() {
        let builder = || Shared::builder("redis://127.0.0.1:1");
        for (builder, words) in [
            (Shared::builder("http://x"), "`url`"),
            (Shared::builder("redis://"), "`url`"),
            (Shared::builder("redis://:secret@x:port"), "`url`"),
            (Shared::builder("unix:///a"), "`url`"),
            (builder().namespace("a b"), "`namespace`"),
            (builder().op_timeout(Duration::ZERO), "`op_timeout`"),
            (
                builder().connect_timeout(Duration::ZERO),
                "`connect_timeout`",
            ),
            (
                builder().max_staleness(Duration::from_millis(1)),
                "`max_staleness`",
            ),
            (builder().op_timeout(Duration::MAX), "`op_timeout`"),
            (builder().cluster(["x"]), "`cluster`"),
            (builder().sentinel("m", ["x:y"]), "`sentinel`"),
            (builder().sentinel("m", [""; 0]), "`sentinel`"),
            (builder().tls(TlsConfig::default()), "`tls`"),
        ] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let builder = Shared::builder("redis://station:hidden@127.0.0.1:1")
            .credentials("wats", "s3cret")
            .sentinel_credentials("x", "s3cret");
        let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        for secret in ["hidden", "s3cret", "station"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
