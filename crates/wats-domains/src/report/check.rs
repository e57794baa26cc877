//! What a report must satisfy before it is sent: the server's rules, checked where the mistake can still be mended.
//!
//! Each finding has the path of the part, such as `root → Power → Measure +5V`.

use std::collections::HashSet;

use super::{Report, Step};
use crate::error::Finding;
use crate::wire::Number;

/// Longest name, number and short text.
const SHORT: usize = 100;

/// Deepest nesting of sequences that readers are sure to take.
const MAX_DEPTH: usize = 50;

/// Everything wrong with a UUT report.
pub(super) fn uut(report: &Report) -> Vec<Finding> {
    let mut findings = Findings::default();
    for (name, value) in [
        ("part number", &report.part_number),
        ("serial number", &report.serial_number),
        ("revision", &report.revision),
    ] {
        findings.text("report", name, value.as_deref(), 1..=SHORT);
    }
    for (name, value) in [
        ("station name", &report.station),
        ("location", &report.location),
        ("purpose", &report.purpose),
    ] {
        if value.is_none() {
            findings.add(
                "report",
                format!("the {name} is missing; set it with station(..)"),
            );
        }
        findings.text("report", name, value.as_deref(), 1..=SHORT);
    }
    let uut = report.uut.as_ref();
    match uut.and_then(|uut| uut.operator.as_deref()) {
        None => findings.add(
            "report",
            "the operator is missing; set it with operator(..)",
        ),
        operator => findings.text("report", "operator", operator, 1..=SHORT),
    }
    findings.text(
        "report",
        "comment",
        uut.and_then(|uut| uut.comment.as_deref()),
        0..=5_000,
    );
    if !report
        .process_code
        .is_some_and(|code| (0..=32_767).contains(&code))
    {
        findings.add("report", "the process code must be 0 to 32767");
    }
    for info in report
        .misc_infos
        .as_ref()
        .and_then(|infos| infos.as_array())
        .into_iter()
        .flatten()
    {
        for (member, least) in [("description", 1), ("text", 0)] {
            let text = info.get(member).and_then(|value| value.as_str());
            findings.text("misc info", member, text, least..=SHORT);
        }
    }
    if report.id.is_none_or(|id| id.is_nil()) {
        findings.add(
            "report",
            "the id is missing or nil; reports of one id overwrite each other",
        );
    }
    if let Some(root) = &report.root {
        // All sequences name the same software; one finding is enough.
        if let Some(call) = &root.sequence_call {
            findings.text("software", "path", call.path.as_deref(), 1..=500);
            findings.text("software", "version", call.version.as_deref(), 1..=30);
        }
        findings.step(root, "root", 0);
    }
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, path: &str, problem: impl Into<String>) {
        self.0.push(Finding::new(path, problem));
    }

    /// A text within its length and without characters that the server's XML cannot hold.
    fn text(
        &mut self,
        path: &str,
        name: &str,
        text: Option<&str>,
        length: std::ops::RangeInclusive<usize>,
    ) {
        let Some(text) = text else { return };
        let count = text.chars().count();
        if !length.contains(&count) {
            let (least, most) = length.into_inner();
            self.add(
                path,
                format!("the {name} has {count} characters; {least} to {most} are allowed"),
            );
        }
        if let Some(illegal) = text.chars().find(|c| is_illegal(*c)) {
            self.add(
                path,
                format!(
                    "the {name} contains the character {illegal:?}, which the server cannot store"
                ),
            );
        }
    }

    fn step(&mut self, step: &Step, path: &str, depth: usize) {
        self.text(path, "name", step.name.as_deref(), 1..=SHORT);
        self.measurements(step, path);
        if depth == MAX_DEPTH && !step.steps().is_empty() {
            return self.add(
                path,
                format!("sequences are nested deeper than {MAX_DEPTH}"),
            );
        }
        self.unique(path, "steps", step.steps().iter().map(Step::name));
        for inner in step.steps() {
            self.step(inner, &format!("{path} → {}", inner.name()), depth + 1);
        }
    }

    fn measurements(&mut self, step: &Step, path: &str) {
        if step.numeric.as_ref().is_some_and(Vec::is_empty) {
            self.add(
                path,
                "the step has no measurements; add one or leave the step out",
            );
        }
        let several = step.numeric().len() > 1 || step.step_type.as_deref() == Some("ET_MNLT");
        if several {
            self.unique(
                path,
                "measurements",
                step.numeric()
                    .iter()
                    .map(|m| m.name.as_deref().unwrap_or_default()),
            );
        }
        for (i, measurement) in step.numeric().iter().enumerate() {
            let path = &match &measurement.name {
                Some(name) if several => format!("{path} → {name}"),
                _ if several => format!("{path} → measurement {}", i + 1),
                _ => path.to_owned(),
            };
            if several {
                self.text(
                    path,
                    "name",
                    Some(measurement.name.as_deref().unwrap_or_default()),
                    1..=SHORT,
                );
            }
            self.text(
                path,
                "unit",
                Some(measurement.unit.as_deref().unwrap_or_default()),
                1..=20,
            );
            for (name, number) in [
                ("value", &measurement.value),
                ("low limit", &measurement.low_limit),
                ("high limit", &measurement.high_limit),
            ] {
                if let Some(x) = number
                    .as_ref()
                    .map(Number::value)
                    .filter(|x| !x.is_finite())
                {
                    self.add(path, format!("the {name} is {x}, which the server does not take; record it as text or leave it out"));
                }
            }
            let value_of = |limit: &Option<Number>| limit.as_ref().map(Number::value);
            if let (Some(low), Some(high)) = (
                value_of(&measurement.low_limit),
                value_of(&measurement.high_limit),
            ) && low > high
            {
                self.add(
                    path,
                    format!("the low limit {low} is above the high limit {high}"),
                );
            }
        }
        for measurement in step.strings() {
            self.text(path, "value", measurement.value.as_deref(), 0..=SHORT);
            self.text(path, "limit", measurement.limit.as_deref(), 0..=SHORT);
        }
    }

    fn unique<'a>(&mut self, path: &str, what: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        let mut told = HashSet::new();
        for name in names {
            if !seen.insert(name) && told.insert(name) {
                self.add(
                    path,
                    format!("several {what} are named `{name}`; names must differ"),
                );
            }
        }
    }
}

