//! Linting a text that is read piece by piece: a report of any size in little memory.
//!
//! Steps are read and looked at one by one, and dropped. What would need several of them at once is looked at as far as a
//! little memory of each goes: names and ids are, loops are not.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::collect::{Collector, MAX_FINDINGS, Quoted};
use super::place::Place;
use super::step::{self, Ids, MAX_DEPTH};
use super::{Finding, Severity, header, rules, units};
use crate::error::{Error, Result};
use crate::text::{KEPT, Shortened, without_mark};
use crate::wire::part::{Kept, Room, member};
use crate::{Report, Status, Step};

/// What a step, or the header, may take in memory.
const PART: usize = 8 << 20;

/// So many names of steps of one sequence, and ids of all steps, are compared.
const COMPARED: usize = 200_000;

/// What was found in a report that was read piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InPieces {
    /// As [`lint`](super::lint()) gives them; what is wrong with loops is not looked for.
    pub findings: Vec<Finding>,
    /// How many steps there are.
    pub steps: usize,
    /// Steps of which something was too large to be looked at: those of more than about 8 MiB, charts and files of more than 64 KiB, and
    /// more than 200 000 names in one sequence. The header counts as one.
    pub not_looked_at: usize,
}

/// As [`lint_json`](super::lint_json), for a text of any size, which is read to its end: it takes a few megabytes of memory.
///
/// ```
/// use wats_report::lint::lint_json_in;
///
/// let text = br#"{"type": "T", "root": {"steps": [{"name": "A"}, {"name": "A"}]}}"#;
/// let found = lint_json_in(&text[..])?;
/// assert_eq!(found.steps, 3);
/// assert!(found.findings.iter().any(|finding| finding.code() == "R206"));
/// # Ok::<(), wats_report::Error>(())
/// ```
///
/// # Errors
/// [`Error::Data`] when the text is no JSON object, or reading fails.
pub fn lint_json_in(mut reader: impl Read) -> Result<InPieces> {
    let wrong = |problem: &dyn fmt::Display| {
        Error::Data(format!("the text is not a WSJF report: {problem}"))
    };
    let mut start = Vec::with_capacity(3);
    reader
        .by_ref()
        .take(3)
        .read_to_end(&mut start)
        .map_err(|problem| wrong(&problem))?;
    let reader = Shortened::new(without_mark(&start).chain(reader));
    let mut found = Found::default();
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(reader));
    OfReport(&mut found)
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|problem| wrong(&problem))?;
    Ok(found.finish())
}

/// What was found so far.
struct Found {
    header: Collector,
    steps: Collector,
    ids: Ids,
    all_ids: Vec<i32>,
    count: usize,
    not_looked_at: usize,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            header: Collector::new(Severity::Advice),
            steps: Collector::new(Severity::Advice),
            ids: Ids::default(),
            all_ids: Vec::new(),
            count: 0,
            not_looked_at: 0,
        }
    }
}

impl Found {
    fn finish(self) -> InPieces {
        let mut out = self.steps;
        let all_ids = self.all_ids;
        self.ids.finish(&mut out, || all_ids);
        let mut findings = self.header.findings;
        findings.append(&mut out.findings);
        findings.truncate(MAX_FINDINGS);
        InPieces {
            findings,
            steps: self.count,
            not_looked_at: self.not_looked_at,
        }
    }

    /// Looks at a step without those within it.
    fn step(
        &mut self,
        members: Map<String, Value>,
        room: &Room,
        place: &Place<'_>,
        nested: bool,
    ) -> Option<Step> {
        self.count += 1;
        let step = (!room.is_short)
            .then(|| serde_json::from_value::<Step>(Value::Object(members)).ok())
            .flatten();
        let Some(step) = step else {
            self.not_looked_at += 1;
            return None;
        };
        if self.all_ids.len() < COMPARED {
            self.all_ids.extend(step.id);
        }
        let before = self.steps.findings.len();
        step::alone(&mut self.steps, &step, place, nested, &mut self.ids);
        if room.has_long {
            self.not_looked_at += 1;
            forget_contents(&mut self.steps.findings, before);
        }
        Some(step)
    }
}

/// Drops what was found because the texts of a chart or a file were cut.
fn forget_contents(findings: &mut Vec<Finding>, before: usize) {
    let new = findings.split_off(before.min(findings.len()));
    let is_of_contents = |finding: &Finding| {
        finding.code().starts_with("R4") || finding.rule == rules::ATTACHMENT_DATA
    };
    findings.extend(new.into_iter().filter(|finding| !is_of_contents(finding)));
}

