//! Who writes which header, so that those of the client never contradict those of a call.
//!
//! | header | written by |
//! |---|---|
//! | `Content-Length`, `Transfer-Encoding`, `Trailer`, `Host`, `Expect` | the transport: they frame the message, and a wrong one would cut a report short without a word |
//! | `Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Upgrade`, `HTTP2-Settings` | the transport: they are of the connection, which calls share |
//! | `Proxy-Authorization` | the transport, by `ProxyConfig::credentials` |
//! | `Accept`, `User-Agent`, `Authorization` | the call, else the client |
//! | `Accept-Encoding` | the call, else `identity` for a call with `Range`, else the client: a part of a packed body is no part of the body |
//! | `Content-Type` | whoever sets the body, else the call; one with a boundary only gives way to one that keeps it |
//! | any other | the call; of several values of one name the last |

use http::HeaderName;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap,
    HeaderValue, PROXY_AUTHORIZATION, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

use crate::error::{Error, Result};

/// What the transport writes itself (RFC 9110, sections 7.6.1 and 10.1.1).
const OWN: [HeaderName; 12] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A header in the form in which it is sent, if it may be.
pub(crate) fn sendable(
    name: &str,
    value: impl TryInto<HeaderValue>,
) -> Result<(HeaderName, HeaderValue)> {
    let (Ok(key), Ok(value)) = (name.parse(), value.try_into()) else {
        return Err(Error::request(format!(
            "the header `{name}` cannot be sent: illegal characters"
        )));
    };
    if key == PROXY_AUTHORIZATION {
        return Err(Error::request(
            "the header `proxy-authorization` is written by the transport; use ProxyConfig::credentials",
        ));
    }
    if OWN.contains(&key) {
        return Err(Error::request(format!(
            "the header `{name}` is written by the transport; leave it out"
        )));
    }
    Ok((key, value))
}

/// Sets a header of a call, if it may be.
pub(crate) fn set(
    headers: &mut HeaderMap,
    name: &str,
    value: impl TryInto<HeaderValue>,
) -> Result<()> {
    let (name, value) = sendable(name, value)?;
    if name == CONTENT_TYPE
        && let Some(boundary) = headers.get(CONTENT_TYPE).and_then(boundary)
        && self::boundary(&value) != Some(boundary)
    {
        // The body is written already, and nobody could read it.
        return Err(Error::request(
            "the `content-type` of a form has its boundary and is written with it; leave the header out",
        ));
    }
    headers.insert(name, value);
    Ok(())
}

/// What parts the pieces of a body, by its content type.
fn boundary(content_type: &HeaderValue) -> Option<&[u8]> {
    let mut parameters = content_type.as_bytes().split(|byte| *byte == b';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.trim_ascii().split_at_checked("boundary=".len())?;
        name.eq_ignore_ascii_case(b"boundary=").then_some(value)
    })
}

/// A content type in the form in which it is sent: `type/subtype`, perhaps with parameters (RFC 9110, section 8.3.1).
pub(crate) fn content_type(value: impl TryInto<HeaderValue>) -> Result<HeaderValue> {
    let Ok(value) = value.try_into() else {
        return Err(Error::request(
            "the content type cannot be sent: illegal characters",
        ));
    };
    let is_token = |part: &[u8]| {
        let is_mark = |byte: &u8| b"!#$%&'*+-.^_`|~".contains(byte);
        !part.is_empty() && part.iter().all(|b| b.is_ascii_alphanumeric() || is_mark(b))
    };
    let essence = value.as_bytes().split(|b| *b == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    let mut parts = essence.split(|b| *b == b'/');
    if parts.next().is_some_and(is_token)
        && parts.next().is_some_and(is_token)
        && parts.next().is_none()
    {
        return Ok(value);
    }
    let shown = String::from_utf8_lossy(value.as_bytes());
    Err(Error::request(format!(
        "the content type `{shown}` is none; one is `application/json` or `text/plain; charset=utf-8`"
    )))
}

/// Puts the headers of a call over those of its client.
pub(crate) fn lay_over(headers: &mut HeaderMap, call: &HeaderMap) {
    if call.contains_key(RANGE) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    for (name, value) in call {
        headers.insert(name, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_set() {
        assert!(sendable("X-Request-Id", "7").is_ok());
        assert!(sendable("content-type", "text/plain").is_ok());
        for (name, value, why) in [
            ("content-length", "5", "written by the transport"),
            ("Transfer-Encoding", "chunked", "written by the transport"),
            ("HOST", "elsewhere.example", "written by the transport"),
            ("Expect", "100-continue", "written by the transport"),
            ("te", "trailers", "written by the transport"),
            ("HTTP2-Settings", "AAMAAABk", "written by the transport"),
            ("Proxy-Authorization", "Basic x", "ProxyConfig::credentials"),
            ("x y", "1", "illegal characters"),
            ("x", "a\r\nb: c", "illegal characters"),
        ] {
            let error = sendable(name, value).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
    }

    #[test]
    fn a_content_type_keeps_its_boundary() {
        let mut headers = HeaderMap::new();
        for value in [
            "text/plain",
            "multipart/form-data; boundary=b-1",
            "multipart/related; charset=utf-8; Boundary=b-1",
        ] {
            set(&mut headers, "Content-Type", value).unwrap();
            assert_eq!(headers[CONTENT_TYPE], value);
        }
        for value in [
            "multipart/form-data",
            "multipart/form-data; boundary=b-2",
            "application/json",
            "multipart/form-data; bound",
        ] {
            let error = set(&mut headers, "Content-Type", value).unwrap_err();
            assert!(error.to_string().contains("boundary"), "{value}: {error}");
            set(&mut headers, "accept", value).unwrap();
        }
        assert!(headers[CONTENT_TYPE].as_bytes().ends_with(b"Boundary=b-1"));
    }

    #[test]
    fn content_types_have_a_type_and_a_subtype() {
        for good in [
            "application/json",
            "text/plain; charset=utf-8",
            "image/svg+xml",
            "multipart/form-data; boundary=x",
        ] {
            assert_eq!(content_type(good).unwrap(), good);
            assert_eq!(content_type(good.to_owned()).unwrap(), good);
        }
        assert!(content_type(HeaderValue::from_static("a/b")).is_ok());
        for (bad, why) in [
            ("a/b\r\nx: y", "illegal characters"),
            ("", "``"),
            ("json", "`json`"),
            ("/json", "`/json`"),
            ("text/", "`text/`"),
            ("a/b/c", "`a/b/c`"),
            ("te xt/plain", "`te xt/plain`"),
            ("; charset=utf-8", "`; charset=utf-8`"),
        ] {
            let error = content_type(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
