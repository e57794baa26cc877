//! One call: an [`Operation`] with its parameters, query, headers and body filled in.

use std::any::type_name;
use std::borrow::Cow;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;

use crate::address::write_target;
use crate::body::{BodySource, Multipart, OnProgress, TransferProgress};
use crate::config::{SizeLimits, Timeouts};
use crate::error::Error;
use crate::operation::Operation;

/// A call that is ready to be given to [`Client::execute`](crate::Client::execute).
///
/// Values are passed raw; the transport escapes them. A mistake (a body that does not serialise, an illegal header)
/// is kept and reported by `execute`, so that calls can be written as one chain.
///
/// ```
/// use wats_http::{Call, Idempotency, Operation};
/// use http::Method;
///
/// static QUERY: Operation = Operation::new("product.query", Method::GET, "/api/Product/Query", Idempotency::Idempotent);
/// let call = Call::new(&QUERY).query("$filter", "partNumber eq 'A/B'").query("$top", 10);
/// # let _ = call;
/// ```
#[derive(Debug)]
pub struct Call {
    pub(crate) operation: Operation,
    pub(crate) params: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) options: Option<Box<Options>>,
    pub(crate) weight: u32,
    pub(crate) mistake: Option<Error>,
}

/// What few calls have.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) source: Option<BodySource>,
    pub(crate) on_upload: Option<OnProgress>,
    pub(crate) timeouts: Option<Timeouts>,
    pub(crate) limits: Option<SizeLimits>,
    pub(crate) max_attempts: Option<u32>,
}

