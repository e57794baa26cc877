//! The measurements of reports as comma-separated values.

use wats::report::Report;

use crate::measured::{Measured, Value, digits, measured};
use crate::output::csv_line;

const HEADINGS: [&str; 19] = [
    "report",
    "part_number",
    "serial_number",
    "revision",
    "process_code",
    "station",
    "start",
    "result",
    "path",
    "measurement",
    "kind",
    "value",
    "unit",
    "operator",
    "low_limit",
    "high_limit",
    "status",
    "iteration",
    "step_time",
];

/// A table of measurements.
pub(super) struct Csv {
    pub(super) text: String,
    /// Steps that have none, and are no sequences.
    pub(super) others: usize,
}

pub(super) fn csv(reports: &[Report]) -> Csv {
    let mut text = csv_line(HEADINGS);
    let mut others = 0;
    for report in reports {
        let header = header(report);
        for one in measured(report) {
            let fields = fields(&one);
            let line = header.iter().chain(&fields).map(String::as_str);
            text.push_str(&csv_line(line));
        }
        others += report
            .steps()
            .filter(|step| {
                step.steps.is_none()
                    && step.numeric().is_empty()
                    && step.strings().is_empty()
                    && step.booleans().is_empty()
            })
            .count();
    }
    Csv { text, others }
}

fn header(report: &Report) -> [String; 8] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        report.id.map(|id| id.to_string()).unwrap_or_default(),
        text(&report.part_number),
        text(&report.serial_number),
        text(&report.revision),
        report
            .process_code
            .map(|code| code.to_string())
            .unwrap_or_default(),
        text(&report.station),
        report
            .start
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        report
            .result
            .as_ref()
            .map(|result| result.as_str().to_owned())
            .unwrap_or_default(),
    ]
}

fn fields(one: &Measured<'_>) -> [String; 11] {
    let number =
        |number: &Option<wats::wire::Number>| number.as_ref().map(digits).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let operator = |operator: &Option<wats::report::CompOp>| {
        operator
            .as_ref()
            .map(|operator| operator.as_str().to_owned())
            .unwrap_or_default()
    };
    let none = String::new;
    let (kind, value, unit, operator, low, high) = match &one.value {
        Value::Numeric(of) => (
            "numeric",
            number(&of.value),
            text(&of.unit),
            operator(&of.comp_op),
            number(&of.low_limit),
            number(&of.high_limit),
        ),
        Value::Text(of) => (
            "string",
            text(&of.value),
            none(),
            operator(&of.comp_op),
            text(&of.limit),
            none(),
        ),
        Value::Boolean(_) => ("boolean", none(), none(), none(), none(), none()),
    };
    [
        one.path.clone(),
        one.name.unwrap_or_default().to_owned(),
        kind.to_owned(),
        value,
        unit,
        operator,
        low,
        high,
        one.status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        one.iteration()
            .map(|index| index.to_string())
            .unwrap_or_default(),
        number(&one.step.total_time),
    ]
}