/// Reads the report.
struct OfReport<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for OfReport<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OfReport<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let found = self.0;
        let (mut members, mut room) = (Map::new(), Room::new(PART, KEPT));
        let mut root = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "root" {
                let seed = OfStep {
                    found: &mut *found,
                    outer: None,
                    depth: 0,
                };
                match map.next_value_seed(seed)? {
                    OneStep::Step(step) => root = *step,
                    OneStep::Other(value) => drop(members.insert(name, value)),
                }
            } else {
                member(&mut map, name, &mut members, &mut room)?;
            }
        }
        let report = serde_json::from_value::<Report>(Value::Object(members));
        match report {
            Ok(mut report) if !room.is_short => {
                // A root that was too large is there all the same.
                report.root = root.or_else(|| (found.count > 0).then(|| root_of(&report)));
                header::check(&mut found.header, &report);
                units::check(&mut found.header, &report);
                if room.has_long {
                    found.not_looked_at += 1;
                    forget_contents(&mut found.header.findings, 0);
                }
            }
            _ => found.not_looked_at += 1,
        }
        Ok(())
    }
}

/// What stands for a root that was too large to be looked at.
fn root_of(report: &Report) -> Step {
    Step {
        sequence_call: Some(Box::default()),
        status: report.result.clone(),
        ..Step::default()
    }
}

/// What stands where a step does.
enum OneStep {
    /// A step without those within it; none if it was too large.
    Step(Box<Option<Step>>),
    /// No object.
    Other(Value),
}

/// What there was within a step.
#[derive(Default)]
struct Inner {
    nested: bool,
    /// One of them did not pass.
    has_graver: bool,
    /// What is no list of steps.
    other: Option<Value>,
}

/// The values that are none of what is read in pieces: kept as they are, as far as there is room.
macro_rules! others {
    ($then:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($then(Value::Null))
        }
        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok($then(value.into()))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok($then(value.into()))
        }
        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok($then(value.into()))
        }
        fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
            Ok($then(value.into()))
        }
        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok($then(text.into()))
        }
    };
}

/// Reads a step, and looks at it.
struct OfStep<'a> {
    found: &'a mut Found,
    /// The sequence that it is in; none of the root.
    outer: Option<&'a Place<'a>>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for OfStep<'_> {
    type Value = OneStep;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<OneStep, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OfStep<'_> {
    type Value = OneStep;

    others!(OneStep::Other);

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneStep, A::Error> {
        Kept(&mut Room::new(PART, KEPT))
            .visit_seq(list)
            .map(OneStep::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OneStep, A::Error> {
        let Self {
            found,
            outer,
            depth,
        } = self;
        let (mut members, mut room) = (Map::new(), Room::new(PART, KEPT));
        let mut inner = Inner::default();
        while let Some(name) = map.next_key::<String>()? {
            if name != "steps" {
                member(&mut map, name, &mut members, &mut room)?;
                continue;
            }
            // Writers put the name first; where it comes behind, it is not known yet.
            let own = text_of(&members, "name").unwrap_or("…").to_owned();
            inner = map.next_value_seed(OfSteps {
                found: &mut *found,
                place: &placed(outer, &own),
                depth,
            })?;
            if let Some(other) = inner.other.take() {
                members.insert(name, other);
            }
        }
        let own = text_of(&members, "name").unwrap_or_default().to_owned();
        let place = placed(outer, &own);
        let step = found.step(members, &room, &place, inner.nested);
        let passed = step
            .as_ref()
            .is_some_and(|step| step.status == Some(Status::Passed));
        if passed && inner.has_graver {
            step::passed_over_failure(&mut found.steps, &place);
        }
        Ok(OneStep::Step(Box::new(step)))
    }
}

/// Where a step of this name is.
fn placed<'a>(outer: Option<&'a Place<'a>>, name: &'a str) -> Place<'a> {
    outer.map_or(Place::ROOT, |outer| outer.part(name))
}

fn text_of<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

/// Reads the steps of a sequence.
struct OfSteps<'a> {
    found: &'a mut Found,
    place: &'a Place<'a>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for OfSteps<'_> {
    type Value = Inner;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Inner, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn no_list(other: Value) -> Inner {
    Inner {
        other: Some(other),
        ..Inner::default()
    }
}

