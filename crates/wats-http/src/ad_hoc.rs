//! Calls without an [`Operation`]: a method, a path, and whatever the moment asks for.
//!
//! [`RequestBuilder`] fills in a [`Call`] and gives it to the client when it is sent; it has no way of its own.

use http::Method;
use http::header::HeaderValue;
use serde::Serialize;

use bytes::Bytes;

use crate::address;
use crate::body::{BodySource, Multipart, TransferProgress};
use crate::call::Call;
use crate::client::Client;
use crate::config::{SizeLimits, Timeouts};
use crate::error::Result;
use crate::operation::{Idempotency, Operation};
use crate::response::{Download, Response};

/// A call that is put together for once, without an [`Operation`]; see [`Client::request`].
///
/// Errors, spans and metrics name it `request`, and have no path template.
///
/// ```no_run
/// use wats_http::{Client, Idempotency};
///
/// # async fn example(client: Client) -> wats_http::Result<()> {
/// let found: serde_json::Value = client
///     .get("/api/Product/Query")
///     .query("$filter", "partNumber eq 'A/B'")
///     .send()
///     .await?
///     .json()?;
/// client
///     .put("/api/Product")
///     .json(&found)
///     // It overwrites, so it may be sent again when an answer is lost.
///     .idempotency(Idempotency::Idempotent)
///     .send()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct RequestBuilder {
    client: Client,
    method: Method,
    /// Path and query as they were given, and what was added to the query.
    target: String,
    idempotency: Idempotency,
    call: Call,
}

impl Client {
    /// A `GET` of a path; see [`request`](Self::request).
    pub fn get(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A `POST` to a path; see [`request`](Self::request).
    pub fn post(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A `PUT` of a path; see [`request`](Self::request).
    pub fn put(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    /// A `DELETE` of a path; see [`request`](Self::request).
    pub fn delete(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    /// A call of any method. What is called again and again is better an [`Operation`], which has a name in errors and
    /// metrics, and escapes the values in its path.
    ///
    /// `path` stands below the base URL and begins with `/`; it may have a query. It is sent as it is, so what is not legal
    /// in an address must be escaped already: for one segment by [`encoded`](crate::encoded), for the query by
    /// [`RequestBuilder::query`]. A whole address is taken if its scheme, host and port are those of the client, so that
    /// links in answers of the server can be followed. Sending is [`ErrorKind::Request`](crate::ErrorKind::Request) for
    /// another server, for a fragment, for `.` and `..` between slashes, escaped or not, and for what no address has,
    /// such as spaces and control characters.
    ///
    /// `GET` and `HEAD` may be repeated, other methods only if [`RequestBuilder::idempotency`] says so.
    pub fn request(&self, method: Method, path: impl Into<String>) -> RequestBuilder {
        let is_safe = matches!(method, Method::GET | Method::HEAD);
        RequestBuilder {
            client: self.clone(),
            call: Call::new(&Operation::literal(
                method.clone(),
                String::new(),
                Idempotency::NotIdempotent,
            )),
            target: path.into(),
            idempotency: if is_safe {
                Idempotency::Idempotent
            } else {
                Idempotency::NotIdempotent
            },
            method,
        }
    }
}

impl RequestBuilder {
    /// Adds a query parameter, name and value escaped. A float must be finite.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that numbers, text and owned text are passed alike"
    )]
    pub fn query<T: ToString>(mut self, name: impl AsRef<str>, value: T) -> Self {
        let name = name.as_ref();
        let value = self.call.text("query", name, &value);
        self.target
            .push(if self.target.contains('?') { '&' } else { '?' });
        address::push_pair(&mut self.target, name, &value);
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: impl AsRef<str>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header; see [`Call::header`].
    pub fn header(self, name: impl AsRef<str>, value: impl TryInto<HeaderValue>) -> Self {
        self.with(|call| call.header(name, value))
    }

    /// Sends `value` as JSON; see [`Call::json`].
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.with(|call| call.json(value))
    }

    /// Sends bytes that are already in their final form.
    pub fn body(self, body: impl Into<Bytes>, content_type: impl TryInto<HeaderValue>) -> Self {
        self.with(|call| call.body(body, content_type))
    }

    /// Sends a body piece by piece; see [`Call::stream`].
    pub fn stream(self, source: BodySource, content_type: impl TryInto<HeaderValue>) -> Self {
        self.with(|call| call.stream(source, content_type))
    }

    /// Sends a form with texts and files.
    pub fn multipart(self, form: Multipart) -> Self {
        self.with(|call| call.multipart(form))
    }

    /// Calls `hear` for each piece of a streamed body; see [`Call::on_upload`].
    pub fn on_upload(self, hear: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        self.with(|call| call.on_upload(hear))
    }

    /// Deadlines of this call instead of the client's; see [`Call::timeouts`].
    pub fn timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|call| call.timeouts(timeouts))
    }

    /// Caps on the answer to this call instead of the client's.
    pub fn limits(self, limits: SizeLimits) -> Self {
        self.with(|call| call.limits(limits))
    }

    /// Sets how much of the token's rate limit one attempt uses up; see [`Call::weight`].
    pub fn weight(self, calls: u32) -> Self {
        self.with(|call| call.weight(calls))
    }

    /// Says whether it may be sent again when it is unknown whether the server carried it out (idempotent, in the terms of
    /// RFC 9110, section 9.2.2). By default `GET` and `HEAD` may be, and nothing else: whether a `PUT` or `DELETE` of a
    /// server really is idempotent, only its documentation tells.
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Sends it and returns its successful (2xx) answer, whole and decompressed.
    ///
    /// # Errors
    /// As [`Client::execute`].
    pub async fn send(self) -> Result<Response> {
        let (client, call) = self.into_call();
        client.execute(call).await
    }

    /// Sends it and hands its successful (2xx) answer out piece by piece.
    ///
    /// # Errors
    /// As [`Client::download`].
    pub async fn download(self) -> Result<Download> {
        let (client, call) = self.into_call();
        client.download(call).await
    }

    fn into_call(mut self) -> (Client, Call) {
        self.call.operation = Operation::literal(self.method, self.target, self.idempotency);
        (self.client, self.call)
    }

    fn with(mut self, change: impl FnOnce(Call) -> Call) -> Self {
        self.call = change(self.call);
        self
    }
}
