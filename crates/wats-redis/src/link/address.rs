//! Where a server is, as users write it.

use std::fmt;

use redis::{ConnectionAddr, IntoConnectionInfo as _};

use crate::error::{Error, Result};
use crate::security::Credentials;

/// A host with its port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Server {
    /// Reads `host:port`; an IPv6 address may stand in brackets.
    pub(crate) fn parse(option: &'static str, text: &str) -> Result<Self> {
        Self::read(text)
            .ok_or_else(|| Error::config(option, format!("`{text}` is not `host:port`")))
    }

    /// As the server writes addresses in its answers, too.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let port = port.parse().ok()?;
        (!host.is_empty()).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What stands in a URL.
#[derive(Debug)]
pub(crate) struct Url {
    pub(crate) server: Server,
    pub(crate) tls: bool,
    pub(crate) database: i64,
    pub(crate) credentials: Option<Credentials>,
}

/// Reads `redis://user:password@host:port/database`, with `rediss`, `valkey` and `valkeys` as other schemes. Errors do not
/// quote it: it may hold a password.
pub(crate) fn parse_url(url: &str) -> Result<Url> {
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| Error::config("url", "does not begin with `redis://` or `rediss://`"))?;
    let tls = match scheme {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => {
            let reason = "does not begin with `redis://` or `rediss://`";
            return Err(Error::config("url", reason));
        }
    };
    // TLS is ours, so its parser need not know of it.
    let info = format!("redis://{rest}")
        .into_connection_info()
        .map_err(|_| Error::config("url", "is not `redis://user:password@host:port/database`"))?;
    let ConnectionAddr::Tcp(host, port) = info.addr() else {
        return Err(Error::config("url", "names no host"));
    };
    let settings = info.redis_settings();
    Ok(Url {
        server: Server {
            host: host.clone(),
            port: *port,
        },
        tls,
        database: settings.db(),
        credentials: settings.password().map(|password| Credentials {
            user: settings.username().map(str::to_owned),
            password: password.to_owned(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read() {
        let url = parse_url("rediss://wats:p%40ss@[::1]:7000/2").unwrap();
        assert!(url.tls);
        assert_eq!(url.server.to_string(), "[::1]:7000");
        assert_eq!(url.database, 2);
        let credentials = url.credentials.unwrap();
        assert_eq!(credentials.user.as_deref(), Some("wats"));
        assert_eq!(credentials.password, "p@ss");
        let plain = parse_url("redis://cache.example").unwrap();
        assert_eq!(plain.server.to_string(), "cache.example:6379");
        assert!(!plain.tls && plain.credentials.is_none());
    }

    #[test]
    fn an_address_is_read() {
        for (text, host, port) in [("a:1", "a", 1), ("[::1]:2", "::1", 2), ("::1:3", "::1", 3)] {
            let server = Server::read(text).unwrap();
            assert_eq!((server.host.as_str(), server.port), (host, port));
        }
        for bad in ["", "a", ":1", "a:", "a:70000", "a:-1", "[]:1"] {
            assert_eq!(Server::read(bad), None, "{bad}");
        }
    }
}
