//! Reports for tests of the commands that work on files.

use wats::report::{MeasurementLimits, Station, Unit, UutReport};
use wats::serde_json::{self, Value};

/// A passed test of a unit with this serial number.
pub(crate) fn passed(serial_number: &str, volts: f64) -> UutReport {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number,
        revision: "A",
    };
    let station = Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    };
    let limits = MeasurementLimits::between(4.75..=5.25);
    UutReport::builder(unit, 100)
        .station(station)
        .operator("Kari")
        .numeric("Measure +5V", volts, "V", limits)
        .build()
        .unwrap()
}

/// It as a document that can be changed.
pub(crate) fn document_of(report: &UutReport) -> Value {
    serde_json::to_value(report.report()).unwrap()
}

/// It as the text of a file.
pub(crate) fn text_of(report: &UutReport) -> String {
    serde_json::to_string_pretty(report.report()).unwrap()
}

/// One that the server refuses: it has no serial number.
pub(crate) fn refused() -> String {
    let mut document = document_of(&passed("SN-refused", 5.0));
    document.as_object_mut().unwrap().remove("sn");
    document.to_string()
}

/// The rows of `--json`.
pub(crate) fn rows(output: &std::process::Output) -> Vec<Value> {
    let document = crate::harness::document(output);
    assert_eq!(document["schema"], 1);
    document["items"].as_array().unwrap().clone()
}

/// The error of `--json`.
pub(crate) fn error(output: &std::process::Output) -> Value {
    let text = crate::harness::stderr(output);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|problem| panic!("{problem}: {text}"))
}
