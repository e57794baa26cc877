//! Proxies: which one leads to a server, from the configuration or the environment.
//!
//! ```text
//! ProxyConfig (what the user says) ─► Proxies (environment read, addresses checked) ─► for_origin ─► Option<Proxy>
//! ```
//! How a connection is opened through a proxy is the pool's affair.

mod no_proxy;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;

pub use self::no_proxy::NoProxy;
use crate::address::BaseUrl;
use crate::error::{Error, ErrorKind, Result};
use crate::uri::{self, Authority};

/// Whether and how a client goes through a proxy. By default it does what the environment says.
///
/// | variable | meaning |
/// |---|---|
/// | `HTTPS_PROXY`, `HTTP_PROXY` | proxy for servers at `https://`, `http://`; also in lower case, which comes first |
/// | `ALL_PROXY` | proxy where the one above is not set |
/// | `NO_PROXY` | hosts that are reached directly; see [`NoProxy`] |
///
/// A proxy is `http://[user:password@]host[:port]` (HTTP, CONNECT for `https://` servers; the scheme may be left out),
/// `socks5h://…` (the proxy resolves the server's name; `socks://` means the same) or `socks5://…` (this machine does).
/// Servers on this machine (`localhost`, `127.0.0.1`) are never reached through a proxy of the environment. A variable
/// that decides on the way to the client's server and cannot be read is an error of
/// [`ClientBuilder::build`](crate::ClientBuilder::build): a proxy that is no address, or an entry of `NO_PROXY` that could
/// have meant the server. One that does not decide is none. `Debug` shows no password.
///
/// In a CGI script (`REQUEST_METHOD` is set) `HTTP_PROXY` is not read, nor `http_proxy` on Windows, because the visitor
/// may have set it.
///
/// ```
/// use wats_http::{ProxyConfig, ProxyCredentials};
///
/// # fn example() -> wats_http::Result<()> {
/// let proxy = ProxyConfig::url("http://proxy.factory.example:3128")?
///     .credentials(ProxyCredentials { user: "station-7", password: "secret" })?
///     .no_proxy("intranet.example, 10.0.0.0/8");
/// assert!(!format!("{proxy:?}").contains("secret"));
/// # Ok(()) }
/// # example().unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct ProxyConfig {
    choice: Choice,
}

/// Who goes through a proxy. `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct ProxyCredentials<'a> {
    /// The user name, without a `:`.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
}

impl fmt::Debug for ProxyCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyCredentials([redacted])")
    }
}

#[derive(Debug, Clone, Default)]
enum Choice {
    #[default]
    Environment,
    Direct,
    Explicit(Proxy, NoProxy),
}

impl ProxyConfig {
    /// What the environment says when the client is built; the default.
    pub fn from_env() -> Self {
        Self::default()
    }

    /// No proxy, whatever the environment says.
    pub fn direct() -> Self {
        let choice = Choice::Direct;
        Self { choice }
    }

    /// All servers through this proxy; the environment is not read.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when it is no address of a proxy.
    pub fn url(url: &str) -> Result<Self> {
        let choice = Choice::Explicit(Proxy::parse(url)?, NoProxy::default());
        Ok(Self { choice })
    }

    /// User name and password for the proxy of [`url`](Self::url), instead of those in the address.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) without a proxy, or when they cannot be sent.
    pub fn credentials(mut self, credentials: ProxyCredentials<'_>) -> Result<Self> {
        let Choice::Explicit(proxy, _) = &mut self.choice else {
            return Err(Error::config(
                "proxy credentials without a proxy; start with ProxyConfig::url(..)",
            ));
        };
        proxy.login = Some(Login::new(credentials)?);
        Ok(self)
    }

