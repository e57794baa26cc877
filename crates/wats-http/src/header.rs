//! Headers that a caller or a hook may set: any that can be sent but those that frame the message, which the transport
//! writes itself. A wrong `Content-Length` would cut a report short without a word.

use http::HeaderName;
use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

use crate::error::{Error, Result};

/// Headers of the connection and of how the message is cut out of its bytes (RFC 9110, section 7.6.1).
const FRAMING: [HeaderName; 9] = [
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// A header in the form in which it is sent, if it may be.
pub(crate) fn sendable(name: &'static str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let (Ok(key), Ok(value)) = (name.parse(), HeaderValue::from_str(value)) else {
        return Err(Error::request(format!(
            "the header `{name}` cannot be sent: illegal characters"
        )));
    };
    if FRAMING.contains(&key) {
        return Err(Error::request(format!(
            "the header `{name}` is written by the transport; leave it out"
        )));
    }
    Ok((key, value))
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
            ("x y", "1", "illegal characters"),
            ("x", "a\r\nb: c", "illegal characters"),
        ] {
            let error = sendable(name, value).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
