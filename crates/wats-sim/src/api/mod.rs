//! The handlers, one file per domain of the server. A handler takes what came and answers; it knows
//! nothing of connections.

pub(crate) mod app;
pub(crate) mod product;
pub(crate) mod production;
pub(crate) mod report;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::odata::{Column, Filter, OrderBy, Schema};
use crate::query::{Query, bad};

/// `$filter`, `$orderby`, `$top` and `$skip` of a list route.
pub(crate) struct ListOptions {
    pub(crate) filter: Option<Filter>,
    pub(crate) order: Option<OrderBy>,
    pub(crate) top: Option<usize>,
    pub(crate) skip: usize,
}

impl ListOptions {
    pub(crate) fn parse(
        query: &Query,
        schema: Schema,
        orderable: &'static [Column],
        max_top: usize,
    ) -> Result<Self, Answer> {
        let filter = match query.get("$filter") {
            Some(text) => {
                let filter = Filter::parse(text, schema);
                Some(filter.map_err(|error| bad(format!("$filter: {error}.")))?)
            }
            None => None,
        };
        let order = match query.get("$orderby") {
            Some(text) => {
                let order = OrderBy::parse(text, orderable);
                Some(order.map_err(|error| bad(format!("$orderby: {error}.")))?)
            }
            None => None,
        };
        let top = query.count("$top")?;
        if let Some(top) = top.filter(|top| *top > max_top) {
            return Err(bad(format!(
                "The limit of '{max_top}' for Top query has been exceeded. The value from the \
                 incoming request is '{top}'."
            )));
        }
        if query.get("$count").is_some() {
            return Err(bad("Query option 'Count' is not allowed."));
        }
        Ok(Self {
            filter,
            order,
            top,
            skip: query.count("$skip")?.unwrap_or(0),
        })
    }
}

/// The JSON of a request, or 400 saying where it stops being JSON.
pub(crate) fn parse_json(body: &Bytes) -> Result<Value, Answer> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("The request is invalid: the body is not JSON: {error}");
        Answer::message(StatusCode::BAD_REQUEST, message)
    })
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