    /// Hosts that are reached without the proxy of [`url`](Self::url), in the form of `NO_PROXY`; see [`NoProxy`]. An
    /// entry that cannot be read is an error of [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn no_proxy(mut self, list: &str) -> Self {
        if let Choice::Explicit(_, hosts) = &mut self.choice {
            *hosts = NoProxy::parse(list);
        }
        self
    }

    /// Settles what the configuration says; `variable` reads the environment.
    pub(crate) fn resolve(self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Proxies> {
        Ok(match self.choice {
            Choice::Direct => Proxies::default(),
            Choice::Explicit(proxy, no_proxy) => {
                if let Some(why) = no_proxy.unreadable() {
                    return Err(Error::config(format!("the list of no_proxy(..): {why}")));
                }
                Proxies {
                    https: Way::Through(proxy.clone()),
                    http: Way::Through(proxy),
                    no_proxy,
                    unreadable: None,
                    local_too: true,
                }
            }
            Choice::Environment => Proxies::from_environment(variable, cfg!(windows)),
        })
    }
}

/// The proxies of a client, with all decisions made that do not depend on the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    https: Way,
    http: Way,
    no_proxy: NoProxy,
    /// What is wrong with the list, which may or may not have been about a server.
    unreadable: Option<String>,
    local_too: bool,
}

/// The way to servers of one scheme.
#[derive(Debug, Clone, Default)]
enum Way {
    #[default]
    Direct,
    Through(Proxy),
    /// Asked for, but cannot be read, and why. To go another way would be to go one that was not asked for.
    Unusable(String),
}

impl Proxies {
    /// `any_case` says that a variable is found whatever the case of its name, as on Windows.
    fn from_environment(variable: impl Fn(&str) -> Option<OsString>, any_case: bool) -> Self {
        let unusable =
            |name: &str, why: &str| format!("the environment variable {name} is not usable: {why}");
        let first = |names: &[&'static str]| -> Result<Option<(&'static str, String)>, String> {
            for &name in names {
                let Some(value) = variable(name) else {
                    continue;
                };
                let value = value
                    .into_string()
                    .map_err(|_| unusable(name, "it is not Unicode text"))?;
                if !value.trim().is_empty() {
                    return Ok(Some((name, value)));
                }
            }
            Ok(None)
        };
        let way = |names: &[&'static str]| match first(names) {
            Ok(None) => Way::Direct,
            Ok(Some((name, value))) => match Proxy::parse(&value) {
                Ok(proxy) => Way::Through(proxy),
                Err(error) => Way::Unusable(unusable(name, error.said().unwrap_or_default())),
            },
            Err(why) => Way::Unusable(why),
        };
        // In a CGI script HTTP_PROXY is whatever the visitor sends as header `Proxy` (httpoxy.org), and where names have
        // no case http_proxy is the same variable.
        let http: &[&str] = match (variable("REQUEST_METHOD").is_some(), any_case) {
            (false, _) => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
            (true, false) => &["http_proxy", "all_proxy", "ALL_PROXY"],
            (true, true) => &["all_proxy", "ALL_PROXY"],
        };
        let (no_proxy, unreadable) = match first(&["no_proxy", "NO_PROXY"]) {
            Ok(None) => (NoProxy::default(), None),
            Ok(Some((name, list))) => {
                let no_proxy = NoProxy::parse(&list);
                let unreadable = no_proxy.unreadable().map(|why| unusable(name, &why));
                (no_proxy, unreadable)
            }
            Err(why) => (NoProxy::default(), Some(why)),
        };
        Self {
            https: way(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            http: way(http),
            no_proxy,
            unreadable,
            local_too: false,
        }
    }

    /// The credentials of all of them.
    pub(crate) fn logins(&self) -> impl Iterator<Item = &Login> {
        let ways = [&self.https, &self.http];
        ways.into_iter().filter_map(|way| match way {
            Way::Through(proxy) => proxy.login.as_ref(),
            Way::Direct | Way::Unusable(_) => None,
        })
    }

    /// The proxy that leads to a server; `None` for the direct way.
    ///
    /// # Errors
    /// What decides on the way to this server cannot be read.
    pub(crate) fn for_origin(&self, origin: &BaseUrl) -> Result<Option<&Proxy>> {
        let way = if origin.tls { &self.https } else { &self.http };
        let direct = self.no_proxy.matches(&origin.host, origin.port)
            || (!self.local_too && is_this_machine(&origin.host));
        match (way, &self.unreadable) {
            (Way::Direct, _) => Ok(None),
            _ if direct => Ok(None),
            (Way::Unusable(why), _) | (Way::Through(_), Some(why)) => Err(Error::config(why)),
            (Way::Through(proxy), None) => Ok(Some(proxy)),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Http,
    Socks5 {
        /// Whether this machine looks up the server's name.
        local_names: bool,
    },
}

/// One proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) speaks: Speaks,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: Option<Login>,
}

/// A user name and password, never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    /// The same as `Proxy-Authorization`.
    pub(crate) header: HeaderValue,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login([redacted])")
    }
}

