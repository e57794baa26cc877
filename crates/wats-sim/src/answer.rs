//! An answer before it is on the wire, and the body type that carries it there.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::{Value, json};
use std::io::Write as _;

/// Bodies of at most this many bytes are sent as they are: compression would not pay.
const GZIP_ABOVE: usize = 1024;

/// Status, headers and body of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn bytes(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self {
            status,
            headers,
            body,
        }
    }

    /// 200 with this JSON.
    pub(crate) fn json(value: &Value) -> Self {
        Self::json_with(StatusCode::OK, value)
    }

    /// The body ASP.NET Web API gives with an error: `{"Message": …}`.
    pub(crate) fn message(status: StatusCode, message: impl Into<String>) -> Self {
        Self::json_with(status, &json!({ "Message": message.into() }))
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn json_with(status: StatusCode, value: &Value) -> Self {
        Self::bytes(
            status,
            "application/json; charset=utf-8",
            Bytes::from(value.to_string()),
        )
    }

    /// The `Message` of an error.
    pub(crate) fn words(&self) -> String {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        let message = body.as_ref().and_then(|body| body.get("Message")?.as_str());
        message.map_or_else(|| self.status.to_string(), str::to_owned)
    }

    /// Compresses the body where the client allows it and it pays.
    pub(crate) fn gzip_if_accepted(mut self, request: &HeaderMap) -> Self {
        if self.body.len() <= GZIP_ABOVE
            || self
                .headers
                .iter()
                .any(|(name, _)| name == header::CONTENT_ENCODING)
        {
            return self;
        }
        self.headers
            .push((header::VARY, HeaderValue::from_static("Accept-Encoding")));
        if !accepts_gzip(request) {
            return self;
        }
        self.body = Bytes::from(packed(&self.body));
        self.headers
            .push((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        self
    }

    /// Packs the body, whatever the client allows, and damages it.
    pub(crate) fn corrupt_gzip(mut self) -> Self {
        let mut packed = packed(&self.body);
        // The beginning stays, so that it looks like gzip.
        for byte in packed.iter_mut().skip(10) {
            *byte ^= 0x5a;
        }
        self.body = Bytes::from(packed);
        self.headers
            .push((header::CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        self
    }

    /// The answer for the wire. With `cut_after`, the body breaks off after that many bytes.
    pub(crate) fn into_response(self, cut_after: Option<usize>) -> Response<AnswerBody> {
        let announced = self.body.len() as u64;
        let (data, cut) = match cut_after {
            Some(keep) => (self.body.slice(..keep.min(self.body.len())), true),
            None => (self.body, false),
        };
        let data = Some(data).filter(|data| !data.is_empty());
        let next = if cut { Next::Break } else { Next::End };
        let mut response = Response::new(AnswerBody {
            data,
            left: announced,
            next,
            flushed: false,
        });
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        let bodiless = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if !bodiless {
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
        }
        response
    }
}

/// The bytes as gzip. Writing into a vector cannot fail.
fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

/// Whether `Accept-Encoding` names gzip (or `*`) without forbidding it by `q=0`.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut any = false;
    for value in request.get_all(header::ACCEPT_ENCODING) {
        let Ok(value) = value.to_str() else { continue };
        for item in value.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let refused = parts.any(|parameter| {
                parameter
                    .split_once('=')
                    .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
                    .and_then(|(_, weight)| weight.trim().parse::<f64>().ok())
                    .is_some_and(|weight| weight <= 0.0)
            });
            if coding.eq_ignore_ascii_case("gzip") {
                return !refused;
            }
            any |= coding == "*" && !refused;
        }
    }
    any
}

/// The body of an answer: the bytes, then either the end or a broken connection.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    data: Option<Bytes>,
    left: u64,
    next: Next,
    flushed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    End,
    Break,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(data) = self.data.take() {
            self.left -= data.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if self.next == Next::End {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // One pause lets the server put on the wire what it has; an error right away would
            // throw it away together with the connection.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "the body was cut on purpose",
        ))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.next == Next::End
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A handler's result: the error is an answer too.
pub(crate) type Handled = Result<Answer, Answer>;

/// Either way an answer.
pub(crate) fn settle(handled: Handled) -> Answer {
    handled.unwrap_or_else(|answer| answer)
}

/// What a connection's service can fail with: nothing, failures are answers.
pub(crate) type Never = Infallible;

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_str(value).unwrap(),
        );
        accepts_gzip(&headers)
    }

    #[test]
    fn gzip_is_used_only_where_the_client_allows_it() {
        assert!(accepted("gzip"));
        assert!(accepted("deflate, GZIP;q=0.5"));
        assert!(accepted("*"));
        assert!(!accepted("deflate"));
        assert!(!accepted("gzip;q=0"));
        assert!(!accepted("*, gzip; q=0.0"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn small_bodies_stay_plain() {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let body = |len: usize| {
            Answer::bytes(StatusCode::OK, "text/plain", Bytes::from(vec![b'x'; len]))
                .gzip_if_accepted(&headers)
                .body
                .len()
        };
        assert_eq!(body(1024), 1024);
        assert!(body(1025) < 100);
    }
}
