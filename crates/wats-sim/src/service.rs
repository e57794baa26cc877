//! One request, top to bottom: find its route, count it, read its body, wait, fail on purpose if a
//! fault says so, check the token and the rate, handle it, compress, answer, note it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;

use crate::access;
use crate::answer::{Answer, AnswerBody, Handled, Never, settle};
use crate::api;
use crate::backend::Backend;
use crate::backend::archive::RequestKey;
use crate::body;
use crate::call::Call;
use crate::connection::ConnectionHandle;
use crate::fault::{Action, Fault, Seen};
use crate::log::{RequestRecord, millis, shortened};
use crate::query::Query;
use crate::routes::{self, Resolved};
use crate::shared::Shared;
use crate::store::Processing;

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
        let answer = match body::read(&head.headers, body, shared.settings.max_body).await {
            Ok(body) => settle(handle(shared, resolved, &head, body, Processing::default())),
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
    let (token, path) = (access::given(&head.headers), path_of(&head));
    shared.arrivals.note(token);
    let body = body::received(&shared.settings, &head.headers, body).await;
    let fault = shared.faults.take(&Seen {
        method,
        template,
        token,
        path,
        body: body.as_deref().unwrap_or_default(),
    });
    let mut record = RequestRecord {
        time,
        method: method.to_owned(),
        path: shortened(path),
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

fn path_of(head: &Parts) -> &str {
    let path = head.uri.path_and_query();
    path.map_or("", |path| path.as_str())
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
    let handled = async |processing: Processing| match body {
        Ok(body) => answered(shared, resolved, head, body, processing).await,
        Err(answer) => answer,
    };
    match action {
        Action::Proceed => Outcome::Answer(handled(Processing::default()).await, None),
        Action::Processing(processing) => Outcome::Answer(handled(processing).await, None),
        Action::Truncate(bytes) => {
            Outcome::Answer(handled(Processing::default()).await, Some(bytes))
        }
        Action::Answer {
            status,
            content_type,
            headers,
            body,
        } => Outcome::Answer(scripted(status, &content_type, &headers, body), None),
        Action::CorruptGzip => {
            Outcome::Answer(handled(Processing::default()).await.corrupt_gzip(), None)
        }
        Action::GoAway => {
            connection.go_away();
            let mut answer = handled(Processing::default()).await;
            // Over HTTP/2 a frame says it.
            if head.version != Version::HTTP_2 {
                answer = answer.with_header(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Outcome::Answer(answer, None)
        }
        Action::DropBefore => Outcome::HangUp,
        Action::DropAfter => {
            handled(Processing::default()).await;
            Outcome::HangUp
        }
        Action::Reset => Outcome::Reset,
        Action::ResetAfter => {
            handled(Processing::default()).await;
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
#[cfg_attr(
    not(feature = "record"),
    allow(clippy::unused_async, reason = "only a real server is waited for")
)]
async fn answered(
    shared: &Shared,
    resolved: Resolved,
    head: &Parts,
    body: Bytes,
    processing: Processing,
) -> Answer {
    match &shared.backend {
        Backend::Own => settle(handle(shared, resolved, head, body, processing)),
        #[cfg(feature = "record")]
        Backend::Proxy(proxy) => proxy.answer(head, body).await,
        Backend::Replay(replay) => replay.answer(&RequestKey::new(head, &body)),
    }
}

fn handle(
    shared: &Shared,
    resolved: Resolved,
    head: &Parts,
    body: Bytes,
    processing: Processing,
) -> Handled {
    api::effects::settle_due(&shared.store);
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
        // A token that this server made may do everything, or everything with users.
        let checked = shared
            .tokens
            .check(&head.headers, route.method, route.template);
        let is_made = |refused: &Answer| {
            refused.status == StatusCode::UNAUTHORIZED
                && (api::auth::is_made(&shared.store, &head.headers)
                    || shared
                        .store
                        .read(|state| api::scim::is_open(state, &head.headers, route.template)))
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
        processing,
    };
    (route.handler)(&call)
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
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
