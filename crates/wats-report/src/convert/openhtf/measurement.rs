//! What a phase measured: numbers, texts, points and the like, with their limits.

use serde_json::{Map, Value};

use super::super::{Defaults, comment_of, cut};
use super::{scalar, text_of};
use crate::builder::Sequence;
use crate::model::Axis;
use crate::{Attachment, Chart, ChartType, MeasurementLimits, StringLimit, Tolerance};

pub(super) fn measurement(
    inside: &mut Sequence,
    name: &str,
    one: &Map<String, Value>,
    phase: &str,
    defaults: &Defaults,
) {
    let passed = text_of(one, "outcome") == "PASS";
    let validators: Vec<&str> = one
        .get("validators")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut comment = comment_of(text_of(one, "docstring"));
    let mut add = |text: &str| {
        let line = if comment.is_empty() { "" } else { "\n" };
        comment = comment_of(&format!("{comment}{line}{text}"));
    };
    let unit = one.get("units").map(unit).unwrap_or_default();
    let limits = match validators.as_slice() {
        [one] => limits(one),
        _ => None,
    };
    let value = one.get("measured_value");
    let is_meant = limits.is_some() || !unit.is_empty();
    if let Some(value) = value.and_then(|value| number_of(value, is_meant)) {
        if limits.is_none() && !validators.is_empty() {
            add(&validators.join("\n"));
        }
        let limits = limits.unwrap_or_else(MeasurementLimits::log);
        let step = inside.numeric(name, value, defaults.unit(&unit), limits);
        let step = step.overrule(passed);
        if !comment.is_empty() {
            step.comment(comment);
        }
        return;
    }
    match value {
        Some(Value::Bool(value)) => {
            add(&validators.join("\n"));
            add(&format!("measured: {value}"));
            inside.boolean(name, passed).comment(comment);
        }
        Some(Value::Array(points)) if points_of(points).is_some() => {
            let chart = Chart::new(ChartType::Line, cut(name, 50))
                .x(Axis {
                    label: "x",
                    unit: &dimension(one),
                })
                .y(Axis {
                    label: "y",
                    unit: &cut(&unit, 20),
                })
                .line("measured", points_of(points).unwrap_or_default());
            add(&validators.join("\n"));
            let step = inside.boolean(name, passed).chart(chart);
            if !comment.is_empty() {
                step.comment(comment);
            }
        }
        None | Some(Value::Null) => {
            add(&validators.join("\n"));
            // What was not measured fails its phase, unless it was left out on purpose or the phase broke off.
            let is_left_out = match text_of(one, "outcome") {
                "SKIPPED" => true,
                "UNSET" => phase != "FAIL",
                _ => false,
            };
            add(if passed {
                "measured: null"
            } else {
                "not measured"
            });
            if is_left_out {
                inside.skipped(name).comment(comment);
            } else {
                inside.boolean(name, passed).comment(comment);
            }
        }
        Some(other) => {
            let value = scalar(other).unwrap_or_else(|| other.to_string());
            let fits =
                |text: &String| text.chars().count() <= 100 && !text.chars().any(char::is_control);
            let limit = match validators.as_slice() {
                [one] => literal(one).filter(fits),
                _ => None,
            };
            if limit.is_none() && !validators.is_empty() {
                add(&validators.join("\n"));
            }
            let limit = limit.map_or_else(StringLimit::log, StringLimit::equals);
            let mut step = inside
                .string(name, cut(&value, 100), limit)
                .overrule(passed);
            let length = value.chars().count();
            if (101..MOST_COMMENT).contains(&length) {
                add(&value);
            }
            if !comment.is_empty() {
                step = step.comment(comment);
            }
            if length >= MOST_COMMENT {
                step.attachment(whole(name, other, value));
            }
        }
    }
}

/// Characters of a value that a comment takes, at most; a longer one is a file.
const MOST_COMMENT: usize = 4_000;

/// A value as a file.
fn whole(name: &str, value: &Value, text: String) -> Attachment {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(plain).take(90).collect();
    let (ending, content_type) = if value.is_string() {
        ("txt", "text/plain")
    } else {
        ("json", "application/json")
    };
    Attachment::new(format!("{name}.{ending}"), text.into_bytes()).content_type(content_type)
}

/// A number, or the word for one that JSON does not have, where a number is meant.
fn number_of(value: &Value, is_meant: bool) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) if is_meant => match text.as_str() {
            "nan" | "NaN" => Some(f64::NAN),
            "inf" | "Infinity" => Some(f64::INFINITY),
            "-inf" | "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// The points of a measurement of one dimension, a bounded number of them.
fn points_of(points: &[Value]) -> Option<Vec<(f64, f64)>> {
    const MOST: usize = 10_000;
    let point = |point: &Value| match point.as_array()?.as_slice() {
        [x, y] => Some((x.as_f64()?, y.as_f64()?)),
        _ => None,
    };
    (!points.is_empty() && points.len() <= MOST)
        .then(|| points.iter().map(point).collect())
        .flatten()
}

/// The unit of the first dimension.
fn dimension(one: &Map<String, Value>) -> String {
    let dimensions = one.get("dimensions").and_then(Value::as_array);
    let first = dimensions.and_then(|all| all.first());
    cut(&first.map(unit).unwrap_or_default(), 20)
}

/// The sign of a unit, or else its name.
fn unit(unit: &Value) -> String {
    if let Some(text) = unit.as_str() {
        return text.to_owned();
    }
    ["suffix", "code", "name"]
        .into_iter()
        .filter_map(|name| unit.get(name)?.as_str())
        .find(|text| !text.trim().is_empty() && *text != "None")
        .unwrap_or_default()
        .to_owned()
}

/// The limits of a range in the words of the validator: `1 <= x <= 2`, `x <= 2`, `x == 1`.
fn limits(validator: &str) -> Option<MeasurementLimits> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    if let Some(value) = validator.strip_prefix("x == ") {
        return number(value).map(MeasurementLimits::equals);
    }
    let parts: Vec<&str> = validator
        .split(" <= ")
        .filter(|part| !part.starts_with("Marginal:"))
        .collect();
    match parts.as_slice() {
        [low, "x", high] => {
            let (low, high) = (number(low)?, number(high)?);
            (low <= high).then(|| MeasurementLimits::between(low..=high))
        }
        [low, "x"] => number(low).map(MeasurementLimits::at_least),
        ["x", high] => number(high).map(MeasurementLimits::at_most),
        _ => {
            let (percent, nominal) = validator
                .strip_prefix("'x' is within ")?
                .split_once("% of ")?;
            // What may follow only warns.
            let nominal = nominal.split(" Marginal").next()?.strip_suffix('.')?;
            let percent = number(percent).filter(|percent| *percent >= 0.0)?;
            let tolerance = Tolerance::Percent(percent);
            Some(MeasurementLimits::within(number(nominal)?, tolerance))
        }
    }
}

/// The text that a validator compares with, if it compares with one.
fn literal(validator: &str) -> Option<String> {
    let quoted = validator.strip_prefix("'x' is equal to '");
    if let Some(text) = quoted.and_then(|text| text.strip_suffix('\'')) {
        return Some(text.to_owned());
    }
    let pattern = validator
        .strip_prefix("'x' matches /^")?
        .strip_suffix("$/")?;
    // Characters that mean something in patterns mean themselves behind a backslash.
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(rest.next().filter(|c| !c.is_alphanumeric())?),
            '.' | '^' | '$' | '*' | '+' | '?' | '{' | '}' | '[' | ']' | '|' | '(' | ')' => {
                return None;
            }
            other => text.push(other),
        }
    }
    Some(text)
}