impl Call {
    /// Starts a call of an operation.
    pub fn new(operation: &Operation) -> Self {
        Self {
            operation: operation.clone(),
            params: Vec::new(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            options: None,
            weight: 1,
            mistake: None,
        }
    }

    /// Fills `{name}` of the path; the value is escaped as one path segment. A float must be finite.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that numbers, text and owned text are passed alike"
    )]
    pub fn path<T: ToString>(mut self, name: &'static str, value: T) -> Self {
        let text = self.text("path", name, &value);
        self.params.push((name, text));
        self
    }

    /// Adds a query parameter. A float must be finite.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that numbers, text and owned text are passed alike"
    )]
    pub fn query<T: ToString>(mut self, name: &'static str, value: T) -> Self {
        let text = self.text("query", name, &value);
        self.query.push((name, text));
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// The parameters of the path and of the query, by name, as they were given.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = self.params.iter().chain(&self.query);
        all.map(|(name, value)| (*name, value.as_str()))
    }

    /// Sets a header, in the place of the client's if it has one of that name (`Accept`, `Accept-Encoding`,
    /// `User-Agent`, `Authorization`). A call with `Range` asks for no content coding unless it says otherwise, because a
    /// part of a packed body is no part of the body.
    ///
    /// Those that frame the message or belong to the connection (`Content-Length`, `Transfer-Encoding`, `Host`, `Expect`,
    /// `Connection`, `TE`, `Proxy-Authorization` and the like) are the transport's; setting one is a mistake that
    /// `execute` reports. So is a `Content-Type` that takes from a form the boundary by which it is read.
    pub fn header(mut self, name: impl AsRef<str>, value: impl TryInto<HeaderValue>) -> Self {
        if let Err(mistake) = crate::header::set(&mut self.headers, name.as_ref(), value) {
            self.wrong(mistake);
        }
        self
    }

    /// Sets how much of the token's [`RateLimit`](crate::RateLimit) one attempt of this call uses up. Default 1, the least; more
    /// than a whole window counts as one.
    pub fn weight(mut self, calls: u32) -> Self {
        self.weight = calls;
        self
    }

    /// Sends `value` as JSON. A text is sent as a JSON text: `.json("{}")` sends `"{}"` with its quotes. JSON that is
    /// written already goes out by [`body`](Self::body).
    ///
    /// NaN and the infinities have no number in JSON: they are a mistake that `execute` reports with their place, and
    /// never sent as `null`.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match crate::json::write("the body", value) {
            Ok(body) => self.body(body, "application/json"),
            Err(mistake) => {
                self.wrong(mistake);
                self
            }
        }
    }

    /// Sends bytes that are already in their final form. A content type that is none is a mistake that `execute` reports.
    ///
    /// A call has one body: the last that was set, of whatever kind.
    pub fn body(mut self, body: impl Into<Bytes>, content_type: impl TryInto<HeaderValue>) -> Self {
        self.body = body.into();
        if let Some(options) = &mut self.options {
            options.source = None;
        }
        self.content_type(content_type)
    }

    /// Sends a body piece by piece, which is never whole in memory. It is not compressed.
    ///
    /// The deadline of an attempt ([`Timeouts::attempt`]) starts anew whenever it passes and a piece has gone out since; the
    /// deadline of the call does not, so raise [`Timeouts::total`] for what takes long.
    pub fn stream(mut self, source: BodySource, content_type: impl TryInto<HeaderValue>) -> Self {
        self.body = Bytes::new();
        self.options().source = Some(source);
        self.content_type(content_type)
    }

    /// Sends a form with texts and files (`multipart/form-data`, RFC 7578). It is sent as a [`stream`](Self::stream) is.
    pub fn multipart(mut self, form: Multipart) -> Self {
        match form.into_source() {
            Ok((source, content_type)) => self.stream(source, content_type),
            Err(mistake) => {
                self.wrong(mistake);
                self
            }
        }
    }

    /// Calls `hear` for each piece of a [`stream`](Self::stream) or [`multipart`](Self::multipart) that is handed to the connection. A further attempt
    /// begins at the front again.
    pub fn on_upload(mut self, hear: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        self.options().on_upload = Some(OnProgress::new(hear));
        self
    }

    /// Deadlines of this call instead of the client's. [`Timeouts::connect`] stays the client's, because connections
    /// are shared.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        if let Err(mistake) = timeouts.check(Error::request) {
            self.wrong(mistake);
        }
        self.options().timeouts = Some(timeouts);
        self
    }

    /// Makes at most so many attempts, at least one, where the client's [`RetryConfig`](crate::RetryConfig) would make more: for
    /// callers that repeat by themselves, such as a queue. After a refused token, the attempt with another one is made all the
    /// same.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.options().max_attempts = Some(attempts.max(1));
        self
    }

    /// Caps on the answer to this call instead of the client's.
    pub fn limits(mut self, limits: SizeLimits) -> Self {
        self.options().limits = Some(limits);
        self
    }

    fn content_type(mut self, value: impl TryInto<HeaderValue>) -> Self {
        match crate::header::content_type(value) {
            Ok(value) => {
                self.headers.insert(CONTENT_TYPE, value);
            }
            Err(mistake) => self.wrong(mistake),
        }
        self
    }

    /// What tells this call from others: method, escaped address below the base URL and body, but no headers. `None` for
    /// a call with a mistake, and for a streamed body. Good as the key of a cache.
    ///
    /// ```
    /// use wats_http::{Call, Idempotency, Operation};
    /// use http::Method;
    ///
    /// static GET: Operation = Operation::new("product.get", Method::GET, "/api/Product/{pn}", Idempotency::Idempotent);
    /// let key = Call::new(&GET).path("pn", "A/B").key().unwrap();
    /// assert_eq!(&*key, b"/api/Product/A%2FB");
    /// ```
    pub fn key(&self) -> Option<Cow<'static, [u8]>> {
        let streams = self.options.as_ref().is_some_and(|o| o.source.is_some());
        if self.mistake.is_some() || streams {
            return None;
        }
        let Self {
            operation,
            params,
            query,
            body,
            ..
        } = self;
        let is_get = operation.method() == Method::GET;
        let is_plain = is_get && params.is_empty() && query.is_empty() && body.is_empty();
        if let Some(path) = operation.static_path().filter(|_| is_plain) {
            return Some(Cow::Borrowed(path.as_bytes()));
        }
        let mut key = String::with_capacity(operation.path().len() + 64);
        if !is_get {
            key.push_str(operation.method().as_str());
            key.push(' ');
        }
        write_target(&mut key, operation.path(), params, query).ok()?;
        let mut key = key.into_bytes();
        if !body.is_empty() {
            key.push(b'\n');
            key.extend_from_slice(body);
        }
        Some(Cow::Owned(key))
    }

    /// A parameter as text. `NaN` and `inf` are how Rust writes floats that no server takes for a number; as texts they
    /// are part numbers like any other.
    pub(crate) fn text<T: ToString>(&mut self, kind: &str, name: &str, value: &T) -> String {
        let text = value.to_string();
        let is_float = matches!(type_name::<T>().trim_start_matches('&'), "f32" | "f64");
        if is_float && !text.parse().is_ok_and(f64::is_finite) {
            self.wrong(Error::request(format!(
                "the {kind} parameter `{name}` is {text}, which is no number"
            )));
        }
        text
    }

    /// Keeps the first mistake.
    fn wrong(&mut self, mistake: Error) {
        self.mistake.get_or_insert(mistake);
    }

    fn options(&mut self) -> &mut Options {
        self.options.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::operation::Idempotency;

    #[test]
    fn content_types_may_be_made_at_run_time_and_are_looked_at() {
        let operation = Operation::new("test.put", Method::PUT, "/x", Idempotency::Idempotent);
        let call = || Call::new(&operation);
        let kind = format!("application/{}", "xml");
        for right in [
            call().body("<a/>", &kind),
            call().body("<a/>", kind.clone()),
            call().stream(BodySource::file("x"), kind.as_str()),
            call().stream(
                BodySource::file("x"),
                HeaderValue::from_static("application/xml"),
            ),
        ] {
            assert!(right.mistake.is_none());
            assert_eq!(right.headers[CONTENT_TYPE], "application/xml");
        }
        for wrong in [
            call().body("x", "text/plain\r\nx: y"),
            call().stream(BodySource::file("x"), "text"),
        ] {
            let mistake = wrong.mistake.unwrap().to_string();
            assert!(mistake.contains("content type"), "{mistake}");
            assert!(!wrong.headers.contains_key(CONTENT_TYPE));
        }
    }

    #[test]
    fn floats_of_parameters_are_numbers_and_texts_are_what_they_are() {
        let operation = Operation::new("test.get", Method::GET, "/x/{id}", Idempotency::Idempotent);
        let call = || Call::new(&operation);
        let (nan, infinite) = (f64::NAN, f32::INFINITY);
        let by_reference: &f64 = &nan;
        for wrong in [
            call().query("a", nan),
            call().query("a", by_reference),
            call().query_opt("a", Some(infinite)),
            call().path("id", -infinite),
        ] {
            let mistake = wrong.mistake.unwrap().to_string();
            assert!(mistake.contains("which is no number"), "{mistake}");
        }
        let right = call()
            .query("a", "NaN")
            .query("b", "inf".to_owned())
            .query("c", 1.5)
            .query_opt("d", None::<f64>)
            .path("id", "NaN");
        assert!(right.mistake.is_none());
        assert_eq!(right.query[2], ("c", "1.5".to_owned()));
    }
}
