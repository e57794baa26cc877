//! A successful answer, whole and decompressed, that remembers what it answers so that decoding errors can say so.

mod download;

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{StatusCode, Version};
use serde::de::DeserializeOwned;

pub use self::download::Download;
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::json;

/// A successful (2xx) answer. `Debug` tells what it is and how large, but neither the body nor the values of headers,
/// which may be secret.
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) attempts: u32,
    pub(crate) call: CallContext,
}

/// Shows headers by their names only: any value may be a secret, or the echo of one.
pub(crate) struct HeaderNames<'a>(pub(crate) &'a HeaderMap);

impl fmt::Debug for HeaderNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.keys().map(http::HeaderName::as_str);
        f.debug_list().entries(names).finish()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("call", &self.call)
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &HeaderNames(&self.headers))
            .field("body_bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .finish()
    }
}

impl Response {
    /// The status, always 2xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The HTTP version the answer came in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The whole body, decompressed.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The whole body, decompressed, without copying.
    pub fn into_body(self) -> Bytes {
        self.body
    }

    /// How often the call was tried before it succeeded.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Reads the body as JSON. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when it is not JSON of that shape; the error names line and column and shows the start
    /// of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.decode_with(json::read)
    }

    /// The body as text, which is UTF-8. A byte order mark before it is skipped.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        str::from_utf8(json::without_mark(&self.body))
            .map_err(|source| self.undecodable("the body is not UTF-8").source(source))
    }

    /// Reads the body with a decoder of the caller's, and turns its error into one that names the call.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the body is empty, a web page, or refused by the decoder.
    pub fn decode_with<T, E>(&self, decode: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<T>
    where
        E: StdError + Send + Sync + 'static,
    {
        self.may_be_data()?;
        decode(&self.body).map_err(|source| self.refused_by(Box::new(source)))
    }

    fn may_be_data(&self) -> Result<()> {
        let text = json::without_mark(&self.body);
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(self.undecodable("the body is empty"));
        }
        if self.is_web_page() {
            return Err(self.undecodable("got a web page (HTML) where data was expected"));
        }
        Ok(())
    }

    #[cold]
    fn refused_by(&self, source: Box<dyn StdError + Send + Sync>) -> Error {
        // Decoders quote what they refuse, so a token that the server echoes must be taken out of their words too.
        self.undecodable("the body cannot be read")
            .source(source)
            .without(self.call.secrets())
    }

    fn is_web_page(&self) -> bool {
        let begins = |bytes: &[u8], with: &str| {
            bytes
                .get(..with.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
        };
        let declared = self
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| begins(value.as_bytes().trim_ascii(), "text/html"));
        // Login pages of proxies do not always admit what they are.
        let body = json::without_mark(&self.body).trim_ascii_start();
        declared || begins(body, "<!doctype html") || begins(body, "<html")
    }

    fn undecodable(&self, message: &str) -> Error {
        Error::new(ErrorKind::Decode)
            .message(message)
            .context(self.call.context())
            .excerpt(self.call.excerpt(&self.body))
            .after(self.attempts)
    }
}
