//! Answers of which nobody says what they are, and those that are not there.

use std::sync::Arc;

use serde_json::Value;
use wats_codec::Decode;
use wats_http::http::StatusCode;
use wats_http::{Call, Response};

use super::{Ask, Core, Route};
use crate::error::Result;

impl Core {
    /// The operation of a row whose answer nobody describes: null when it has no body. A write that was carried out must
    /// not look failed for what it says, as it would be done again.
    pub(crate) fn ask_any(
        self: &Arc<Self>,
        route: &'static Route,
        call: Result<Call>,
    ) -> Ask<Value> {
        self.run(|core| async move {
            let response = core.send(route, call?).await?;
            if response.body().trim_ascii().is_empty() {
                return Ok(Value::Null);
            }
            core.decode(&response)
        })
    }

    pub(crate) fn decode<T: Decode>(&self, response: &Response) -> Result<T> {
        let answer = response.decode_with(|body| self.json.from_json(body));
        answer.or_else(|error| {
            let nothing = is_nothing(response).then(|| self.nothing()).flatten();
            nothing.ok_or_else(|| error.into())
        })
    }

    /// As [`decode`](Self::decode), of the body alone. A body that is empty came with a 204.
    pub(crate) fn decode_text<T: Decode>(&self, text: &[u8]) -> Option<T> {
        match text.trim_ascii() {
            b"" | b"null" => self.nothing(),
            text => self.json.from_json(text).ok(),
        }
    }

    /// What stands for nothing: a value that is not there, or a list without rows.
    fn nothing<T: Decode>(&self) -> Option<T> {
        let read = |text: &[u8]| self.json.from_json(text).ok();
        read(b"null").or_else(|| read(b"[]"))
    }
}

/// Whether an answer tells that there is nothing, as some servers do: by null, or a 204, where a list has no rows or an
/// optional value is not there.
fn is_nothing(response: &Response) -> bool {
    response.body().trim_ascii() == b"null" || response.status() == StatusCode::NO_CONTENT
}