impl Login {
    pub(crate) fn new(credentials: ProxyCredentials<'_>) -> Result<Self> {
        let ProxyCredentials { user, password } = credentials;
        // RFC 1929 gives each one length byte; an HTTP proxy needs no more.
        if user.len() > 255 || password.len() > 255 || user.contains(':') {
            return Err(Error::config(
                "the proxy's user name or password cannot be sent: at most 255 bytes each, and no `:` in the name",
            ));
        }
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        let mut header = HeaderValue::try_from(format!("Basic {encoded}")).map_err(|source| {
            Error::config("the proxy's password cannot be sent").source(source)
        })?;
        header.set_sensitive(true);
        Ok(Self {
            user: user.to_owned(),
            password: password.to_owned(),
            header,
        })
    }
}

impl Proxy {
    /// Reads `[scheme://][user:password@]host[:port]`. No message shows the text: it may hold a password.
    fn parse(text: &str) -> Result<Self> {
        let text = uri::clean(text.trim());
        let (scheme, rest) = match uri::scheme(&text) {
            Some((scheme, rest)) if rest.starts_with('/') => (scheme, rest),
            _ => ("http".to_owned(), &*text),
        };
        let (speaks, default_port) = match &*scheme {
            "http" => (Speaks::Http, 80),
            // GNOME and others write `socks`; the proxy is asked for what is safe with any of them.
            "socks5h" | "socks" => (Speaks::Socks5 { local_names: false }, 1080),
            "socks5" => (Speaks::Socks5 { local_names: true }, 1080),
            _ => {
                return Err(Error::config(
                    "the proxy has a scheme that is not supported; use http://, socks5h:// or socks5://",
                ));
            }
        };
        let rest = rest.trim_start_matches('/');
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = Authority::parse(&rest[..end]).map_err(|why| {
            let advice = if rest[end..].contains('@') {
                "; in its user name and password `/`, `?` and `#` are written as %2F, %3F and %23"
            } else {
                ""
            };
            Error::config(format!(
                "the proxy is not an address such as http://proxy.example:3128: {why}{advice}"
            ))
        })?;
        // Other signs than those that were meant would be refused by the proxy, and nobody would know why.
        let decoded = |part: &str| match percent_decode_str(part).decode_utf8() {
            Ok(text) => Ok(text.into_owned()),
            Err(_) => Err(Error::config(
                "the proxy's user name or password is not UTF-8 when its `%` escapes are undone; a letter such as `é` is %C3%A9, and `%` itself is %25",
            )),
        };
        let login = match &authority.login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                Some(Login::new(ProxyCredentials {
                    user: &decoded(user)?,
                    password: &decoded(password)?,
                })?)
            }
        };
        Ok(Self {
            speaks,
            host: authority.host,
            port: authority.port.unwrap_or(default_port),
            login,
        })
    }

    /// The error of a proxy that answers 407, to CONNECT or in the place of a server.
    pub(crate) fn wants_login(&self) -> Error {
        Error::new(ErrorKind::Proxy).message(format!(
            "the proxy {} wants a user name and password, or others ({})",
            self.display(),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED
        ))
    }

    /// The proxy's address, for people.
    pub(crate) fn display(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}
