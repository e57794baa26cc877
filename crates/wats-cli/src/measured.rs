//! What the steps of a report measured, one after the other, each with the way to it.

use wats::report::model::{NumericMeasurement, StringMeasurement};
use wats::report::{Report, Status, Step};
use wats::serde_json;

/// A measurement of a step.
pub(crate) struct Measured<'a> {
    /// The names of the steps from the root on, with `/` in between.
    pub(crate) path: String,
    pub(crate) step: &'a Step,
    /// The name of one of several measurements of a step.
    pub(crate) name: Option<&'a str>,
    pub(crate) value: Value<'a>,
}

/// What was measured.
pub(crate) enum Value<'a> {
    Numeric(&'a NumericMeasurement),
    Text(&'a StringMeasurement),
    /// Passed or failed.
    Boolean(Option<&'a Status>),
}

impl Measured<'_> {
    /// The way to it, with its name behind it.
    pub(crate) fn full_path(&self) -> String {
        match self.name {
            Some(name) => format!("{}/{name}", self.path),
            None => self.path.clone(),
        }
    }

    pub(crate) fn status(&self) -> Option<&Status> {
        match &self.value {
            Value::Numeric(number) => number.status.as_ref(),
            Value::Text(text) => text.status.as_ref(),
            Value::Boolean(status) => *status,
        }
        // One that is alone has that of its step.
        .or(self.step.status.as_ref())
    }

    /// Which iteration of a loop it belongs to, if it is of one itself.
    pub(crate) fn iteration(&self) -> Option<i32> {
        self.step.loop_info.as_deref()?.index
    }
}

/// A number as it stands in the report, with every digit.
pub(crate) fn digits(number: &wats::wire::Number) -> String {
    match serde_json::to_value(number) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => number.value().to_string(),
    }
}

/// All measurements of a report, in the order of its steps.
pub(crate) fn measured(report: &Report) -> Vec<Measured<'_>> {
    let mut found = Vec::new();
    // A stack of our own: a report of any depth must not end the thread.
    let mut open: Vec<(String, &Step)> = report
        .root
        .iter()
        .map(|root| (root.name().to_owned(), root))
        .collect();
    while let Some((path, step)) = open.pop() {
        of_step(&path, step, &mut found);
        let inner = step.steps().iter().rev();
        open.extend(inner.map(|inner| (format!("{path}/{}", inner.name()), inner)));
    }
    found
}

fn of_step<'a>(path: &str, step: &'a Step, found: &mut Vec<Measured<'a>>) {
    let mut add = |name: Option<&'a String>, value| {
        found.push(Measured {
            path: path.to_owned(),
            step,
            name: name.map(String::as_str).filter(|name| !name.is_empty()),
            value,
        });
    };
    for number in step.numeric() {
        add(number.name.as_ref(), Value::Numeric(number));
    }
    for text in step.strings() {
        add(text.name.as_ref(), Value::Text(text));
    }
    for boolean in step.booleans() {
        add(
            boolean.name.as_ref(),
            Value::Boolean(boolean.status.as_ref()),
        );
    }
}
