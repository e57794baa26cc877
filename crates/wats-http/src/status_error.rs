//! An answer that is not a success, turned into an error with what the server says about it.
//!
//! Bodies of refusals come from anywhere: ASP.NET, problem details (RFC 9457), proxies with their web pages. Whatever
//! they hold, the status is never hidden by it, and the same words are never told twice.

use std::time::SystemTime;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::context::CallContext;
use crate::encoding;
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::proxy::Proxy;
use crate::redirect;
use crate::retry;
use crate::transport::{Answer, AnswerBody, Received};

/// Members in which servers put their words, the most telling first: ASP.NET's, then those of problem details.
const WORDS: [&str; 6] = [
    "Message",
    "message",
    "detail",
    "error",
    "title",
    "ExceptionMessage",
];

/// So many bytes of the server's words, and of what stands beside them, are looked through; no more is kept of them.
const MOST_WORDS: usize = 128 << 10;
const MOST_REST: usize = 4 << 10;

/// A refusal with its body read and decompressed, at most `cap` bytes. A page that is damaged, or of which the server
/// that hung up sent a part only, must not hide the status: it counts as none.
pub(crate) async fn receive<B: AnswerBody>(mut answer: Answer<B>, cap: usize) -> Result<Received> {
    let body = match encoding::receive(&mut answer.body, &answer.headers, cap).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            answer.body.abandon();
            Bytes::new()
        }
        Err(error) if error.kind() == ErrorKind::Transport => Bytes::new(),
        Err(error) => return Err(error),
    };
    Ok(Received {
        status: answer.status,
        version: answer.version,
        headers: answer.headers,
        body,
    })
}

/// The error of a refused call.
///
/// What it names is told before what it says: where it sends the call is the news of a redirect, whatever page comes along.
/// A proxy that forwards speaks for itself with 407, and only with that.
pub(crate) fn error(received: Received, call: &CallContext, forwarder: Option<&Proxy>) -> Error {
    let Received {
        status,
        headers,
        body,
        ..
    } = received;
    let secrets = call.secrets();
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        && let Some(proxy) = forwarder
    {
        return proxy.wants_login().excerpt(call.excerpt(&body));
    }
    let named = (status.is_redirection() && status != StatusCode::NOT_MODIFIED)
        .then(|| redirect::location(&headers))
        .flatten()
        .map(|location| redirect::named(&location, secrets));
    let mut error = Error::new(ErrorKind::Status(status))
        .retry_after(retry::retry_after(&headers, SystemTime::now()))
        .excerpt(call.excerpt(&body));
    if let Some(Words { message, rest }) = words(&body) {
        let message = secrets.redact_start(message, MOST_WORDS);
        let told = match &named {
            Some(location) => format!("redirects to {location}: {message}"),
            None => message.clone(),
        };
        error = error
            .words(&message)
            .message(told)
            .rest(&secrets.redact_start(rest, MOST_REST));
    } else if let Some(location) = named {
        error = error.message(format!("redirects to {location}"));
    } else if redirect::is_move(status) {
        error = error.message("redirects, but names no address");
    } else if is_html(&headers) {
        error = error.message("the answer is a web page");
    } else if status == StatusCode::NOT_FOUND {
        error = error.message("not found");
    }
    error
}

fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().to_ascii_lowercase().starts_with(b"text/html"))
}

/// The server's own words, and what its answer holds beside them.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    message: String,
    /// JSON; empty when the words are all there is.
    rest: String,
}

fn words(body: &[u8]) -> Option<Words> {
    match json::read(body).ok()? {
        Value::String(message) if !message.trim().is_empty() => Some(Words {
            message,
            rest: String::new(),
        }),
        Value::Object(mut members) => {
            let name = WORDS.into_iter().find(|name| {
                members
                    .get(*name)
                    .and_then(Value::as_str)
                    .is_some_and(|text| !text.trim().is_empty())
            })?;
            let Some(Value::String(message)) = members.remove(name) else {
                return None;
            };
            members.retain(|_, value| !says_nothing(value) && value.as_str() != Some(&*message));
            let rest = if members.is_empty() {
                String::new()
            } else {
                Value::Object(members).to_string()
            };
            Some(Words { message, rest })
        }
        _ => None,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Option<(String, String)> {
        words(body.as_bytes()).map(|words| (words.message, words.rest))
    }

    #[test]
    fn words_and_what_stands_beside_them() {
        for (body, message, rest) in [
            (r#"{"Message":"no"}"#, "no", ""),
            (r#""plain text""#, "plain text", ""),
            (
                r#"{"Message":" ","error":"why","code":3}"#,
                "why",
                r#"{"code":3}"#,
            ),
            (r#"{"title":"t","detail":"d"}"#, "d", r#"{"title":"t"}"#),
            (
                r#"{"Message":"m","ModelState":{"a":["b"]},"x":null,"y":[]}"#,
                "m",
                r#"{"ModelState":{"a":["b"]}}"#,
            ),
            (r#"{"Message":"same","detail":"same"}"#, "same", ""),
        ] {
            let expected = Some((message.to_owned(), rest.to_owned()));
            assert_eq!(read(body), expected, "{body}");
        }
        for body in ["", "[]", "{}", "3", r#"{"Message":5}"#, "<html>", "\"\""] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in any::<Vec<u8>>()) {
            let _ = words(&body);
        }
    }
}
