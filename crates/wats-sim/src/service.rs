//! One request, top to bottom: count it, find its route, read its body, wait, fail on purpose if a
//! fault says so, check the token and the rate, handle it, compress, answer.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::access::{RateLimit, Token};
use crate::answer::{Answer, AnswerBody, Handled, Never, settle};
use crate::api;
use crate::call::Call;
use crate::connection::ConnectionHandle;
use crate::counters::Meter;
use crate::fault::{Action, Fault, FaultQueue};
use crate::query::Query;
use crate::routes::{self, Resolved};
use crate::settings::Settings;
use crate::store::Store;

/// What all connections share.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) faults: FaultQueue,
    pub(crate) settings: Settings,
    pub(crate) token: Token,
    pub(crate) rate_limit: Option<RateLimit>,
    pub(crate) meter: Arc<Meter>,
}

impl Service {
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    pub(crate) async fn call(
        &self,
        request: Request<Incoming>,
        connection: &ConnectionHandle,
    ) -> Result<Response<AnswerBody>, Never> {
        let (head, body) = request.into_parts();
        let resolved = api::routes().resolve(&head.method, head.uri.path());
        let method = routes::method_name(&head.method);
        let template = match &resolved {
            Resolved::Found { route, .. } => route.template,
            Resolved::WrongMethod { template, .. } => template,
            Resolved::Unknown | Resolved::BadEncoding => "(unknown route)",
        };
        let _in_flight = self.meter.request((method, template), head.version);
        let fault = self.faults.take(method, template);

        let max = self.settings.max_body;
        let mut body = read_body(body, max).await;
        if self.settings.gzip_requests && names_gzip(&head.headers) {
            body = body.and_then(|packed| unpack(&packed, max));
        }
        pause(self.settings.latency).await;
        let action = match fault {
            Some(Fault { action, delay, .. }) => {
                pause(delay).await;
                action
            }
            None => Action::Proceed,
        };
        let handle = |doom: Option<String>| {
            let body = match body {
                Ok(body) => body,
                Err(answer) => return answer,
            };
            settle(self.handle(resolved, &head.uri, &head.headers, body, doom))
        };
        let (answer, cut_after) = match action {
            Action::Proceed => (handle(None), None),
            Action::Quarantine(reason) => (handle(Some(reason)), None),
            Action::Truncate(bytes) => (handle(None), Some(bytes)),
            Action::Answer {
                status,
                content_type,
                headers,
                body,
            } => (scripted(status, &content_type, &headers, body), None),
            Action::DropBefore => return hang_up(connection).await,
            Action::DropAfter => {
                handle(None);
                return hang_up(connection).await;
            }
        };
        let mut answer = if self.settings.gzip {
            answer.gzip_if_accepted(&head.headers)
        } else {
            answer
        };
        if self.settings.gzip_requests {
            // RFC 7694: the server says what it takes.
            let gzip = HeaderValue::from_static("gzip");
            answer = answer.with_header(header::ACCEPT_ENCODING, gzip);
        }
        self.meter.status(answer.status.as_u16());
        Ok(answer.into_response(cut_after))
    }

    /// With `doom`, a report that comes in is quarantined for this reason.
    fn handle(
        &self,
        resolved: Resolved,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
        doom: Option<String>,
    ) -> Handled {
        let (route, params) = match resolved {
            Resolved::Found { route, params } => (route, params),
            Resolved::WrongMethod { allow, .. } => return Err(wrong_method(&allow)),
            Resolved::Unknown => return Err(no_route(uri.path())),
            Resolved::BadEncoding => {
                let message = "The path of the request is not UTF-8 once decoded.";
                return Err(Answer::message(StatusCode::BAD_REQUEST, message));
            }
        };
        let is_made = || api::auth::is_made(&self.store, headers);
        self.token
            .check(headers)
            .or_else(|refused| if is_made() { Ok(()) } else { Err(refused) })?;
        if let Some(limit) = &self.rate_limit {
            limit.check()?;
        }
        let query = Query::parse(uri.query())?;
        let call = Call {
            store: &self.store,
            settings: &self.settings,
            headers,
            params,
            query,
            body,
            doom,
        };
        (route.handler)(&call)
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// Cuts the connection; the caller is dropped with it and never comes back.
async fn hang_up<T>(connection: &ConnectionHandle) -> T {
    connection.abort();
    std::future::pending().await
}

fn too_large(max: usize) -> Answer {
    let message = format!("Maximum request length exceeded: a body may have {max} bytes.");
    Answer::message(StatusCode::PAYLOAD_TOO_LARGE, message)
}

fn names_gzip(request: &HeaderMap) -> bool {
    let coding = request.get(header::CONTENT_ENCODING);
    coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

/// Undoes gzip, up to the cap.
fn unpack(packed: &Bytes, max: usize) -> Result<Bytes, Answer> {
    let mut plain = Vec::new();
    let mut decoder = MultiGzDecoder::new(packed.as_ref()).take(max as u64 + 1);
    decoder.read_to_end(&mut plain).map_err(|error| {
        let message = format!("The body of the request is not gzip: {error}");
        Answer::message(StatusCode::BAD_REQUEST, message)
    })?;
    if plain.len() > max {
        return Err(too_large(max));
    }
    Ok(plain.into())
}

/// Reads a body up to the cap.
async fn read_body(mut body: Incoming, max: usize) -> Result<Bytes, Answer> {
    if body.size_hint().lower() > max as u64 {
        return Err(too_large(max));
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let message = format!("The body of the request broke off: {error}");
            Answer::message(StatusCode::BAD_REQUEST, message)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > max {
            return Err(too_large(max));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// The answer of a fault. One that HTTP does not allow shows as a 500 saying so.
fn scripted(status: u16, content_type: &str, headers: &[(String, String)], body: Bytes) -> Answer {
    let impossible = |what: &str| {
        Answer::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("The injected fault has {what}."),
        )
    };
    let status = match StatusCode::from_u16(status) {
        Ok(status) if (200..=599).contains(&status.as_u16()) => status,
        _ => return impossible("a status that is not from 200 to 599"),
    };
    let Ok(content_type) = HeaderValue::from_str(content_type) else {
        return impossible("a content type with characters that are not allowed");
    };
    let mut answer = Answer {
        status,
        headers: vec![(header::CONTENT_TYPE, content_type)],
        body,
    };
    for (name, value) in headers {
        match (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value.as_str()),
        ) {
            (Ok(name), Ok(value)) => answer.headers.push((name, value)),
            _ => return impossible("a header with characters that are not allowed"),
        }
    }
    answer
}

fn no_route(path: &str) -> Answer {
    let message = format!("No HTTP resource was found that matches the request URI '{path}'.");
    Answer::message(StatusCode::NOT_FOUND, message)
}

fn wrong_method(allow: &str) -> Answer {
    let message = "The requested resource does not support this http method.";
    let answer = Answer::message(StatusCode::METHOD_NOT_ALLOWED, message);
    match HeaderValue::from_str(allow) {
        Ok(allow) => answer.with_header(header::ALLOW, allow),
        Err(_) => answer,
    }
}
