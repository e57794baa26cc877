//! What to do about an error, and how messages name the server.

use std::borrow::Cow;

use super::{Deadline, ErrorKind};

/// How messages name the server and where its tokens come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServiceName {
    /// Such as `Acme`.
    pub(crate) name: Option<String>,
    /// Such as `the Control Panel`.
    pub(crate) token_source: Option<String>,
}

impl ServiceName {
    /// `the server`, or `the Acme server`.
    pub(crate) fn server(&self) -> Cow<'static, str> {
        match &self.name {
            Some(name) => format!("the {name} server").into(),
            None => "the server".into(),
        }
    }

    /// Where, or for whom, a token is made: `in the Control Panel`, `for the server`.
    pub(crate) fn token_source(&self) -> Cow<'static, str> {
        match &self.token_source {
            Some(source) => format!("in {source}").into(),
            None => format!("for {}", self.server()).into(),
        }
    }
}

/// What to do about it, in a sentence.
pub(super) fn advice(kind: ErrorKind, service: &ServiceName) -> Option<Cow<'static, str>> {
    let advice = match kind {
        ErrorKind::Decode => {
            return Some(Cow::Owned(format!(
                "check that the base URL is that of {} and that no proxy or login page answers in its place",
                service.server()
            )));
        }
        ErrorKind::Status(status) if status == 401 => {
            return Some(Cow::Owned(format!(
                "the token is missing, wrong, expired or revoked; make a new one {}",
                service.token_source()
            )));
        }
        ErrorKind::Status(status) if status == 404 => {
            return Some(Cow::Owned(format!(
                "check the identifier, and that the base URL is the root of {}",
                service.server()
            )));
        }
        ErrorKind::Connect => "check the base URL, the network and that the server is running",
        ErrorKind::Proxy => {
            "check the proxy's address, user name and password (ProxyConfig::credentials, or HTTPS_PROXY and NO_PROXY), or ask its administrator to allow the server"
        }
        ErrorKind::Tls => {
            "check that the address is right and that the server's certificate is issued by a trusted CA (add a private CA, or the very certificate of the server, with TlsConfig::add_ca_pem), not expired and made for that name"
        }
        ErrorKind::Transport => "the network or the server cut the connection; try again",
        ErrorKind::Timeout(Deadline::Pool) => {
            "all connections are busy; run fewer calls at once or raise PoolConfig::max_connections (over HTTP/2, if the server takes no more calls at a time, PoolConfig::http2_connections)"
        }
        ErrorKind::Timeout(Deadline::RateLimit) => {
            "send fewer calls with this token, or raise RateLimit if the server allows more"
        }
        ErrorKind::CircuitOpen => "wait until the server works again, then call again",
        ErrorKind::Timeout(_) => "try again later or raise the deadline in Timeouts",
        ErrorKind::TooLarge => "ask for less or raise the limit in SizeLimits",
        ErrorKind::Status(status) => match status.as_u16() {
            300 => "the server offers several answers; ask for one of those that it names",
            301..=303 | 307 | 308 => {
                "the server redirects; set the base URL to the address it names"
            }
            304 => {
                "what you have is what the server has; leave out If-None-Match and If-Modified-Since to get it again"
            }
            305 => "the server wants to be reached through a proxy (ProxyConfig)",
            400 | 422 => "the server refused the content; correct what its message names",
            403 => "the token is valid but lacks the right for this operation",
            405 => {
                "the server does not know this operation; it may be too old or the base URL wrong"
            }
            407 => "the proxy wants another user name and password (ProxyConfig::credentials)",
            409 => "the object was changed or exists already; read it again first",
            413 => {
                "what was sent is too large for the server; leave something out, such as attachments"
            }
            429 => "the token's request budget is used up; send fewer calls or wait",
            500..=599 => {
                "the server failed; try again later, and tell its administrator if it stays"
            }
            _ => return None,
        },
        ErrorKind::Config | ErrorKind::Request => return None,
    };
    Some(Cow::Borrowed(advice))
}
