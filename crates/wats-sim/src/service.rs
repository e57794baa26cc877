//! One request, top to bottom: find its route, count it, read its body, wait, fail on purpose if a
//! fault says so, check the token and the rate, handle it, compress, answer, note it.

use std::io::Read as _;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use crate::answer::{Answer, AnswerBody, Handled, Never, settle};
use crate::api;
use crate::backend::Backend;
use crate::backend::archive::RequestKey;
use crate::call::Call;
use crate::connection::ConnectionHandle;
use crate::fault::{Action, Fault};
use crate::log::{RequestRecord, millis, shortened};
use crate::query::Query;
use crate::routes::{self, Resolved};
use crate::shared::Shared;

/// What becomes of a request.
enum Outcome {
    /// The answer; its body breaks off after so many bytes, if that is said.
    Answer(Answer, Option<usize>),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection is reset without an answer.
    Reset,
}

/// Answers one request; the connection may be told to end.
pub(crate) async fn call(
    shared: &Shared,
    request: Request<Incoming>,
    connection: &ConnectionHandle,
) -> Result<Response<AnswerBody>, Never> {
    let (time, begun) = (shared.clock.now(), Instant::now());
    let (head, body) = request.into_parts();
    let resolved = api::routes().resolve(&head.method, head.uri.path());
    if let Resolved::Found { route, .. } = &resolved
        && !route.is_of_server()
    {
        // What is for people is not counted and does not fail on purpose.
        let answer = match read_body(body, shared.settings.max_body).await {
            Ok(body) => settle(handle(shared, resolved, &head, body, None)),
            Err(answer) => answer,
        };
        return Ok(answer.gzip_if_accepted(&head.headers).into_response(None));
    }

    let method = routes::method_name(&head.method);
    let template = match &resolved {
        Resolved::Found { route, .. } => route.template,
        Resolved::WrongMethod { template, .. } => template,
        Resolved::Unknown | Resolved::BadEncoding => "(unknown route)",
    };
    let _in_flight = shared.meter.request((method, template), head.version);
    let fault = shared.faults.take(method, template);
    let body = received(shared, &head.headers, body).await;
    let mut record = RequestRecord {
        time,
        method: method.to_owned(),
        path: shortened(head.uri.path_and_query().map_or("", |path| path.as_str())),
        route: template,
        status: None,
        millis: 0.0,
        bytes_in: body.as_ref().map_or(0, Bytes::len),
        bytes_out: 0,
    };
    pause(shared.settings.latency).await;
    let outcome = outcome(shared, fault, resolved, &head, body, connection).await;
    record.millis = millis(begun.elapsed());
    let (answer, cut_after) = match outcome {
        Outcome::Answer(answer, cut_after) => (finished(shared, answer, &head), cut_after),
        Outcome::HangUp => {
            shared.log.push(record);
            connection.abort();
            return std::future::pending().await;
        }
        Outcome::Reset => {
            shared.log.push(record);
            connection.reset();
            return std::future::pending().await;
        }
    };
    shared.meter.status(answer.status.as_u16());
    record.status = Some(answer.status.as_u16());
    record.bytes_out = answer.body.len();
    shared.log.push(record);
    Ok(answer.into_response(cut_after))
}

/// The body as the handlers get it.
async fn received(shared: &Shared, headers: &HeaderMap, body: Incoming) -> Result<Bytes, Answer> {
    let max = shared.settings.max_body;
    let body = read_body(body, max).await?;
    if shared.settings.gzip_requests && names_gzip(headers) {
        return unpack(&body, max);
    }
    Ok(body)
}

