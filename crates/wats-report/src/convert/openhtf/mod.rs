//! OpenHTF: the test records that `openhtf.output.callbacks.json_factory.OutputToJSON` writes.
//!
//! Here are record, phases and attachments; `measurement` has what a phase measured.

mod measurement;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Defaults, Header, comment_of, cut, finished, info, name_of};
use crate::builder::{Outcome, Sequence};
use crate::error::{Error, Result};
use crate::{Attachment, Payload, Report};
use measurement::measurement;

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
    let text = crate::text::without_mark(text);
    let record = serde_json::from_slice(text).or_else(|why| {
        // Python writes numbers that JSON does not have, where it is told to.
        let quoted = quoted(text).ok_or(why)?;
        serde_json::from_slice(&quoted)
    });
    let Value::Object(record) = record.map_err(|why| wrong(&why))? else {
        return Err(wrong(&"it is no object"));
    };
    let Some(phases) = record.get("phases").and_then(Value::as_array) else {
        return Err(wrong(&"it has no `phases`"));
    };
    let mut header = Header {
        serial_number: scalar_of(&record, "dut_id").trim().to_owned(),
        station: scalar_of(&record, "station_id").trim().to_owned(),
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
        report = report.error(0, cut(&details, 200));
    }
    let comment = comment_of(&format!("{details}\n{}", diagnoses(&record)));
    if !comment.is_empty() {
        report = report.comment(comment);
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
                measurement(inside, &name_of(name), one, said, defaults);
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
    if let Some(error) = raised(phase) {
        step = step.error(0, cut(&error, 200)).comment(comment_of(&error));
    }
    if let Some(at) = moment(phase, "start_time_millis") {
        step = step.start(&defaults.moment(at));
    }
    if let Some(time) = duration(phase) {
        step.duration(time);
    }
}

/// The text with `NaN` and the infinities as texts, if there are any outside of texts.
fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
    let mut quoted = Vec::with_capacity(text.len() + 64);
    let (mut rest, mut is_text, mut found) = (text, false, false);
    while let [byte, after @ ..] = rest {
        let word = WORDS.iter().find(|word| !is_text && rest.starts_with(word));
        if let Some(word) = word {
            quoted.push(b'"');
            quoted.extend_from_slice(word);
            quoted.push(b'"');
            found = true;
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        quoted.push(*byte);
        rest = after;
        match (byte, after) {
            (b'"', _) => is_text = !is_text,
            (b'\\', [escaped, after @ ..]) if is_text => {
                quoted.push(*escaped);
                rest = after;
            }
            _ => {}
        }
    }
    found.then_some(quoted)
}

/// What a phase raised: the type of the exception, and what it says.
fn raised(phase: &Map<String, Value>) -> Option<String> {
    let raised = phase.get("result")?.get("phase_result")?.as_object()?;
    let kind = text_of(raised, "exc_type");
    let kind = kind.strip_prefix("<class '").unwrap_or(kind);
    let kind = kind.strip_suffix("'>").unwrap_or(kind);
    let says = scalar_of(raised, "exc_val");
    Some(if says.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}: {says}")
    })
}

/// What was found to be the matter.
fn diagnoses(record: &Map<String, Value>) -> String {
    let all = record.get("diagnoses").and_then(Value::as_array);
    let lines: Vec<String> = all
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|one| {
            let (result, says) = (scalar_of(one, "result"), scalar_of(one, "description"));
            format!("diagnosis {result}: {says}")
        })
        .collect();
    lines.join("\n")
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

fn scalar_of(record: &Map<String, Value>, name: &str) -> String {
    record.get(name).and_then(scalar).unwrap_or_default()
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
