//! The steps of a report and their measurements.

use serde_json::{Map, Value};

use super::filter::objects;

/// What stands between the names of a path, and twice before the name of a measurement.
pub(super) const SEPARATOR: &str = "¶";

/// A step at its place.
#[derive(Debug)]
pub(super) struct Step<'a> {
    members: &'a Map<String, Value>,
    /// Names from the root on.
    pub(super) path: String,
}

/// A measured number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numeric<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) value: f64,
    pub(super) status: &'a str,
    pub(super) unit: Option<&'a str>,
    pub(super) operator: Option<&'a str>,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

/// All steps of a report, each before those in it. They nest no deeper than the JSON parser allows.
pub(super) fn steps(report: &Map<String, Value>) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    if let Some(root) = report.get("root").and_then(Value::as_object) {
        add(root, "", &mut steps);
    }
    steps
}

fn add<'a>(members: &'a Map<String, Value>, above: &str, steps: &mut Vec<Step<'a>>) {
    let name = text(members, "name").unwrap_or_default();
    let path = if above.is_empty() {
        name.to_owned()
    } else {
        format!("{above}{SEPARATOR}{name}")
    };
    let children = objects(members, "steps");
    steps.push(Step {
        members,
        path: path.clone(),
    });
    for child in children {
        add(child, &path, steps);
    }
}

impl<'a> Step<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        text(self.members, name)
    }

    /// The letter of the status.
    pub(super) fn status(&self) -> &'a str {
        self.text("status").unwrap_or_default()
    }

    pub(super) fn id(&self) -> Option<i64> {
        self.members.get("id")?.as_i64()
    }

    /// In seconds.
    pub(super) fn time(&self) -> Option<f64> {
        self.members.get("totTime")?.as_f64()
    }

    pub(super) fn caused_failure(&self) -> bool {
        self.members
            .get("causedUUTFailure")
            .and_then(Value::as_bool)
            == Some(true)
    }

    /// Whether it only sums up the iterations of a loop, which are steps of their own.
    pub(super) fn is_summary(&self) -> bool {
        let info = self.members.get("loop").and_then(Value::as_object);
        info.is_some_and(|info| info.get("idx").is_none_or(Value::is_null))
    }

    /// Whether it failed by itself, not by a step in it.
    pub(super) fn failed_itself(&self) -> bool {
        let failed = |status: Option<&str>| matches!(status, Some("F" | "E" | "T"));
        let mut children = objects(self.members, "steps");
        failed(self.text("status")) && !children.any(|child| failed(text(child, "status")))
    }

    /// The measured numbers; what is not a number is left out.
    pub(super) fn numerics(&self) -> impl Iterator<Item = Numeric<'a>> + use<'a> {
        objects(self.members, "numericMeas").filter_map(|measurement| {
            let number = |name: &str| measurement.get(name).and_then(Value::as_f64);
            Some(Numeric {
                name: text(measurement, "name").filter(|name| !name.is_empty()),
                value: number("value")?,
                status: text(measurement, "status").unwrap_or_default(),
                unit: text(measurement, "unit"),
                operator: text(measurement, "compOp"),
                low: number("lowLimit"),
                high: number("highLimit"),
            })
        })
    }

    /// The measured texts: name, value, status.
    pub(super) fn texts(
        &self,
    ) -> impl Iterator<Item = (Option<&'a str>, &'a str, &'a str)> + use<'a> {
        objects(self.members, "stringMeas").filter_map(|measurement| {
            let status = text(measurement, "status").unwrap_or_default();
            Some((
                text(measurement, "name"),
                text(measurement, "value")?,
                status,
            ))
        })
    }
}

impl Numeric<'_> {
    pub(super) fn failed(&self) -> bool {
        self.status == "F"
    }

    /// The path of the measurement: that of its step, and its name where it has one.
    pub(super) fn path(&self, step: &str) -> String {
        match self.name {
            Some(name) => format!("{step}{SEPARATOR}{SEPARATOR}{name}"),
            None => step.to_owned(),
        }
    }
}

/// The word for the letter of a status.
pub(super) fn word(status: &str) -> &str {
    match status {
        "P" => "Passed",
        "F" => "Failed",
        "E" => "Error",
        "T" => "Terminated",
        "S" => "Skipped",
        "D" => "Done",
        other => other,
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}
