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
        match answer {
            Ok(value) => Ok(value),
            Err(error) => self.nothing(response).ok_or_else(|| error.into()),
        }
    }

    /// As [`decode`](Self::decode), of the body alone. A body that is empty came with a 204.
    pub(crate) fn decode_text<T: Decode>(&self, text: &[u8]) -> Option<T> {
        let read = |text: &[u8]| self.json.from_json(text).ok();
        match text.trim_ascii() {
            b"" | b"null" => read(b"null").or_else(|| read(b"[]")),
            text => read(text),
        }
    }

    /// What stands for nothing, as some servers tell it: null, or a 204, where a list has no rows or an optional value is
    /// not there.
    fn nothing<T: Decode>(&self, response: &Response) -> Option<T> {
        let is_null = response.body().trim_ascii() == b"null";
        if !is_null && response.status() != StatusCode::NO_CONTENT {
            return None;
        }
        let read = |text: &[u8]| self.json.from_json(text).ok();
        read(b"null").or_else(|| read(b"[]"))
    }
}
