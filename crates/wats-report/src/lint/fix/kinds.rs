//! Values of another kind than the member's that mean one of its kind.

use serde_json::Value;

use super::{Fixer, Mend, shapes};
use crate::lint::collect::Quoted;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::wire::Number;
use crate::wire::slot::{Fields, is_other};

/// Members whose 32 bits some write without a sign.
const BITS: &[&str] = &["errorCode", "flags"];

/// Members of the report that only somebody can name, so that a value that nobody can read stays as it is.
const NAMED: &[&str] = &["processCode", "start", "startUTC", "type", "root"];

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
    let is_report = model.field("root").is_some();
    for (name, kind, value) in odd {
        if may_read
            && (read(fixer, model, (name, kind), &value, place, identity)
                || shapes::mend(fixer, model, (name, kind), &value, place))
        {
            continue;
        }
        let is_kept =
            identity.contains(&name) || (is_report && NAMED.contains(&name)) || is_id(name, kind);
        if may_leave_out && !is_kept && !has_meaning(name, kind, &value) {
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

/// That of the report, which tells it from all others.
fn is_id(name: &str, kind: &str) -> bool {
    name == "id" && kind == "a UUID"
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
        "a number" => decimal_comma(value).is_some_and(|digits| slot.digits(&digits)),
        "a text" => match value {
            Value::Number(number) if !number.is_f64() || !identity.contains(&name) => {
                slot.text(&number.to_string())
            }
            Value::Bool(truth) if !identity.contains(&name) => slot.text(&truth.to_string()),
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

/// Whether [`Mend::Kinds`] could read the value, or a part of it.
fn has_meaning(name: &str, kind: &str, value: &Value) -> bool {
    match kind {
        _ if value == "" => true,
        _ if shapes::has_meaning(name, kind, value) => true,
        "true or false" => truth(value).is_some(),
        // Of misc info it becomes the text.
        _ if name == "numeric" && !(value.is_array() || value.is_object()) => true,
        "a whole number of 32 bits" => {
            whole(value, BITS.contains(&name)).is_some_and(|number| i32::try_from(number).is_ok())
        }
        "a number" => decimal_comma(value).is_some(),
        "a text" => value.is_number() || value.is_boolean(),
        _ => false,
    }
}

/// The digits of a number with a decimal comma. A single comma before three digits may stand for thousands, unless a zero
/// is all that is before it.
fn decimal_comma(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let (whole, fraction) = text.split_once(',')?;
    let digits = whole.trim_start_matches(['-', '+']);
    let decimals = fraction.split(['e', 'E']).next().unwrap_or_default();
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_decimal = decimals.len() != 3 || digits == "0";
    let plain = format!("{whole}.{fraction}");
    let is_number = plain.parse::<f64>().is_ok_and(f64::is_finite);
    (is_plain(digits) && is_plain(decimals) && is_decimal && is_number).then_some(plain)
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
            "false" | "0" | "no" => Some(false),
            "true" | "1" | "yes" => Some(true),
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
