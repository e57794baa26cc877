//! The boundary between the pipeline and the wire: one request out, one whole answer back.

use std::future::Future;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{Method, StatusCode, Version};

use crate::error::Result;

/// A request in the form in which it can be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Prepared<'a> {
    pub(crate) method: Method,
    /// Path and query, escaped.
    pub(crate) target: &'a str,
    /// Headers of every call of the client; those that depend on the HTTP version come on top.
    pub(crate) common: &'a HeaderMap,
    /// Headers of this call, which stand before common ones of the same name.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body as it was before it was packed, if it was.
    pub(crate) plain: Option<Bytes>,
    /// How much of the rate limit one try uses up.
    pub(crate) weight: u32,
}

impl Prepared<'_> {
    /// Sends the packed form of the body, which the headers describe already, from now on.
    pub(crate) fn pack(&mut self, packed: Bytes) {
        self.plain = Some(std::mem::replace(&mut self.body, packed));
    }

    /// Goes back to the body as it was.
    pub(crate) fn unpack(&mut self) {
        if let Some(plain) = self.plain.take() {
            self.body = plain;
            self.headers.remove(CONTENT_ENCODING);
        }
    }
}

/// An answer as it came off the wire: any status, still encoded, within the wire cap.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends one request once. The pool is the real one; tests script others.
pub(crate) trait Transport {
    /// An error that is marked as never sent must mean that no byte of the request reached the network.
    fn send(&self, request: &Prepared<'_>) -> impl Future<Output = Result<Received>> + Send;
}