impl<'de> Visitor<'de> for OfSteps<'_> {
    type Value = Inner;

    others!(no_list);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Inner, A::Error> {
        Kept(&mut Room::new(PART, KEPT)).visit_map(map).map(no_list)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Inner, A::Error> {
        let Self {
            found,
            place,
            depth,
        } = self;
        let mut inner = Inner::default();
        if depth == MAX_DEPTH {
            while list.next_element::<IgnoredAny>()?.is_some() {
                inner.nested = true;
            }
            if inner.nested {
                step::too_deep(&mut found.steps, place);
            }
            return Ok(inner);
        }
        let mut names = Names::default();
        loop {
            let seed = OfStep {
                found: &mut *found,
                outer: Some(place),
                depth: depth + 1,
            };
            let Some(one) = list.next_element_seed(seed)? else {
                break;
            };
            inner.nested = true;
            match one {
                OneStep::Step(step) => {
                    let Some(step) = *step else { continue };
                    inner.has_graver |= step::is_graver(&step);
                    if !step.is_in_loop() {
                        names.add(step.name(), &mut found.steps, place);
                    }
                }
                // As the model has it: a list with an item that is none is no list.
                OneStep::Other(value) => inner.other = Some(Value::Array(vec![value])),
            }
        }
        found.not_looked_at += usize::from(names.is_full);
        Ok(inner)
    }
}

/// The names of the steps of a sequence, by their hashes.
#[derive(Default)]
struct Names {
    seen: HashSet<u64>,
    told: HashSet<u64>,
    is_full: bool,
}

