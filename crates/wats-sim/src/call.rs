//! One request as its handler sees it: parameters, query, body, and the server behind it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::answer::Answer;
use crate::odata::parse_time;
use crate::query::{Query, bad};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::store::{Processing, Store};

/// What a handler gets.
pub(crate) struct Call<'a> {
    /// What watches over the server; most handlers need the store only.
    pub(crate) server: &'a Shared,
    pub(crate) store: &'a Store,
    pub(crate) settings: &'a Settings,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) params: Vec<String>,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    /// How a report that comes with the request is to be processed.
    pub(crate) processing: Processing,
}

impl Call<'_> {
    /// The time as the server has it.
    pub(crate) fn now(&self) -> Timestamp {
        self.server.clock.now()
    }

    /// A parameter of the path, by its place.
    pub(crate) fn param(&self, place: usize) -> &str {
        self.params
            .get(place)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// A parameter of the path that must be a guid, as it is usually written.
    pub(crate) fn guid_param(&self, place: usize) -> Result<String, Answer> {
        guid(self.param(place))
            .ok_or_else(|| invalid(format!("the value '{}' is not a guid", self.param(place))))
    }

    /// A text of the query that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Answer> {
        let given = self.query.get(name).filter(|text| !text.is_empty());
        given.ok_or_else(|| bad(format!("{name} is required.")))
    }

    /// A text of the query; an empty one counts as absent.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.query.get(name).filter(|text| !text.is_empty())
    }

    /// A whole number of the query that must be there.
    pub(crate) fn required_number(&self, name: &str) -> Result<i64, Answer> {
        self.number(name)?
            .ok_or_else(|| bad(format!("{name} is required.")))
    }

    /// A whole number of the query.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Answer> {
        let parse = |text: &str| {
            text.trim().parse().map_err(|_| {
                bad(format!(
                    "The value '{text}' of {name} is not a whole number."
                ))
            })
        };
        self.optional(name).map(parse).transpose()
    }

    /// A time of the query; one without zone is UTC.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Answer> {
        let parse = |text: &str| {
            parse_time(text)
                .ok_or_else(|| bad(format!("The value '{text}' of {name} is not a time.")))
        };
        self.optional(name).map(parse).transpose()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Answer> {
        parse_json(&self.body)
    }

    /// The body as an object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Answer> {
        match self.json()? {
            Value::Object(members) => Ok(members),
            _ => Err(invalid("the body must be an object")),
        }
    }

    /// The body as an array.
    pub(crate) fn array(&self) -> Result<Vec<Value>, Answer> {
        match self.json()? {
            Value::Array(items) => Ok(items),
            _ => Err(invalid("the body must be an array")),
        }
    }
}

/// The JSON of a request, or 400 saying where it stops being JSON.
pub(crate) fn parse_json(body: &Bytes) -> Result<Value, Answer> {
    serde_json::from_slice(body).map_err(|error| invalid(format!("the body is not JSON: {error}")))
}

/// 400 with the words ASP.NET begins with when a body does not work.
pub(crate) fn invalid(problem: impl std::fmt::Display) -> Answer {
    Answer::message(
        StatusCode::BAD_REQUEST,
        format!("The request is invalid: {problem}"),
    )
}

/// 404 that says what there is none of.
pub(crate) fn not_found(what: impl std::fmt::Display) -> Answer {
    Answer::message(StatusCode::NOT_FOUND, format!("There is no {what}."))
}

/// 409 that says why not.
pub(crate) fn conflict(problem: impl std::fmt::Display) -> Answer {
    Answer::message(StatusCode::CONFLICT, problem.to_string())
}

/// A guid as it is usually written, however it was.
pub(crate) fn guid(text: &str) -> Option<String> {
    Uuid::try_parse(text.trim()).ok().map(|id| id.to_string())
}

/// A new guid.
pub(crate) fn new_guid() -> String {
    Uuid::new_v4().to_string()
}

/// A member of a request's object, whatever the case of its name; null counts as absent. The server
/// binds names that way.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .get(name)
        .or_else(|| {
            object
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        })
        .filter(|value| !value.is_null())
}

/// A text of a value that is an object, by its exact name; an empty one counts.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
