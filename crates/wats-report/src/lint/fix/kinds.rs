//! Values of another kind than the member's that mean one of its kind.

use serde_json::Value;

use super::{Fixer, Mend};
use crate::lint::collect::Quoted;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::wire::Number;
use crate::wire::slot::{Fields, is_other};

/// Members whose 32 bits some write without a sign.
const BITS: &[&str] = &["errorCode", "flags"];

/// Members that only somebody can name, so that a value that nobody can read stays as it is.
const NAMED: &[&str] = &["processCode", "start", "startUTC", "type"];

/// Looks at what the object keeps because its fields cannot. What tells units apart is not guessed from a fraction, which
/// may have lost digits.
pub(super) fn mend(
    fixer: &mut Fixer<'_>,
    model: &mut dyn Fields,
    place: &Place<'_>,
    identity: &[&str],
) {
    let (may_read, may_leave_out) = (fixer.may(Mend::Kinds), fixer.may(Mend::Unreadable));
    if model.extra().is_empty() || !(may_read || may_leave_out) {
        return;
    }
    let odd: Vec<(&'static str, &'static str, Value)> = model
        .members()
        .iter()
        .filter_map(|(name, kind)| {
            let value = model.extra().get(name).filter(|value| !value.is_null())?;
            let is_set = !is_other(model, name);
            (!is_set).then(|| (*name, *kind, value.clone()))
        })
        .collect();
    for (name, kind, value) in odd {
        if may_read && read(fixer, model, (name, kind), &value, place, identity) {
            continue;
        }
        let is_kept = identity.contains(&name) || NAMED.contains(&name) || kind == "a UUID";
        let is_one = !value.is_array() && !value.is_object();
        if may_leave_out && is_one && !is_kept && !has_meaning(name, kind, &value) {
            model.extra_mut().remove(name);
            fixer.did(
                rules::WRONG_KIND,
                place,
                format_args!(
                    "{name} was {}, which is not {kind}; it is free data of the report now",
                    Quoted(&value.to_string())
                ),
            );
            fixer.keep_unreadable(place, name, &value);
        }
    }
}

/// Whether the value means one of the member's kind, which it is then.
fn read(
    fixer: &mut Fixer<'_>,
    model: &mut dyn Fields,
    (name, kind): (&'static str, &'static str),
    value: &Value,
    place: &Place<'_>,
    identity: &[&str],
) -> bool {
    if value == "" {
        model.extra_mut().remove(name);
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!("{name} was an empty text, and was left out"),
        );
        return true;
    }
    let place_of = model.place(name);
    let Some(slot) = place_of.and_then(|at| model.at_mut(at)) else {
        return false;
    };
    let done = match kind {
        "true or false" => truth(value).is_some_and(|value| slot.bool(value)),
        "a whole number of 32 bits" => {
            whole(value, BITS.contains(&name)).is_some_and(|value| slot.signed(value))
        }
        "a text" => match value {
            Value::Number(number) if !number.is_f64() || !identity.contains(&name) => {
                slot.text(&number.to_string())
            }
            _ => false,
        },
        _ => false,
    };
    if done {
        model.extra_mut().remove(name);
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!(
                "{name} was {}; it is {kind} now",
                Quoted(&value.to_string())
            ),
        );
    }
    done
}

/// Whether [`Mend::Kinds`] could read the value.
fn has_meaning(name: &str, kind: &str, value: &Value) -> bool {
    match kind {
        _ if value == "" => true,
        "true or false" => truth(value).is_some(),
        // Of misc info it becomes the text.
        _ if name == "numeric" && value.is_number() => true,
        "a whole number of 32 bits" => {
            whole(value, BITS.contains(&name)).is_some_and(|number| i32::try_from(number).is_ok())
        }
        "a text" => value.is_number(),
        _ => false,
    }
}

/// A number that was written as a text is one.
pub(super) fn number(
    fixer: &mut Fixer<'_>,
    number: &mut Option<Number>,
    name: &str,
    place: &Place<'_>,
) {
    if fixer.may(Mend::Kinds)
        && let Some(plain) = number.as_ref().and_then(Number::without_text)
    {
        *number = Some(plain);
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!("{name} was a text; it is a number now"),
        );
    }
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Number(number) => match number.as_f64()? {
            0.0 => Some(false),
            1.0 => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "false" | "0" => Some(false),
            "true" | "1" => Some(true),
            _ => None,
        },
        _ => None,
    }
}

fn whole(value: &Value, bits: bool) -> Option<i64> {
    let read = match value {
        Value::Number(number) => number.as_i64().or_else(|| exact(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| exact(text.parse().ok()?))
        }
        _ => None,
    }?;
    match u32::try_from(read) {
        Ok(unsigned) if bits => Some(unsigned.cast_signed().into()),
        _ => Some(read),
    }
}

fn exact(number: f64) -> Option<i64> {
    let fits = number.fract() == 0.0 && number.abs() < 1e15;
    fits.then_some(number as i64)
}
