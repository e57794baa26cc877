//! Arguments that are no texts: counts, lists, times and ids that the server would refuse, or take for something else. Each
//! mistake names the argument. Texts are looked at in `scanned`.

use std::fmt::Display;

use uuid::Uuid;
use wats_report::wire::Number;

use crate::error::{Error, Result};

/// A count of at least one; the server reads 32 bits.
pub(crate) fn count(name: &str, count: u32) -> Result<i32> {
    match size(name, count)? {
        0 => Err(Error::Query(format!("`{name}` is 0; it is 1 or more"))),
        count => Ok(count),
    }
}

/// A number of which zero has a meaning; the server reads 32 bits.
pub(crate) fn size(name: &str, size: u32) -> Result<i32> {
    i32::try_from(size).map_err(|_| {
        Error::Query(format!(
            "`{name}` is {size}; it goes up to {}, which is what the server reads",
            i32::MAX
        ))
    })
}

/// A number from one on, such as one that the server has given to something.
pub(crate) fn given(name: &str, number: i32) -> Result<i32> {
    if number < 1 {
        return Err(Error::Query(format!(
            "`{name}` is {number}; it is 1 or more"
        )));
    }
    Ok(number)
}

/// The end of a range, which does not lie before its beginning, if there is one.
pub(crate) fn at_least<T: PartialOrd + Display>(
    name: &str,
    end: &T,
    (first_name, first): (&str, Option<&T>),
) -> Result<()> {
    match first {
        Some(first) if end < first => Err(Error::Query(format!(
            "`{name}` is {end}, which is before `{first_name}`, {first}"
        ))),
        _ => Ok(()),
    }
}

/// A number that is one; the server would read another as a text, or clear what it has.
pub(crate) fn finite(name: &str, number: Option<&Number>) -> Result<()> {
    match number.map(Number::value) {
        Some(value) if !value.is_finite() => Err(Error::Query(format!(
            "`{name}` is {value}, which is no number that can be kept"
        ))),
        _ => Ok(()),
    }
}

/// The id of what the server has: it is there, and not all zeros.
pub(crate) fn id(name: &str, id: Option<Uuid>) -> Result<Uuid> {
    match id {
        None => Err(Error::Query(format!(
            "`{name}` is missing; the server gives it when it is saved first"
        ))),
        Some(id) if id.is_nil() => Err(Error::Query(format!(
            "`{name}` is all zeros, which is the id of nothing"
        ))),
        Some(id) => Ok(id),
    }
}

/// A list that has something in it; servers take one without for all there is, or for a mistake.
pub(crate) fn some<'a, T>(name: &str, list: &'a [T]) -> Result<&'a [T]> {
    if list.is_empty() {
        return Err(Error::Query(format!(
            "`{name}` is empty, which servers take for all of them or for a mistake"
        )));
    }
    Ok(list)
}

/// Ids, of which there are some, and none of nothing.
pub(crate) fn ids<'a>(name: &str, ids: &'a [Uuid]) -> Result<&'a [Uuid]> {
    if let Some(place) = ids.iter().position(Uuid::is_nil) {
        return Err(Error::Query(format!(
            "`{name}` has in place {place} an id that is all zeros, which is that of nothing"
        )));
    }
    some(name, ids)
}

/// As [`ids`], as one text in the query of a call.
pub(crate) fn joined_ids(name: &str, list: &[Uuid]) -> Result<String> {
    let texts: Vec<_> = ids(name, list)?.iter().map(Uuid::to_string).collect();
    Ok(texts.join(","))
}

/// Whether a parameter of a call is an id that is all zeros: the caller has forgotten to fill it in.
pub(crate) fn is_nil(name: &str, value: &str) -> bool {
    const NIL: &str = "00000000-0000-0000-0000-000000000000";
    value.len() == NIL.len() && value == NIL && (name.ends_with("Id") || name == "id")
}
