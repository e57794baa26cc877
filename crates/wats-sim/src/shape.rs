//! The members of a document: what the server binds of a body, and what it answers where nothing was said.
//!
//! The server binds names whatever their case, ignores what it does not know, and leaves as it was what is absent or null.

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::call::{guid, invalid, member};
use crate::odata::parse_time;

/// What a member may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Is {
    Text,
    /// A whole number.
    Integer,
    Number,
    Bool,
    Time,
    Guid,
    List,
    /// Whatever JSON there is.
    Any,
}

/// The members of a kind of document, as they are written.
pub(crate) type Shape = &'static [(&'static str, Is)];

/// Members by what they hold: `shape! { Text: "name" "comment"; Time: "date"; }`.
macro_rules! shape {
    ($($is:ident: $($name:literal)+;)*) => { &[$($(($name, crate::shape::Is::$is)),+),*] };
}
pub(crate) use shape;

/// A list of names: `names! { "one" "two" }`.
macro_rules! names {
    ($($name:literal)+) => { &[$($name),+] };
}
pub(crate) use names;

/// A document that says nothing: every member is there, lists empty, all else null.
pub(crate) fn blank(shape: Shape) -> Map<String, Value> {
    let of = |is: Is| {
        if is == Is::List {
            Value::Array(Vec::new())
        } else {
            Value::Null
        }
    };
    let members = shape.iter();
    document(members.map(|(name, is)| ((*name).to_owned(), of(*is))))
}

/// A document of these members. `collect` sorts them first, by code of its own for each kind of iterator: some kilobytes each.
pub(crate) fn document(members: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut document = Map::new();
    document.extend(members);
    document
}

/// Binds what a body says over what a document holds; 400 if a member is of another kind.
pub(crate) fn merge(
    shape: Shape,
    body: &Map<String, Value>,
    target: &mut Map<String, Value>,
) -> Result<(), Answer> {
    for (name, is) in shape {
        let Some(value) = member(body, name) else {
            continue;
        };
        let bound =
            bound(*is, value).ok_or_else(|| invalid(format!("{name} must be {}", named(*is))))?;
        target.insert((*name).to_owned(), bound);
    }
    Ok(())
}

/// A new document of what a body says.
pub(crate) fn bind(shape: Shape, body: &Map<String, Value>) -> Result<Map<String, Value>, Answer> {
    let mut document = blank(shape);
    merge(shape, body, &mut document)?;
    Ok(document)
}

fn bound(is: Is, value: &Value) -> Option<Value> {
    let fits = match is {
        Is::Text => value.is_string(),
        Is::Integer => value.is_i64() || value.is_u64(),
        Is::Number => value.is_number(),
        Is::Bool => value.is_boolean(),
        Is::Time => value
            .as_str()
            .is_some_and(|text| parse_time(text).is_some()),
        Is::Guid => return value.as_str().and_then(guid).map(Value::String),
        Is::List => value.is_array(),
        Is::Any => true,
    };
    fits.then(|| value.clone())
}

fn named(is: Is) -> &'static str {
    match is {
        Is::Text => "a text",
        Is::Integer => "a whole number",
        Is::Number => "a number",
        Is::Bool => "true or false",
        Is::Time => "a time",
        Is::Guid => "a guid",
        Is::List => "an array",
        Is::Any => "JSON",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHAPE: Shape = &[
        ("name", Is::Text),
        ("count", Is::Integer),
        ("id", Is::Guid),
        ("tags", Is::List),
    ];

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn names_bind_whatever_their_case_and_null_says_nothing() {
        let body = object(
            &json!({ "NAME": "x", "count": null, "other": 1, "Id": "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}" }),
        );
        let document = bind(SHAPE, &body).unwrap();
        let expected = json!({ "name": "x", "count": null, "id": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "tags": [] });
        assert_eq!(Value::Object(document), expected);
    }

    #[test]
    fn a_member_of_another_kind_is_refused_by_name() {
        for body in [
            json!({ "name": 1 }),
            json!({ "count": 1.5 }),
            json!({ "id": "x" }),
            json!({ "tags": {} }),
        ] {
            let refused = bind(SHAPE, &object(&body)).unwrap_err();
            let (name, _) = object(&body).into_iter().next().unwrap();
            assert_eq!(refused.status.as_u16(), 400);
            assert!(String::from_utf8_lossy(&refused.body).contains(&name));
        }
    }
}
