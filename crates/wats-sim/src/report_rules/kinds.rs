//! The kind of every member, as the server's interface description has it; members it does not name are ignored.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Findings;

/// The members of an object.
type Shape = &'static [(&'static str, Kind)];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Time,
    Guid,
    Whole,
    Real,
    Flag,
    Object(&'static Shape),
    List(&'static Shape),
    /// A list of single values.
    Values,
}

use Kind::{Flag, Guid, List, Object, Real, Text, Time, Values, Whole};

static REPORT: Shape = &[
    ("type", Text),
    ("id", Guid),
    ("pn", Text),
    ("sn", Text),
    ("rev", Text),
    ("productName", Text),
    ("processCode", Whole),
    ("processName", Text),
    ("result", Text),
    ("machineName", Text),
    ("location", Text),
    ("purpose", Text),
    ("origin", Text),
    ("start", Time),
    ("startUTC", Time),
    ("root", Object(&STEP)),
    ("uut", Object(&UUT)),
    ("uur", Object(&UUR)),
    ("miscInfos", List(&MISC_INFO)),
    ("subUnits", List(&SUB_UNIT)),
    ("assets", List(&ASSET)),
    ("assetStats", List(&ASSET_STATS)),
    ("binaryData", List(&BINARY_DATA)),
    ("additionalData", List(&ADDITIONAL_DATA)),
];
static STEP: Shape = &[
    ("id", Whole),
    ("group", Text),
    ("stepType", Text),
    ("interactiveExeNum", Whole),
    ("loop", Object(&LOOP_INFO)),
    ("name", Text),
    ("start", Time),
    ("status", Text),
    ("errorCode", Whole),
    ("errorMessage", Text),
    ("tsGuid", Text),
    ("totTime", Real),
    ("causedSeqFailure", Flag),
    ("causedUUTFailure", Flag),
    ("reportText", Text),
    ("steps", List(&STEP)),
    ("numericMeas", List(&NUMERIC_MEASUREMENT)),
    ("stringMeas", List(&STRING_MEASUREMENT)),
    ("booleanMeas", List(&BOOLEAN_MEASUREMENT)),
    ("additionalResults", List(&ADDITIONAL_DATA)),
    ("seqCall", Object(&SEQUENCE_CALL)),
    ("callExe", Object(&CALL_EXE)),
    ("messagePopup", Object(&MESSAGE_POPUP)),
    ("chart", Object(&CHART)),
    ("attachment", Object(&ATTACHMENT)),
];
static UUT: Shape = &[
    ("execTime", Real),
    ("testSocketIndex", Whole),
    ("batchSN", Text),
    ("comment", Text),
    ("errorCode", Whole),
    ("errorMessage", Text),
    ("fixtureId", Text),
    ("user", Text),
    ("batchFailCount", Whole),
    ("batchLoopIndex", Whole),
    ("stepIdCausedUUTFailure", Whole),
    ("refUURs", List(&REFERENCED_BY_UUR)),
];
static UUR: Shape = &[
    ("comment", Text),
    ("user", Text),
    ("processCode", Whole),
    ("processName", Text),
    ("refUUT", Guid),
    ("confirmDate", Time),
    ("finalizeDate", Time),
    ("execTime", Real),
    ("parent", Guid),
    ("children", Values),
];
static MISC_INFO: Shape = &[
    ("description", Text),
    ("typedef", Text),
    ("text", Text),
    ("numeric", Whole),
    ("id", Guid),
];
static SUB_UNIT: Shape = &[
    ("partType", Text),
    ("pn", Text),
    ("rev", Text),
    ("sn", Text),
    ("idx", Whole),
    ("parentIdx", Whole),
    ("position", Whole),
    ("replacedIdx", Whole),
    ("failures", List(&FAILURE)),
];
static ASSET: Shape = &[("assetSN", Text), ("usageCount", Whole)];
static ASSET_STATS: Shape = &[
    ("assetSN", Text),
    ("runningCount", Whole),
    ("runningCountExceeded", Whole),
    ("totalCount", Whole),
    ("totalCountExceeded", Whole),
    ("daysSinceCalibration", Real),
    ("isDaysSinceCalibrationUnknown", Flag),
    ("calibrationDaysOverdue", Real),
    ("daysSinceMaintenance", Real),
    ("isDaysSinceMaintenanceUnknown", Flag),
    ("maintenanceDaysOverdue", Real),
    ("message", Text),
];
static BINARY_DATA: Shape = &[
    ("contentType", Text),
    ("data", Text),
    ("name", Text),
    ("id", Guid),
];
static ADDITIONAL_DATA: Shape = &[("name", Text), ("props", List(&ADDITIONAL_DATA_PROPERTY))];
static LOOP_INFO: Shape = &[
    ("idx", Whole),
    ("num", Whole),
    ("endingIndex", Whole),
    ("passed", Whole),
    ("failed", Whole),
];
static NUMERIC_MEASUREMENT: Shape = &[
    ("compOp", Text),
    ("name", Text),
    ("status", Text),
    ("unit", Text),
    ("value", Real),
    ("highLimit", Real),
    ("lowLimit", Real),
];
static STRING_MEASUREMENT: Shape = &[
    ("compOp", Text),
    ("name", Text),
    ("status", Text),
    ("value", Text),
    ("limit", Text),
];
static BOOLEAN_MEASUREMENT: Shape = &[("name", Text), ("status", Text)];
static SEQUENCE_CALL: Shape = &[("path", Text), ("name", Text), ("version", Text)];
static CALL_EXE: Shape = &[("exitCode", Real)];
static MESSAGE_POPUP: Shape = &[("response", Text), ("button", Whole)];
static CHART: Shape = &[
    ("chartType", Text),
    ("label", Text),
    ("xLabel", Text),
    ("xUnit", Text),
    ("yLabel", Text),
    ("yUnit", Text),
    ("series", List(&CHART_SERIES)),
];
static ATTACHMENT: Shape = &[("name", Text), ("contentType", Text), ("data", Text)];
static REFERENCED_BY_UUR: Shape = &[("id", Guid), ("start", Time)];
static FAILURE: Shape = &[
    ("artNumber", Text),
    ("artRev", Text),
    ("artVendor", Text),
    ("artDescription", Text),
    ("category", Text),
    ("code", Text),
    ("comment", Text),
    ("comRef", Text),
    ("funcBlock", Text),
    ("refStepId", Whole),
    ("refStepName", Text),
    ("attachments", List(&BINARY_DATA)),
];
static ADDITIONAL_DATA_PROPERTY: Shape = &[
    ("name", Text),
    ("type", Text),
    ("flags", Whole),
    ("value", Text),
    ("comment", Text),
    ("props", List(&ADDITIONAL_DATA_PROPERTY)),
    ("array", Object(&ADDITIONAL_DATA_ARRAY)),
];
static CHART_SERIES: Shape = &[
    ("dataType", Text),
    ("name", Text),
    ("xdata", Text),
    ("ydata", Text),
];
static ADDITIONAL_DATA_ARRAY: Shape = &[
    ("dimension", Whole),
    ("type", Text),
    ("indexes", List(&ADDITIONAL_DATA_ARRAY_INDEX)),
];
static ADDITIONAL_DATA_ARRAY_INDEX: Shape = &[
    ("text", Text),
    ("indexes", Values),
    ("value", Object(&ADDITIONAL_DATA_PROPERTY)),
];

pub(super) fn check(report: &Map<String, Value>, findings: &mut Findings) {
    object(report, REPORT, "report", findings);
}

/// Objects nest no deeper than the JSON parser allows, so the recursion is bounded.
fn object(members: &Map<String, Value>, shape: Shape, path: &str, findings: &mut Findings) {
    for (name, kind) in shape {
        let Some(value) = super::given(members, name) else {
            continue;
        };
        let inner = |member: &Map<String, Value>| match (*name, path) {
            ("root", "report") => "root".to_owned(),
            ("steps", _) => format!(
                "{path} -> {}",
                super::text_of(member, "name").unwrap_or_default()
            ),
            _ => format!("{path} -> {name}"),
        };
        match (kind, value) {
            (Object(shape), Value::Object(member)) => {
                object(member, shape, &inner(member), findings);
            }
            (List(shape), Value::Array(items)) => {
                for item in items {
                    match item {
                        Value::Object(item) => object(item, shape, &inner(item), findings),
                        _ => findings.add(path, format!("{name} must be a list of objects")),
                    }
                }
            }
            (Values, Value::Array(_)) => {}
            (Text, Value::String(text)) if text.chars().any(is_illegal) => {
                findings.add(path, format!("{name} contains illegal characters"));
            }
            (Real, value) => match super::real(value) {
                Some(number) if number.is_finite() => {}
                _ => findings.add(path, format!("{name} must be a finite number")),
            },
            (kind, value) if !kind.fits(value) => {
                findings.add(path, format!("{name} must be {}", kind.words()));
            }
            _ => {}
        }
    }
}

impl Kind {
    /// Whether a single value is of this kind.
    fn fits(self, value: &Value) -> bool {
        match self {
            Text | Time => value.is_string(),
            Guid => value
                .as_str()
                .is_some_and(|text| Uuid::try_parse(text).is_ok()),
            Whole => value
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            Real => super::real(value).is_some(),
            Flag => value.is_boolean(),
            Object(_) => value.is_object(),
            List(_) | Values => value.is_array(),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Text => "a text",
            Time => "a date and time",
            Guid => "a guid",
            Whole => "a whole number of 32 bits",
            Real => "a finite number",
            Flag => "true or false",
            Object(_) => "an object",
            List(_) => "a list of objects",
            Values => "a list",
        }
    }
}

/// What XML 1.0 cannot hold.
fn is_illegal(c: char) -> bool {
    (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(report: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        check(report.as_object().unwrap(), &mut findings);
        findings.list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_is_checked_where_it_stands() {
        for (report, line) in [
            (json!({"pn": 5}), "report: pn must be a text"),
            (json!({"root": []}), "report: root must be an object"),
            (
                json!({"root": {"steps": [{"name": "A", "totTime": "long"}]}}),
                "root -> A: totTime must be a finite number",
            ),
            (
                json!({"root": {"steps": [5]}}),
                "root: steps must be a list of objects",
            ),
            (
                json!({"uut": {"testSocketIndex": 4e9}}),
                "report -> uut: testSocketIndex must be a whole number of 32 bits",
            ),
            (
                json!({"miscInfos": [{"numeric": 1.5}]}),
                "report -> miscInfos: numeric must be a whole number of 32 bits",
            ),
            (
                json!({"uur": {"refUUT": "x"}}),
                "report -> uur: refUUT must be a guid",
            ),
            (
                json!({"uur": {"children": 1}}),
                "report -> uur: children must be a list",
            ),
            (
                json!({"root": {"causedUUTFailure": 1}}),
                "root: causedUUTFailure must be true or false",
            ),
            (json!({"start": 1}), "report: start must be a date and time"),
            (
                json!({"sn": "a\u{1}"}),
                "report: sn contains illegal characters",
            ),
        ] {
            assert_eq!(findings(&report), [line]);
        }
    }

    #[test]
    fn nulls_numbers_as_text_and_unknown_members_are_fine() {
        let report = json!({"pn": null, "sn": "a\tb", "new": [1], "uut": {"execTime": "1.5", "execTimeFormat": 7}});
        assert_eq!(findings(&report), Vec::<String>::new());
    }
}
