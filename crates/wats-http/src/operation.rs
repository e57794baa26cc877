//! What the transport must know of an operation before it may send, and repeat, a call.

use std::borrow::Cow;

use http::Method;

/// Whether doing a call twice has the effect of doing it once (RFC 9110, section 9.2.2), so that it may be sent again when it is
/// unknown whether the server carried out the first one.
///
/// It is declared per operation and not derived from the HTTP method: there are servers with a `PUT` that increments and
/// a `POST` that overwrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Doing it twice has the effect of doing it once.
    Idempotent,
    /// Doing it twice does harm; repeated only when the first request provably never left this process.
    NotIdempotent,
}

/// The fixed part of a call: a name for people, the method, the path template, and whether repeating is safe.
///
/// ```
/// use wats_http::{Idempotency, Operation};
/// use http::Method;
///
/// static GET_PRODUCT: Operation =
///     Operation::new("product.get", Method::GET, "/api/Product/{partNumber}", Idempotency::Idempotent);
/// assert_eq!(GET_PRODUCT.path(), "/api/Product/{partNumber}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    name: Cow<'static, str>,
    method: Method,
    path: Cow<'static, str>,
    idempotency: Idempotency,
    /// Whether `path` is no template but stands there as it is sent, perhaps with a query.
    literal: bool,
}

impl Operation {
    /// An operation known at compile time. In `path`, `{name}` stands for a value that the call fills in, escaped as one
    /// path segment. The rest is sent as it is: it begins with `/` and has only what a path may have, no query and no
    /// `.` or `..` between slashes; a call with another one is [`ErrorKind::Request`](crate::ErrorKind::Request).
    pub const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        idempotency: Idempotency,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            method,
            path: Cow::Borrowed(path),
            idempotency,
            literal: false,
        }
    }

    /// An operation made at run time, for tools that send what their users type; the rules of [`new`](Self::new) hold
    /// for `path`.
    pub fn dynamic(
        name: impl Into<String>,
        method: Method,
        path: impl Into<String>,
        idempotency: Idempotency,
    ) -> Self {
        Self {
            name: Cow::Owned(name.into()),
            method,
            path: Cow::Owned(path.into()),
            idempotency,
            literal: false,
        }
    }

    /// A call that is made once, of a path and query that are sent as they are.
    pub(crate) fn literal(method: Method, target: String, idempotency: Idempotency) -> Self {
        Self {
            name: Cow::Borrowed("request"),
            method,
            path: Cow::Owned(target),
            idempotency,
            literal: true,
        }
    }

    pub(crate) fn is_literal(&self) -> bool {
        self.literal
    }

    /// The path, if it is the same for all calls of the operation.
    pub(crate) fn template(&self) -> Option<&str> {
        (!self.literal).then_some(&*self.path)
    }

    /// The name used in errors and spans, such as `product.get`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same without a copy where it is known at compile time.
    #[cfg(feature = "metrics")]
    pub(crate) fn shared_name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template below the base URL.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path template if it is known at compile time.
    pub(crate) fn static_path(&self) -> Option<&'static str> {
        match self.path {
            Cow::Borrowed(path) => Some(path),
            Cow::Owned(_) => None,
        }
    }

    /// Whether the call may be repeated when it is unknown whether the server carried it out.
    pub fn idempotency(&self) -> Idempotency {
        self.idempotency
    }
}