/// What XML 1.0, in which the server keeps reports, cannot hold.
fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use crate::report::{Limits, ReportBuilder, StringLimit, UutReport};

    fn builder() -> ReportBuilder {
        UutReport::builder("P", "S", "A", 100)
            .station("ST", "L", "Test")
            .operator("O")
    }

    fn problems(builder: ReportBuilder) -> String {
        builder.build().expect_err("must be refused").to_string()
    }

    #[test]
    fn a_plain_report_is_fine() {
        let report = builder()
            .sequence("a", |a| {
                a.sequence("b", |b| b.numeric("c", 1.0, "V", Limits::log()));
                a.sequence("empty", |_| {});
            })
            .build()
            .unwrap();
        assert_eq!(report.step_count(), 5);
    }

    #[test]
    fn outcomes_go_up_to_the_report() {
        let report = builder()
            .sequence("good", |s| s.boolean("x", true))
            .sequence("bad", |s| {
                s.sequence("inner", |s| s.string("x", "a", StringLimit::equals("b")));
            })
            .build()
            .unwrap();
        let letters: Vec<_> = report
            .root
            .as_ref()
            .unwrap()
            .steps()
            .iter()
            .map(|s| s.status.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(letters, ["P", "F"]);
        assert_eq!(report.result, report.root.as_ref().unwrap().status);
        assert_eq!(report.result.as_ref().unwrap().as_str(), "F");
    }

    #[test]
    fn each_problem_names_its_place() {
        let text = problems(
            builder()
                .sequence("Power", |s| {
                    s.numeric("NaN", f64::NAN, "V", Limits::log());
                    s.numeric("Unitless", 1.0, "", Limits::log());
                    s.numeric("Twice", 1.0, "V", Limits::log());
                    s.numeric("Twice", 1.0, "V", Limits::between(2.0..=1.0));
                })
                .comment("a\u{1}b"),
        );
        for part in [
            "root → Power → NaN: the value is NaN",
            "root → Power → Unitless: the unit has 0 characters",
            "root → Power: several steps are named `Twice`",
            "root → Power → Twice: the low limit 2 is above the high limit 1",
            "report: the comment contains the character '\\u{1}'",
        ] {
            assert!(text.contains(part), "{part}\nnot in\n{text}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(builder().boolean("ø".repeat(100), true).build().is_ok());
        assert!(problems(builder().boolean("ø".repeat(101), true)).contains("101 characters"));
        assert!(problems(builder().boolean("", true)).contains("0 characters"));
    }

    #[test]
    fn a_header_with_holes_is_refused() {
        let error = UutReport::builder("P", "", "A", -1).build().unwrap_err();
        assert_eq!(error.findings().len(), 6);
        let text = format!("{:?}", error.findings());
        for part in [
            "serial number has 0",
            "station name is missing",
            "operator is missing",
            "process code",
        ] {
            assert!(text.contains(part), "{part} not in {text}");
        }
    }

    #[test]
    fn software_and_id_are_checked() {
        let text = problems(builder().software("", "v".repeat(31)).id(uuid::Uuid::nil()));
        for part in [
            "software: the path has 0",
            "software: the version has 31",
            "the id is missing or nil",
        ] {
            assert!(text.contains(part), "{part} not in {text}");
        }
    }

    #[test]
    fn endless_nesting_is_refused_and_not_followed() {
        fn nest(s: &mut crate::report::Sequence, depth: usize) {
            if depth > 0 {
                s.sequence("s", |s| nest(s, depth - 1));
            }
        }
        assert!(builder().steps(|s| nest(s, 50)).build().is_ok());
        assert!(problems(builder().steps(|s| nest(s, 60))).contains("nested deeper"));
    }
}
