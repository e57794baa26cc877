//! Reservations, as the server's own client keeps a pool of them.
//!
//! It posts its pool, and keeps what is answered instead: the attributes of the request as they came, and the numbers it has
//! reserved. Numbers of the pool that it has taken meanwhile are taken then. With a size of 0 it gives back what is left.
//! Assumed: numbers of the pool that are not reserved are dropped from it.

use serde_json::{Map, Value, json};

use super::calls::{at_least_one, taker, type_of};
use super::file::{self, Format};
use super::kept::{self, Taker, Wanted};
use super::kind::{self, Type};
use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member};
use crate::query::bad;
use crate::store::Change;

/// Whether numbers are to be taken at once.
fn is_take(request_type: &str) -> Result<bool, Answer> {
    match request_type {
        take if take.eq_ignore_ascii_case("Take") => Ok(true),
        reserve if reserve.eq_ignore_ascii_case("Reserve") => Ok(false),
        other => Err(bad(format!(
            "The requestType '{other}' is neither Take nor Reserve."
        ))),
    }
}

/// By query: a file, as from `Take`.
pub(in super::super) fn get(call: &Call<'_>) -> Handled {
    let of = type_of(call)?;
    let is_take = is_take(call.required("requestType")?)?;
    let wanted = Wanted {
        quantity: at_least_one(call.required_number("batchSize")?)?,
        only_in_sequence: call.query.switch("onlyInSequence")?.unwrap_or(false),
        from: None,
    };
    let format = Format::parse(call.required("format")?)?;
    let taker = taker(call);
    call.store.change(|change| {
        let rows = kept::give(change, of, &wanted, &taker, is_take)?;
        file::answer(format, of, &rows)
    })
}

pub(in super::super) fn post(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let pool = member(&body, "sn").and_then(Value::as_object);
    let pool = pool.ok_or_else(|| invalid("sn is required"))?;
    let text = |name: &str| member(pool, name).and_then(Value::as_str);
    let required = |name: &str| text(name).ok_or_else(|| invalid(format!("sn.{name} is required")));
    let of = kind::named(required("serialNumberType")?)?;
    let is_take = is_take(required("requestType")?)?;
    let size = member(pool, "batchSize").and_then(Value::as_u64);
    let size = size.ok_or_else(|| invalid("sn.batchSize must be a number that is not negative"))?;
    let from = text("fromSerialNumber").filter(|from| !from.is_empty());
    let wanted = Wanted {
        quantity: usize::try_from(size).unwrap_or(usize::MAX),
        only_in_sequence: member(pool, "onlyInSequence").and_then(Value::as_bool) == Some(true),
        from: from.map(|from| of.key(from)).transpose()?,
    };
    let taker = taker_of(pool);
    let items = member(pool, "SN").and_then(Value::as_array);
    let rows = call.store.change(|change| {
        let mut rows = Vec::new();
        for item in items.into_iter().flatten().filter_map(Value::as_object) {
            rows.extend(settle(change, of, item, size == 0, &taker)?);
        }
        if size > 0 {
            rows.extend(kept::give(change, of, &wanted, &taker, is_take)?);
        }
        Ok(rows)
    })?;
    let xml = file::xml(&attributes(pool), &rows)?;
    Ok(Answer::json(&json!({ "sn": xml })))
}

fn taker_of(object: &Map<String, Value>) -> Taker {
    let of = |name: &str| {
        let text = member(object, name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Taker {
        serial_number: of("refSN"),
        part_number: of("refPN"),
        station: of("stationName").or_else(|| of("refStn")),
    }
}

/// What becomes of a number of the pool; it is answered if it stays reserved.
fn settle(
    change: &mut Change<'_>,
    of: &Type,
    item: &Map<String, Value>,
    is_end: bool,
    pool: &Taker,
) -> Result<Option<Value>, Answer> {
    let id = member(item, "id").and_then(Value::as_str);
    let key = of.key(id.ok_or_else(|| invalid("a number of sn.SN has no id"))?)?;
    let table = kept::used(of);
    let Some(mut row) = change.get(&table, &key).cloned() else {
        return Ok(None);
    };
    if kept::is_taken(&row) {
        return Ok(None);
    }
    let taken = member(item, "taken").and_then(Value::as_str);
    let taken = taken.filter(|_| member(item, "takenSpecified") != Some(&Value::Bool(false)));
    if let Some(taken) = taken {
        row["taken"] = json!(taken);
        kept::assign(&mut row, pool);
        kept::assign(&mut row, &taker_of(item));
        change.put(&table, &key, row)?;
        return Ok(None);
    }
    if is_end {
        kept::release(change, of, &key)?;
        return Ok(None);
    }
    Ok(Some(row))
}

/// The values of the pool that are no list, as the request has them.
fn attributes(pool: &Map<String, Value>) -> Vec<(String, String)> {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let value = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let known = pool
        .iter()
        .filter(|(name, _)| is_name(name) && !name.ends_with("Specified") && *name != "xmlns");
    known
        .filter_map(|(name, given)| Some((name.clone(), value(given)?)))
        .collect()
}
