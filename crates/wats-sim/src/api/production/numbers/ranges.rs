//! Ranges of numbers, how many of each are free, and making them free or deleting what is free.
//!
//! Assumed: a range is as many numbers as follow one another; statistics are one object for a type that is said and a list
//! for all; what is freed or deleted is answered as a count.

use serde_json::{Value, json};

use super::kept;
use super::kind::{self, TYPES, Type};
use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member, text};
use crate::store::{Change, State};

/// The types that a call asks about: the one it names, or all.
fn types(call: &Call<'_>) -> Result<&'static [Type], Answer> {
    match call.optional("serialNumberType") {
        Some(name) => Ok(std::slice::from_ref(kind::named(name)?)),
        None => Ok(TYPES),
    }
}

/// How many numbers there are, and how many of them are free, taken and reserved.
#[derive(Default)]
struct Counts {
    free: u64,
    taken: u64,
    reserved: u64,
}

impl Counts {
    fn add(&mut self, row: &Value) {
        if kept::is_taken(row) {
            self.taken += 1;
        } else if text(row, "reserved").is_some() {
            self.reserved += 1;
        } else {
            self.free += 1;
        }
    }

    fn put_into(&self, out: &mut Value) {
        out["total"] = json!(self.free + self.taken + self.reserved);
        out["free"] = json!(self.free);
        out["taken"] = json!(self.taken);
        out["reserved"] = json!(self.reserved);
    }
}

pub(in super::super) fn list(call: &Call<'_>) -> Handled {
    let types = types(call)?;
    let ranges = call.store.read(|state| {
        let of_type = |of: &Type| ranges(state, of);
        types.iter().flat_map(of_type).collect()
    });
    Ok(Answer::json(&ranges))
}

fn ranges(state: &State, of: &Type) -> Vec<Value> {
    let rows = kept::all(state, of);
    let follows = |(_, before): &(&str, &Value), (_, row): &(&str, &Value)| {
        of.follows(kept::number(before), kept::number(row))
    };
    let range = |rows: &[(&str, &Value)]| {
        let mut counts = Counts::default();
        for (_, row) in rows {
            counts.add(row);
        }
        let mut out = of.range();
        out["startAddress"] = json!(rows.first().map(|(_, row)| kept::number(row)));
        out["endAddress"] = json!(rows.last().map(|(_, row)| kept::number(row)));
        counts.put_into(&mut out);
        out
    };
    rows.chunk_by(follows).map(range).collect()
}

pub(in super::super) fn statistics(call: &Call<'_>) -> Handled {
    let types = types(call)?;
    let of_type = |state: &State, of: &Type| {
        let mut counts = Counts::default();
        for (_, row) in kept::all(state, of) {
            counts.add(row);
        }
        let mut out = of.range();
        counts.put_into(&mut out);
        out
    };
    let statistics = call.store.read(|state| match types {
        [one] => of_type(state, one),
        all => all.iter().map(|of| of_type(state, of)).collect(),
    });
    Ok(Answer::json(&statistics))
}

/// Makes the reserved numbers of ranges free.
pub(in super::super) fn free(call: &Call<'_>) -> Handled {
    each(call, kept::used, |change, of, key| {
        kept::release(change, of, key)
    })
}

/// Deletes the free numbers of ranges.
pub(in super::super) fn delete(call: &Call<'_>) -> Handled {
    each(call, kept::free, |change, of, key| {
        change.remove(&kept::free(of), key);
        Ok(())
    })
}

/// Does something to the numbers of a table that are in the ranges of the body, and not taken.
fn each(
    call: &Call<'_>,
    table: fn(&Type) -> String,
    work: impl Fn(&mut Change<'_>, &Type, &str) -> Result<(), Answer>,
) -> Handled {
    let mut ranges = Vec::new();
    for (place, item) in call.array()?.iter().enumerate() {
        let lacks = || {
            invalid(format!(
                "[{place}]: type, startAddress and endAddress are required"
            ))
        };
        let range = item.as_object().ok_or_else(lacks)?;
        let of = |name: &str| {
            member(range, name)
                .and_then(Value::as_str)
                .ok_or_else(lacks)
        };
        let kind = kind::named(of("type")?)?;
        ranges.push((
            kind.name,
            kind.key(of("startAddress")?)?,
            kind.key(of("endAddress")?)?,
        ));
    }
    ranges.sort_unstable();
    let mut count = 0_u64;
    call.store.change(|change| {
        for of in TYPES {
            let keys = within(change, &table(of), of, &ranges);
            count += keys.len() as u64;
            keys.iter().try_for_each(|key| work(change, of, key))?;
        }
        Ok(Answer::json(&json!(count)))
    })
}

/// The keys that are in one of the ranges, which are sorted: both are gone through once.
fn within(state: &State, table: &str, of: &Type, ranges: &[(&str, String, String)]) -> Vec<String> {
    let mut ranges = ranges
        .iter()
        .filter(|(name, ..)| *name == of.name)
        .peekable();
    // How far the ranges go that began before a key.
    let mut end: &str = "";
    let mut keys = Vec::new();
    for (key, row) in state.rows(table) {
        while let Some((_, _, last)) = ranges.next_if(|(_, first, _)| first.as_str() <= key) {
            end = end.max(last);
        }
        if key <= end && !kept::is_taken(row) {
            keys.push(key.to_owned());
        }
    }
    keys
}
