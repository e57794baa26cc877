//! The rules a report must keep to be taken in; a broken one is a 400 answer.
//!
//! The server answers many lines, each a path of step names and the rule:
//! `root -> Voltages -> 5 V rail: …`. Here each such line is a [`Violation`].
//!
//! What is checked always is what makes a report a report: the header, the root, the process. The
//! rest of the published rules is checked with [`ReportRules::Strict`], because the server's own
//! exports break several of them.

mod header;
mod header_parts;
mod kinds;
mod loops;
mod measurements;
mod steps;

use std::fmt;

use serde_json::{Map, Value};

/// Which rules a report must keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportRules {
    /// Header members, known process, root sequence, result equal to the root's status. Reports
    /// exported by a server pass.
    #[default]
    Basic,
    /// Those and the published rules for steps and measurements. Reports exported by a server may
    /// break some of them.
    Strict,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.rule)
    }
}

/// Collects what is broken while the report is walked.
#[derive(Debug, Default)]
struct Findings {
    list: Vec<Violation>,
}

impl Findings {
    /// Violations listed in one answer, at most.
    const MAX: usize = 200;

    fn add(&mut self, path: &str, rule: impl Into<String>) {
        if self.list.len() < Self::MAX {
            self.list.push(Violation {
                path: path.to_owned(),
                rule: rule.into(),
            });
        }
    }
}

/// Checks a report; `process` answers the process with a code.
pub(crate) fn check(
    report: &Value,
    rules: ReportRules,
    process: impl Fn(i64) -> Option<Value>,
) -> Vec<Violation> {
    let mut findings = Findings::default();
    let Some(report) = report.as_object() else {
        findings.add("report", "must be one JSON object");
        return findings.list;
    };
    header::check(report, &process, &mut findings);
    match rules {
        ReportRules::Basic => {}
        ReportRules::Strict => {
            header::process_fits(report, &process, &mut findings);
            kinds::check(report, &mut findings);
            header_parts::check(report, &mut findings);
            steps::check(report, &mut findings);
        }
    }
    findings.list
}

/// A member that is present and not null.
fn given<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The objects of a list, none if there is none.
fn objects<'a>(
    object: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// A number, or a text that is one.
fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn one_of(
    object: &Map<String, Value>,
    name: &str,
    allowed: &[&str],
    path: &str,
    findings: &mut Findings,
) {
    if !text_of(object, name).is_some_and(|value| allowed.contains(&value)) {
        findings.add(
            path,
            format!("{name} must be one of {}", allowed.join(", ")),
        );
    }
}

fn text(object: &Map<String, Value>, name: &str, max: usize, path: &str, findings: &mut Findings) {
    if !text_of(object, name).is_some_and(|text| (1..=max).contains(&text.chars().count())) {
        findings.add(path, format!("{name} must be a text of 1 to {max}"));
    }
}
