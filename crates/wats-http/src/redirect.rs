//! Redirects: only of GET and HEAD, only as many as allowed, never from HTTPS to HTTP, and with no credentials to
//! another origin, nor to anybody on the way after it: where that leads is the stranger's choice.
//!
//! Any other method is never redirected: a POST that becomes a GET looks submitted and is lost.

use http::header::{HeaderMap, LOCATION};
use http::{Method, StatusCode};

use crate::address::BaseUrl;
use crate::error::{Error, ErrorKind, Result};
use crate::request::{PreparedRequest, RedirectTarget};
use crate::token::Secrets;
use crate::transport::Answer;
use crate::uri::{self, Address, Unreadable};

/// Where an answer sends its request, if it may be followed; `followed` is how many led here.
pub(crate) fn next<B>(
    answer: &Answer<B>,
    request: &PreparedRequest<'_>,
    redirect_target: Option<&RedirectTarget>,
    own: &BaseUrl,
    followed: u32,
    most: u32,
    secrets: &Secrets,
) -> Result<Option<RedirectTarget>> {
    if !is_move(answer.status) || !matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let Some(location) = location(&answer.headers) else {
        return Ok(None);
    };
    let refused = |why: &str| {
        let target = named(&location, secrets);
        Error::new(ErrorKind::Status(answer.status))
            .message(format!("the redirect to {target} is not followed: {why}"))
    };
    if followed >= most {
        return Err(refused(&format!("more than {most} redirects")));
    }
    let stranger =
        redirect_target.and_then(|redirect_target| redirect_target.other_origin.as_ref());
    let path_and_query =
        redirect_target.map_or(request.target, |redirect_target| &redirect_target.target);
    follow(stranger, path_and_query, &location, own)
        .map(Some)
        .map_err(refused)
}

/// Whether a status sends the request to another address. 300 offers several, 304 is about what the caller has, 305 and
/// 306 are of another time.
pub(crate) fn is_move(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The address that an answer names. Some servers write it in UTF-8, which goes on as that, or in some other encoding,
/// whose bytes they get back as they were.
pub(crate) fn location(headers: &HeaderMap) -> Option<String> {
    let bytes = headers.get(LOCATION)?.as_bytes().trim_ascii();
    if bytes.is_empty() {
        return None;
    }
    let escaped = |byte: &u8| match byte {
        0..0x80 => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    Some(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(escaped).collect(),
    })
}

/// The same for people: without user name and password, and without secrets.
pub(crate) fn named(location: &str, secrets: &Secrets) -> String {
    // Whether or not anybody could follow it.
    let shown = uri::without_login(location).unwrap_or_else(|| location.to_owned());
    secrets.redact_start(shown, 4 << 10)
}

/// Resolves `location` as seen from `stranger`, or from the own server.
pub(crate) fn follow(
    stranger: Option<&BaseUrl>,
    path_and_query: &str,
    location: &str,
    own: &BaseUrl,
) -> Result<RedirectTarget, &'static str> {
    let here = stranger.unwrap_or(own);
    let unusable = |why| match why {
        Unreadable::NotAscii => "its host has letters beyond ASCII and not their punycode",
        _ => "its target is not an address",
    };
    let current = Address::parse(&here.display(path_and_query)).map_err(unusable)?;
    let address = current.join(location).map_err(unusable)?;
    if address.authority.login.is_some() {
        return Err("its target holds a user name or password");
    }
    let there = BaseUrl::origin(&address).map_err(|_| unusable(Unreadable::Host))?;
    if here.tls && !there.tls {
        return Err("it leads from https to http");
    }
    let same = (there.tls, &there.host, there.port) == (own.tls, &own.host, own.port);
    Ok(RedirectTarget {
        other_origin: (stranger.is_some() || !same).then_some(there),
        target: address.target(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn where_a_location_leads() {
        let own = base("https://a.example");
        for (location, host, target) in [
            ("/x?y=1#z", None, "/x?y=1"),
            ("z", None, "/api/z"),
            ("//b.example/x", Some("b.example"), "/x"),
            ("https://a.example:443/x", None, "/x"),
            ("https://a.example:444/x", Some("a.example"), "/x"),
            ("https://b.example", Some("b.example"), "/"),
        ] {
            let redirect_target = follow(None, "/api/here?q=1", location, &own).unwrap();
            assert_eq!(redirect_target.target, target, "{location}");
            assert_eq!(
                redirect_target.other_origin.map(|b| b.host).as_deref(),
                host,
                "{location}"
            );
        }
        for (location, why) in [
            ("http://a.example/x", "https to http"),
            ("https://u:p@b.example/", "user name"),
            ("ftp://b.example/", "not an address"),
            ("https://", "not an address"),
        ] {
            let refused = follow(None, "/", location, &own).unwrap_err();
            assert!(refused.contains(why), "{location}: {refused}");
        }
        // Whoever is sent back to the own server by a stranger stays without credentials.
        let stranger = base("https://b.example");
        let back = follow(Some(&stranger), "/", "https://a.example/x", &own).unwrap();
        let on = follow(back.other_origin.as_ref(), "/x", "y", &own).unwrap();
        for redirect_target in [back, on] {
            assert_eq!(
                redirect_target.other_origin.as_ref(),
                Some(&own),
                "{redirect_target:?}"
            );
        }
    }

    #[test]
    fn what_a_location_says_and_what_is_shown_of_it() {
        let said = |bytes: &[u8]| {
            let value = http::HeaderValue::from_bytes(bytes).unwrap();
            location(&HeaderMap::from_iter([(LOCATION, value)]))
        };
        assert_eq!(said("/caf\u{e9}".as_bytes()).as_deref(), Some("/caf\u{e9}"));
        assert_eq!(said(b"/caf\xe9?x=\xfc").as_deref(), Some("/caf%E9?x=%FC"));
        assert_eq!(said(b" /x ").as_deref(), Some("/x"));
        assert_eq!(said(b"  "), None);
        let shown = |text: &str| named(text, &Secrets::default());
        for (text, expected) in [
            ("https://u:p@b.example/x", "https://b.example/x"),
            ("//u@p@b.example", "//b.example"),
            ("http:///u:pw@b.example/x", "http://b.example/x"),
            ("http:\\\\u:pw@b.example/x", "http://b.example/x"),
            ("http:/u:pw@b.example/x", "http://b.example/x"),
            ("\\\\u:pw@b.example/x", "//b.example/x"),
            ("/x?to=https://u@b", "/x?to=https://u@b"),
            ("https://b.example/@x", "https://b.example/@x"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    proptest! {
        #[test]
        fn no_location_panics(location in "\\PC{0,60}") {
            let own = base("https://a.example");
            let _ = follow(None, "/api/x", &location, &own);
            let _ = named(&location, &Secrets::default());
        }
    }
}
