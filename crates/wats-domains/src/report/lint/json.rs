//! Linting a text: read so leniently that a member of a wrong kind is a finding and not the end.
//!
//! The model takes single values as they come, but needs objects where it has objects. So objects and lists are
//! compared with the schema first, and what is of another kind is told and taken out.

use serde_json::Value;
use wats_codec::{Format, Limits, Serializer};

use super::collect::Collector;
use super::place::Place;
use super::{Finding, Severity, parts};
use crate::error::{Error, Result};
use crate::report::Report;

/// As [`lint`](super::lint()), for a WSJF text. Members of a wrong kind are findings.
///
/// ```
/// use wats_domains::report::lint_json;
///
/// let findings = lint_json(br#"{"type": "T", "root": [], "processCode": "100"}"#)?;
/// assert_eq!(findings[0].to_string(), "report: root must be an object, not a list [R001]");
/// assert!(lint_json(b"<report/>").is_err());
/// # Ok::<(), wats_domains::Error>(())
/// ```
///
/// # Errors
/// [`Error::Codec`] when the text is not JSON or nests deeper than 128, [`Error::Data`] when it is not an object.
pub fn lint_json(wsjf: &[u8]) -> Result<Vec<Finding>> {
    let json = Serializer::new(Format::Json).with_limits(Limits::default().max_bytes(usize::MAX));
    let what = "the text is not a WSJF report";
    let mut text: Value = json
        .from_slice(wsjf)
        .map_err(|source| Error::Codec { what, source })?;
    if !text.is_object() {
        return Err(Error::Data(format!("{what}: it is no JSON object")));
    }
    let mut out = Collector::new(Severity::Advice);
    compare(&mut out, &mut text, &REPORT, &Place::REPORT);
    let report: Report =
        serde_json::from_value(text).map_err(|error| Error::Data(format!("{what}: {error}")))?;
    parts(&mut out, &report);
    Ok(out.findings)
}

/// The objects and lists of an object, by member.
struct Shape(&'static [(&'static str, Inner)]);

#[derive(Clone, Copy)]
enum Inner {
    One(&'static Shape),
    Many(&'static Shape),
    /// Single values, which the model takes as they come.
    Values,
}

use Inner::{Many, One, Values};

static REPORT: Shape = Shape(&[
    ("root", One(&STEP)),
    ("uut", One(&UUT)),
    ("uur", One(&UUR)),
    ("miscInfos", Many(&FLAT)),
    ("subUnits", Many(&SUB_UNIT)),
    ("assets", Many(&FLAT)),
    ("assetStats", Many(&FLAT)),
    ("binaryData", Many(&FLAT)),
    ("additionalData", Many(&ADDITIONAL)),
]);
static UUT: Shape = Shape(&[("refUURs", Many(&FLAT))]);
static UUR: Shape = Shape(&[("children", Values)]);
static SUB_UNIT: Shape = Shape(&[("failures", Many(&FAILURE))]);
static FAILURE: Shape = Shape(&[("attachments", Many(&FLAT))]);
static STEP: Shape = Shape(&[
    ("steps", Many(&STEP)),
    ("loop", One(&FLAT)),
    ("numericMeas", Many(&FLAT)),
    ("stringMeas", Many(&FLAT)),
    ("booleanMeas", Many(&FLAT)),
    ("additionalResults", Many(&ADDITIONAL)),
    ("seqCall", One(&FLAT)),
    ("callExe", One(&FLAT)),
    ("messagePopup", One(&FLAT)),
    ("chart", One(&CHART)),
    ("attachment", One(&FLAT)),
]);
static CHART: Shape = Shape(&[("series", Many(&FLAT))]);
static ADDITIONAL: Shape = Shape(&[("props", Many(&PROPERTY))]);
static PROPERTY: Shape = Shape(&[("props", Many(&PROPERTY)), ("array", One(&ARRAY))]);
static ARRAY: Shape = Shape(&[("indexes", Many(&INDEX))]);
static INDEX: Shape = Shape(&[("indexes", Values), ("value", One(&PROPERTY))]);
static FLAT: Shape = Shape(&[]);

/// The parser bounds how deep texts nest, so the recursion is bounded.
fn compare(out: &mut Collector, object: &mut Value, shape: &Shape, place: &Place<'_>) {
    for (name, inner) in shape.0 {
        let Some(value) = object.get_mut(*name).filter(|value| !value.is_null()) else {
            continue;
        };
        match inner {
            One(shape) if value.is_object() => compare(out, value, shape, &inside(place, name)),
            One(_) => wrong(out, value, place, name, "an object"),
            Many(shape) => match value {
                Value::Array(items) => {
                    for (index, item) in items.iter_mut().enumerate() {
                        if item.is_object() {
                            compare(out, item, shape, &place.item(name, index, None));
                        } else {
                            wrong(out, item, place, name, "a list of objects");
                        }
                    }
                    items.retain(|item| !item.is_null());
                }
                _ => wrong(out, value, place, name, "a list of objects"),
            },
            Values if value.is_array() => {}
            Values => wrong(out, value, place, name, "a list"),
        }
    }
}

/// The root's path begins with itself, as it does everywhere.
fn inside<'a>(place: &'a Place<'a>, name: &'a str) -> Place<'a> {
    if name == "root" {
        Place::ROOT
    } else {
        place.part(name)
    }
}

fn wrong(out: &mut Collector, value: &mut Value, place: &Place<'_>, name: &str, kind: &str) {
    out.wrong_kind(place, name, kind, value);
    *value = Value::Null;
}
