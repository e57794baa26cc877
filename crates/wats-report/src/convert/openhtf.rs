//! OpenHTF: the test records that `openhtf.output.callbacks.json_factory.OutputToJSON` writes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Defaults, Header, comment_of, cut, finished, info, name_of};
use crate::builder::{Outcome, Sequence};
use crate::error::{Error, Result};
use crate::model::Axis;
use crate::{Attachment, Chart, ChartType, MeasurementLimits, Payload, Report, StringLimit};

/// The report of an OpenHTF test record (JSON).
///
/// Each phase is a sequence with a step for each of its measurements and attachments.
///
/// # Errors
/// [`Error::Data`] when the text is no test record, [`Error::Report`] when the server would not take the report, with
/// what is wrong with it.
pub fn openhtf(text: &[u8], defaults: &Defaults) -> Result<Report> {
    let wrong = |why: &dyn std::fmt::Display| {
        Error::Data(format!("the text is no OpenHTF test record: {why}"))
    };
    let record: Value =
        serde_json::from_slice(crate::text::without_mark(text)).map_err(|why| wrong(&why))?;
    let Value::Object(record) = record else {
        return Err(wrong(&"it is no object"));
    };
    let Some(phases) = record.get("phases").and_then(Value::as_array) else {
        return Err(wrong(&"it has no `phases`"));
    };
    let mut header = Header {
        serial_number: text_of(&record, "dut_id").trim().to_owned(),
        station: text_of(&record, "station_id").trim().to_owned(),
        start: moment(&record, "start_time_millis").map(|at| defaults.moment(at)),
        ..Header::default()
    };
    let mut infos = Vec::new();
    let (mut software, mut version) = (String::new(), String::new());
    for (name, value) in record
        .get("metadata")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let Some(value) = scalar(value) else {
            continue;
        };
        match name.as_str() {
            "test_name" => software = cut(&value, 500),
            "test_version" => version = cut(&value, 30),
            other if header.take(other, value.trim()) => {}
            other => infos.push((other.to_owned(), value)),
        }
    }
    let mut report = header.builder(defaults, text);
    for (name, value) in infos {
        report = info(report, &name, &value);
    }
    if !software.is_empty() {
        report = report.software(software);
    }
    if !version.is_empty() {
        report = report.software_version(version);
    }
    if let Some(time) = duration(&record) {
        report = report.execution_time(time);
    }
    let details = details(&record);
    if !details.is_empty() {
        report = report
            .error(0, cut(&details, 200))
            .comment(comment_of(&details));
    }
    if let Some(outcome) = outcome(text_of(&record, "outcome")) {
        report = report.outcome(outcome);
    }
    report = report.steps(|root| {
        for phase in phases.iter().filter_map(Value::as_object) {
            self::phase(root, phase, defaults);
        }
    });
    finished(report)
}

fn phase(root: &mut Sequence, phase: &Map<String, Value>, defaults: &Defaults) {
    let name = name_of(text_of(phase, "name"));
    let said = text_of(phase, "outcome");
    if said == "SKIP" {
        root.skipped(name);
        return;
    }
    let none = Map::new();
    let of = |name: &str| phase.get(name).and_then(Value::as_object).unwrap_or(&none);
    let (measurements, files) = (of("measurements"), of("attachments"));
    let mut step = root.sequence(name, |inside| {
        for (name, one) in measurements {
            if let Value::Object(one) = one {
                measurement(inside, &name_of(name), one, defaults);
            }
        }
        for (name, file) in files {
            attachment(inside, &name_of(name), file);
        }
        if measurements.is_empty() && files.is_empty() {
            inside.boolean("Outcome", matches!(said, "PASS" | ""));
        }
    });
    if let Some(outcome) = outcome(said) {
        step = step.outcome(outcome);
    }
    if let Some(at) = moment(phase, "start_time_millis") {
        step = step.start(&defaults.moment(at));
    }
    if let Some(time) = duration(phase) {
        step.duration(time);
    }
}

fn measurement(inside: &mut Sequence, name: &str, one: &Map<String, Value>, defaults: &Defaults) {
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
    match one.get("measured_value") {
        Some(Value::Number(number)) => {
            let limits = match validators.as_slice() {
                [one] => limits(one),
                _ => None,
            };
            if limits.is_none() && !validators.is_empty() {
                add(&validators.join("\n"));
            }
            let value = number.as_f64().unwrap_or(f64::NAN);
            let limits = limits.unwrap_or_else(MeasurementLimits::log);
            let step = inside.numeric(name, value, defaults.unit(&unit), limits);
            let step = step.overrule(passed);
            if !comment.is_empty() {
                step.comment(comment);
            }
        }
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
            add("not measured");
            inside.boolean(name, passed).comment(comment);
        }
        Some(other) => {
            let value = scalar(other).unwrap_or_else(|| other.to_string());
            let limit = match validators.as_slice() {
                [one] => literal(one),
                _ => None,
            };
            if limit.is_none() && !validators.is_empty() {
                add(&validators.join("\n"));
            }
            let limit = limit.map_or_else(StringLimit::log, StringLimit::equals);
            let step = inside
                .string(name, cut(&value, 100), limit)
                .overrule(passed);
            if value.chars().count() > 100 {
                add(&value);
            }
            if !comment.is_empty() {
                step.comment(comment);
            }
        }
    }
}

/// The contents of a file, if they are in the record.
fn attachment(inside: &mut Sequence, name: &str, file: &Value) {
    let data = file.get("data").and_then(Value::as_str).unwrap_or_default();
    let data: String = data.split_ascii_whitespace().collect();
    let payload = Payload::from_base64(&data);
    if data.is_empty() || payload.to_bytes().is_err() {
        let text = "its contents are not in the record";
        inside.action(name).comment(text);
        return;
    }
    let mut file_type = file
        .get("mimetype")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if file_type.is_empty() {
        file_type = "application/octet-stream";
    }
    let attachment = Attachment::new(name, payload).content_type(cut(file_type, 100));
    inside.attachment(name, attachment);
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
        _ => None,
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
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ');
    pattern.chars().all(plain).then(|| pattern.to_owned())
}

fn outcome(text: &str) -> Option<Outcome> {
    Some(match text {
        "PASS" => Outcome::Passed,
        "FAIL" => Outcome::Failed,
        "ERROR" => Outcome::Error,
        "TIMEOUT" | "ABORTED" => Outcome::Terminated,
        _ => return None,
    })
}

/// What the record says of its outcome.
fn details(record: &Map<String, Value>) -> String {
    let all = record.get("outcome_details").and_then(Value::as_array);
    let lines: Vec<String> = all
        .into_iter()
        .flatten()
        .map(|detail| {
            let of = |name: &str| detail.get(name).and_then(scalar).unwrap_or_default();
            format!("{}: {}", of("code"), of("description"))
        })
        .collect();
    lines.join("\n")
}

fn text_of<'a>(record: &'a Map<String, Value>, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A text, number or truth as a text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn millis(record: &Map<String, Value>, name: &str) -> Option<i64> {
    let value = record.get(name)?;
    let real = value.as_f64().filter(|real| real.abs() < 1e15);
    value.as_i64().or_else(|| real.map(|real| real as i64))
}

fn moment(record: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis(record, name)?).ok()
}

fn duration(record: &Map<String, Value>) -> Option<Duration> {
    let end = millis(record, "end_time_millis")?;
    let took = end.checked_sub(millis(record, "start_time_millis")?)?;
    u64::try_from(took).ok().map(Duration::from_millis)
}