impl Names {
    fn add(&mut self, name: &str, out: &mut Collector, place: &Place<'_>) {
        if name.is_empty() {
            return;
        }
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        if self.seen.contains(&hash) {
            if self.told.len() < MAX_FINDINGS && self.told.insert(hash) {
                let text = format_args!(
                    "several steps are named {}; names must differ",
                    Quoted(name)
                );
                out.add(rules::NAME_TWICE, place, text);
            }
        } else if self.seen.len() < COMPARED {
            self.seen.insert(hash);
        } else {
            self.is_full = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint_json;
    use serde_json::json;

    fn in_pieces(text: &str) -> InPieces {
        lint_json_in(text.as_bytes()).unwrap()
    }

    fn step(name: &str, more: &Value) -> Value {
        let mut step = json!({"id": 1, "group": "M", "name": name, "status": "P", "stepType": "NumericLimitTest",
            "numericMeas": [{"compOp": "GELE", "status": "P", "unit": "V", "value": 5.0, "lowLimit": 4, "highLimit": 6}]});
        let members = step.as_object_mut().unwrap();
        for (name, value) in more.as_object().unwrap() {
            match value {
                Value::Null => drop(members.remove(name)),
                value => drop(members.insert(name.clone(), value.clone())),
            }
        }
        step
    }

    fn report(steps: &Value, more: &Value) -> String {
        let mut report = json!({"id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "type": "T", "pn": "P-1", "sn": "S-1", "rev": "A",
            "processCode": 100, "result": "P", "machineName": "ICT-3", "location": "Lab", "purpose": "Test",
            "start": "2026-01-30T22:01:41+01:00", "uut": {"user": "Kari", "execTime": 1.5},
            "root": {"id": 0, "name": "Main", "group": "M", "status": "P", "stepType": "SequenceCall",
                "seqCall": {"path": "p", "name": "main.seq", "version": "1.2"}, "steps": steps}});
        for (name, value) in more.as_object().unwrap() {
            report[name] = value.clone();
        }
        report.to_string()
    }

    #[test]
    fn what_is_found_is_what_the_whole_gives() {
        let call = json!({"path": "p", "name": "n", "version": "1"});
        let sequence = |steps: Value| {
            step(
                "Power",
                &json!({"id": 7, "seqCall": call, "numericMeas": null, "steps": steps}),
            )
        };
        for (steps, more) in [
            (json!([step("A", &json!({}))]), json!({})),
            (
                json!([
                    step("A", &json!({})),
                    step("A", &json!({"id": 2})),
                    step("A", &json!({"id": 3}))
                ]),
                json!({}),
            ),
            (
                json!([step("A", &json!({"status": "F"}))]),
                json!({"sn": "", "processCode": -1}),
            ),
            (
                json!([
                    step("A", &json!({"id": 5})),
                    step("B", &json!({"id": 5})),
                    step("C", &json!({"id": null}))
                ]),
                json!({}),
            ),
            (
                json!([sequence(json!([step(
                    "B",
                    &json!({"id": 8, "unit": 5, "name": ""})
                )]))]),
                json!({}),
            ),
            (
                json!([step("S", &json!({"steps": [step("B", &json!({"id": 8}))]}))]),
                json!({"extra": [1, {"a": null}]}),
            ),
            (
                json!([
                    step("S", &json!({"status": "S"})),
                    step("T", &json!({"numericMeas": []}))
                ]),
                json!({}),
            ),
            (json!([5]), json!({})),
            (json!({"a": 1}), json!({})),
            (json!("none"), json!({"type": "R", "uut": 7})),
            (json!(null), json!({"root": []})),
            (
                json!([]),
                json!({"root": null, "result": "F", "miscInfos": [{"description": ""}]}),
            ),
        ] {
            let text = report(&steps, &more);
            let told = in_pieces(&text);
            let codes = |findings: &[Finding]| {
                let mut told: Vec<_> = findings.iter().map(ToString::to_string).collect();
                told.sort();
                told
            };
            assert_eq!(
                codes(&told.findings),
                codes(&lint_json(text.as_bytes()).unwrap()),
                "{text}"
            );
            assert_eq!(told.not_looked_at, 0, "{text}");
        }
    }

    #[test]
    fn what_is_no_report_is_an_error_and_depth_is_bounded() {
        for text in ["", "[]", "<a/>", "{", "{} {}", "{\"a\": }", "\u{feff}5"] {
            assert!(lint_json_in(text.as_bytes()).is_err(), "{text}");
        }
        let mut steps = json!([]);
        for _ in 0..MAX_DEPTH + 2 {
            steps = json!([{"name": "n", "seqCall": {}, "steps": steps}]);
        }
        let told = in_pieces(&report(&steps, &json!({})));
        assert!(told.findings.iter().any(|one| one.rule == rules::TOO_DEEP));
    }

    #[test]
    fn contents_that_are_too_large_are_counted_and_nothing_false_is_told_of_them() {
        let data = "QUJD".repeat(KEPT);
        let file = json!({"name": "log.txt", "contentType": "text/plain", "data": data});
        let with_file = step("A", &json!({"numericMeas": null, "attachment": file}));
        let points = "1;".repeat(KEPT);
        let chart = json!({"chartType": "Line", "label": "c", "xLabel": "x", "xUnit": "s", "yLabel": "y", "yUnit": "V",
            "series": [{"name": "s", "dataType": "XYG", "xdata": points, "ydata": format!("1{points}")}]});
        let with_chart = step("B", &json!({"id": 2, "numericMeas": null, "chart": chart}));
        let numbers =
            vec![json!({"value": 1, "status": "P", "unit": "V", "compOp": "LOG"}); 20_000];
        let with_numbers = step("C", &json!({"id": 3, "numericMeas": numbers}));
        let told = in_pieces(&report(
            &json!([with_file, with_chart, with_numbers]),
            &json!({}),
        ));
        assert_eq!(told.not_looked_at, 3);
        let heavy = |one: &&Finding| one.severity() != Severity::Advice;
        assert_eq!(told.findings.iter().find(heavy), None);
    }

    #[test]
    fn many_steps_take_little_memory() {
        let one = step("A", &json!({})).to_string();
        let around = report(&json!([]), &json!({}));
        let (start, end) = around.split_once("\"steps\":[]").unwrap();
        let count = 8_000;
        let mut text = format!("{start}\"steps\":[");
        for number in 0..count {
            let comma = if number > 0 { "," } else { "" };
            let id = format!("\"id\":{}", number + 1);
            let one = one.replace("\"A\"", &format!("\"A{number}\""));
            text.extend([comma, &one.replace("\"id\":1", &id)]);
        }
        text.extend(["]", end]);
        let mut told = None;
        let taken = allocation_counter::measure(|| told = Some(in_pieces(&text)));
        let told = told.unwrap();
        assert_eq!((told.steps, told.not_looked_at), (count + 1, 0));
        let of_steps = told.findings.iter().find(|one| one.path != "report");
        assert_eq!(of_steps, None);
        assert!(taken.bytes_max < 2 << 20, "{} bytes", taken.bytes_max);
    }
}
