//! Barcode identifiers: regular expressions that take the parts out of a scanned code.
//!
//! The expressions are matched in linear time and have a limit of size. What the real server's engine has beyond that, such as
//! looking ahead, is refused when it is saved.

use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member, not_found, text};
use crate::routes::routes;
use crate::shape::{Shape, bind, merge, shape};

/// Identifiers by id.
const IDENTIFIERS: &str = "barcode";

const SHAPE: Shape = shape! {
    Integer: "id" "order";
    Text: "pattern" "serialNumber" "partNumber" "revision" "batchNumber" "process" "description";
};
/// The parts of a code, in the order of the default format.
const PARTS: [&str; 5] = [
    "serialNumber",
    "partNumber",
    "revision",
    "batchNumber",
    "process",
];

const MAX_PATTERN: usize = 1000;
/// Bytes of a compiled expression.
const MAX_COMPILED: usize = 1 << 20;
const MAX_CODE: usize = 10_000;

routes! {
    GET "/api/BarcodeIdentifiers/BarcodeIdentifiers" => list;
    GET "/api/BarcodeIdentifiers/IdentifyBarcode" => identify;
    PUT "/api/BarcodeIdentifiers/BarcodeIdentifier" => put;
    DELETE "/api/BarcodeIdentifiers/BarcodeIdentifier/{id}" => delete;
}

fn key(id: i64) -> String {
    format!("{id:010}")
}

/// All, in the order in which they are tried.
fn ordered(call: &Call<'_>) -> Vec<std::sync::Arc<Value>> {
    let mut all = call.store.all(IDENTIFIERS);
    all.sort_by_key(|one| one.get("order").and_then(Value::as_i64).unwrap_or(i64::MAX));
    all
}

fn list(call: &Call<'_>) -> Handled {
    let all = ordered(call);
    Ok(Answer::json(
        &all.iter().map(|one| (**one).clone()).collect(),
    ))
}

fn put(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = member(&body, "id")
        .and_then(Value::as_i64)
        .filter(|id| *id != 0);
    call.store.change(|change| {
        let known = id.map(|id| {
            change
                .get(IDENTIFIERS, &key(id))
                .and_then(Value::as_object)
                .ok_or_else(|| none(id))
        });
        let mut identifier = match known.transpose()? {
            Some(known) => known.clone(),
            None => bind(SHAPE, &Map::new())?,
        };
        merge(SHAPE, &body, &mut identifier)?;
        let id = match id {
            Some(id) => id,
            None => i64::try_from(change.next(IDENTIFIERS)?).unwrap_or_default(),
        };
        identifier.insert("id".to_owned(), json!(id));
        identifier.entry("order").and_modify(|order| {
            if order.is_null() {
                *order = json!(id);
            }
        });
        if identifier
            .get("pattern")
            .is_none_or(|pattern| pattern.as_str().is_none_or(str::is_empty))
        {
            return Err(invalid("pattern is required"));
        }
        for name in ["pattern"].iter().chain(&PARTS) {
            if let Some(pattern) = identifier.get(*name).and_then(Value::as_str) {
                compiled(pattern).map_err(|problem| invalid(format_args!("{name}: {problem}")))?;
            }
        }
        let identifier = Value::Object(identifier);
        change.put(IDENTIFIERS, &key(id), identifier.clone())?;
        Ok(Answer::json(&identifier))
    })
}

fn delete(call: &Call<'_>) -> Handled {
    let id: i64 = call
        .param(0)
        .parse()
        .map_err(|_| invalid("the id must be a number"))?;
    call.store.change(|change| {
        if !change.remove(IDENTIFIERS, &key(id)) {
            return Err(none(id));
        }
        Ok(Answer::json(&Value::Null))
    })
}

/// The parts of a code by the first identifier whose pattern fits it. A code that none fits has them between slashes.
fn identify(call: &Call<'_>) -> Handled {
    let code = call.required("code")?;
    if code.len() > MAX_CODE {
        return Err(invalid(format_args!("a code has at most {MAX_CODE} bytes")));
    }
    for identifier in ordered(call) {
        let fits = |name: &str| text(&identifier, name).and_then(|pattern| compiled(pattern).ok());
        if !fits("pattern").is_some_and(|pattern| pattern.is_match(code)) {
            continue;
        }
        let mut found = (*identifier).clone();
        for name in PARTS {
            found[name] = json!(fits(name).and_then(|pattern| part(&pattern, code)));
        }
        return Ok(Answer::json(&found));
    }
    let mut found = Value::Object(bind(SHAPE, &Map::new())?);
    for (name, part) in PARTS.iter().zip(code.split('/')) {
        found[*name] = json!(Some(part).filter(|part| !part.is_empty()));
    }
    Ok(Answer::json(&found))
}

/// What an expression finds: its first group that takes part, or the whole.
fn part(pattern: &Regex, code: &str) -> Option<String> {
    let found = pattern.captures(code)?;
    let group = found
        .iter()
        .skip(1)
        .flatten()
        .next()
        .or_else(|| found.get(0));
    group.map(|group| group.as_str().to_owned())
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("an expression has at most {MAX_PATTERN} bytes"));
    }
    let mut builder = RegexBuilder::new(pattern);
    let built = builder.size_limit(MAX_COMPILED).build();
    built.map_err(|problem| problem.to_string())
}

fn none(id: i64) -> Answer {
    not_found(format_args!("barcode identifier {id}"))
}
