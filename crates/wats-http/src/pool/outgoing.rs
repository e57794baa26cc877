//! The request in the form that the way wants: HTTP/1.1 has `Host` and a bare path, HTTP/2 and a proxy that forwards
//! have a whole address.

use std::sync::Arc;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{Method, Request, Uri, Version};

use crate::address::BaseUrl;
use crate::body::{Delivery, Outgoing};
use crate::error::{Error, Result};
use crate::proxy::Proxy;
use crate::request::{PreparedRequest, RedirectTarget};

pub(super) fn build(
    request: &PreparedRequest<'_>,
    redirect_target: Option<&RedirectTarget>,
    base: &BaseUrl,
    forwarder: Option<&Proxy>,
    http2: bool,
    delivery: Option<&Arc<Delivery>>,
) -> Result<Request<Outgoing>> {
    let illegal = |source: http::Error| Error::request("the address cannot be sent").source(source);
    let target = redirect_target.map_or(request.target, |redirect_target| &redirect_target.target);
    let uri = if http2 || forwarder.is_some() {
        let mut parts = Parts::default();
        parts.scheme = Some(if base.tls {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        });
        // Read once, where it can be.
        parts.authority = Some(match &base.uri_authority {
            Some(authority) => authority.clone(),
            None => Authority::try_from(base.authority.as_str())
                .map_err(|source| illegal(source.into()))?,
        });
        let path = PathAndQuery::try_from(target).map_err(|source| illegal(source.into()))?;
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|source| illegal(source.into()))?
    } else {
        Uri::try_from(target).map_err(|source| illegal(source.into()))?
    };
    let empty = !request.has_body();
    let mut outgoing = Request::new(Outgoing::new(&request.body, delivery));
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri;
    let headers = outgoing.headers_mut();
    // A copy of a map that has all it needs is cheaper than one that grows.
    *headers = if http2 {
        request.common.http2.clone()
    } else {
        request.common.http1.clone()
    };
    crate::header::lay_over(headers, &request.headers);
    if empty && !matches!(request.method, Method::GET | Method::HEAD | Method::DELETE) {
        // Servers answer a POST that has neither a body nor a length with 411 (RFC 9110, section 8.6).
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if redirect_target.is_some_and(|redirect_target| redirect_target.other_origin.is_some()) {
        // Whoever stands there is a stranger.
        for secret in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
            headers.remove(secret);
        }
        headers.insert(HOST, base.host_header.clone());
    }
    if let Some(login) = forwarder.and_then(|proxy| proxy.login.as_ref()) {
        headers.insert(PROXY_AUTHORIZATION, login.header.clone());
    }
    if http2 {
        *outgoing.version_mut() = Version::HTTP_2;
    }
    Ok(outgoing)
}