/// Handles the request, or fails as the fault says.
async fn outcome(
    shared: &Shared,
    fault: Option<Fault>,
    resolved: Resolved,
    head: &Parts,
    body: Result<Bytes, Answer>,
    connection: &ConnectionHandle,
) -> Outcome {
    let action = match fault {
        Some(Fault { action, delay, .. }) => {
            pause(delay).await;
            action
        }
        None => Action::Proceed,
    };
    let handled = async |doom: Option<String>| match body {
        Ok(body) => answered(shared, resolved, head, body, doom).await,
        Err(answer) => answer,
    };
    match action {
        Action::Proceed => Outcome::Answer(handled(None).await, None),
        Action::Quarantine(reason) => Outcome::Answer(handled(Some(reason)).await, None),
        Action::Truncate(bytes) => Outcome::Answer(handled(None).await, Some(bytes)),
        Action::Answer {
            status,
            content_type,
            headers,
            body,
        } => Outcome::Answer(scripted(status, &content_type, &headers, body), None),
        Action::CorruptGzip => Outcome::Answer(handled(None).await.corrupt_gzip(), None),
        Action::GoAway => {
            connection.go_away();
            let mut answer = handled(None).await;
            // Over HTTP/2 a frame says it.
            if head.version != Version::HTTP_2 {
                answer = answer.with_header(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Outcome::Answer(answer, None)
        }
        Action::DropBefore => Outcome::HangUp,
        Action::DropAfter => {
            handled(None).await;
            Outcome::HangUp
        }
        Action::Reset => Outcome::Reset,
        Action::ResetAfter => {
            handled(None).await;
            Outcome::Reset
        }
    }
}

/// The answer with what all answers have.
fn finished(shared: &Shared, mut answer: Answer, head: &Parts) -> Answer {
    if shared.settings.gzip {
        answer = answer.gzip_if_accepted(&head.headers);
    }
    if shared.settings.gzip_requests {
        // RFC 7694: the server says what it takes.
        let gzip = HeaderValue::from_static("gzip");
        answer = answer.with_header(header::ACCEPT_ENCODING, gzip);
    }
    match shared.clock.date() {
        Some(date) => answer.with_header(header::DATE, date),
        None => answer,
    }
}

/// The answer of whoever answers.
async fn answered(
    shared: &Shared,
    resolved: Resolved,
    head: &Parts,
    body: Bytes,
    doom: Option<String>,
) -> Answer {
    match &shared.backend {
        Backend::Own => settle(handle(shared, resolved, head, body, doom)),
        #[cfg(feature = "record")]
        Backend::Proxy(proxy) => proxy.answer(head, body).await,
        Backend::Replay(replay) => {
            let uri = &head.uri;
            replay.answer(&RequestKey::new(
                head.method.as_str(),
                uri.path(),
                uri.query(),
                &body,
            ))
        }
    }
}

/// With `doom`, a report that comes in is quarantined for this reason.
fn handle(
    shared: &Shared,
    resolved: Resolved,
    head: &Parts,
    body: Bytes,
    doom: Option<String>,
) -> Handled {
    let (route, params) = match resolved {
        Resolved::Found { route, params } => (route, params),
        Resolved::WrongMethod { allow, .. } => return Err(wrong_method(&allow)),
        Resolved::Unknown => return Err(no_route(head.uri.path())),
        Resolved::BadEncoding => {
            let message = "The path of the request is not UTF-8 once decoded.";
            return Err(Answer::message(StatusCode::BAD_REQUEST, message));
        }
    };
    if !route.is_open() {
        // A token that this server made may do everything.
        let checked = shared
            .tokens
            .check(&head.headers, route.method, route.template);
        let is_made = |refused: &Answer| {
            refused.status == StatusCode::UNAUTHORIZED
                && api::auth::is_made(&shared.store, &head.headers)
        };
        match checked {
            Err(refused) if !is_made(&refused) => return Err(refused),
            _ => {}
        }
    }
    let call = Call {
        server: shared,
        store: &shared.store,
        settings: &shared.settings,
        headers: &head.headers,
        params,
        query: Query::parse(head.uri.query())?,
        body,
        doom,
    };
    (route.handler)(&call)
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
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
