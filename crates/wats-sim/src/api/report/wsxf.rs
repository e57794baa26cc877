//! Reports as XML (WSXF), as far as this server needs it: header, misc info, sub units, steps with their calls and
//! measurements. What else a report has (loops, charts, additional data …) is not carried from one form to the other;
//! a report is always given back whole in the form in which it came.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value, json};

use super::derive::{objects, text_of};

const NAMESPACE: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";
/// Elements inside one another, at most; beyond that JSON could not be read back either.
const MAX_DEPTH: usize = 120;

/// An element without its namespaces.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn text(&self, name: &str) -> Value {
        self.attribute(name).into()
    }

    fn whole(&self, name: &str) -> Value {
        self.attribute(name)
            .and_then(|text| text.trim().parse::<i64>().ok())
            .into()
    }

    fn real(&self, name: &str) -> Value {
        self.attribute(name)
            .and_then(|text| text.trim().parse::<f64>().ok())
            .into()
    }

    /// The first letter of a word such as `Passed` or `Main`.
    fn letter(&self, name: &str) -> Value {
        let word = self.attribute(name).and_then(|word| word.chars().next());
        word.map(|letter| letter.to_ascii_uppercase().to_string())
            .into()
    }
}

/// The one report of a WSXF text as WSJF; the error is for the client.
pub(super) fn read(text: &[u8]) -> Result<Value, String> {
    let root = tree(text)?;
    if root.name != "Reports" || root.attribute("xmlns") != Some(NAMESPACE) {
        return Err(format!(
            "the root must be Reports in the namespace {NAMESPACE}"
        ));
    }
    let mut reports = root.named("Report");
    let (Some(report), None) = (reports.next(), reports.next()) else {
        return Err("there must be exactly one Report".to_owned());
    };
    Ok(wsjf(report))
}

fn tree(text: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(text).map_err(|_| "the XML is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader
            .read_event()
            .map_err(|problem| format!("the body is not XML: {problem}"))?;
        match event {
            Event::Start(start) => {
                if open.len() == MAX_DEPTH {
                    return Err(format!("elements nest more than {MAX_DEPTH} deep"));
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                let closed = element(&start)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Ok(closed),
                }
            }
            Event::End(_) => {
                let Some(closed) = open.pop() else {
                    return Err("the body is not XML: an end without its start".to_owned());
                };
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Ok(closed),
                }
            }
            Event::Text(text) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let escaped = format!("&{};", &*reference);
                let text = quick_xml::escape::unescape(&escaped)
                    .map_err(|problem| format!("the body is not XML: {problem}"))?;
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&text);
                }
            }
            Event::Eof => return Err("the body is not XML: it ends too early".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|problem| problem.to_string())?;
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|problem| problem.to_string())?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element {
        name: start.local_name().as_ref().to_owned(),
        attributes,
        ..Element::default()
    })
}

fn wsjf(report: &Element) -> Value {
    let kind = match report.attribute("type") {
        Some("UUT") => "T".into(),
        Some("UUR") => "R".into(),
        other => Value::from(other),
    };
    let mut out = json!({
        "type": kind,
        "id": report.attribute("ID").map(str::to_ascii_lowercase),
        "pn": report.text("PN"),
        "sn": report.text("SN"),
        "rev": report.text("Rev"),
        "result": report.letter("Result"),
        "machineName": report.text("MachineName"),
        "location": report.text("Location"),
        "purpose": report.text("Purpose"),
        "start": report.text("Start"),
        "startUTC": report.text("Start_utc"),
        "miscInfos": report.named("MiscInfo").map(|info| json!({
            "description": info.text("Description"),
            "text": Some(info.text.as_str()).filter(|text| !text.is_empty()),
            "numeric": info.whole("Numeric"),
        })).collect::<Vec<_>>(),
        "subUnits": report.named("ReportUnitHierarchy").map(|unit| json!({
            "partType": unit.text("PartType"),
            "pn": unit.text("PN"),
            "sn": unit.text("SN"),
            "rev": unit.text("Rev"),
        })).collect::<Vec<_>>(),
    });
    if let Some(process) = report.named("Process").next() {
        out["processCode"] = process.whole("Code");
        out["processName"] = process.text("Name");
    }
    if let Some(uut) = report.named("UUT").next() {
        out["uut"] = json!({
            "user": uut.text("UserLoginName"),
            "batchSN": uut.text("BatchSN"),
            "testSocketIndex": uut.whole("TestSocketIndex"),
            "execTime": uut.real("ExecutionTime"),
            "fixtureId": uut.text("FixtureId"),
            "errorCode": uut.whole("ErrorCode"),
            "errorMessage": uut.text("ErrorMessage"),
            "comment": uut.named("Comment").next().map(|comment| comment.text.as_str()),
        });
    }
    if let Some(uur) = report.named("UUR").next() {
        out["uur"] = json!({ "user": uur.text("UserLoginName") });
    }
    if let Some(root) = report.named("Step").next() {
        out["root"] = step(root);
    }
    out
}

/// Elements nest no deeper than [`MAX_DEPTH`], so the recursion is bounded.
fn step(element: &Element) -> Value {
    let list = |name: &str, read: fn(&Element) -> Value| {
        let items: Vec<Value> = element.named(name).map(read).collect();
        (!items.is_empty()).then_some(items)
    };
    let call = element.named("SequenceCall").next().map(|call| {
        json!({
            "path": call.text("Filepath"),
            "name": call.text("Filename"),
            "version": call.text("Version"),
        })
    });
    json!({
        "id": element.whole("Id"),
        "group": element.letter("Group"),
        "name": element.text("Name"),
        "stepType": element.text("StepType"),
        "status": element.letter("Status"),
        "totTime": element.real("total_time"),
        "seqCall": call,
        "numericMeas": list("NumericLimit", |measured| json!({
            "name": measured.text("Name"),
            "compOp": measured.text("CompOperator"),
            "unit": measured.text("Units"),
            "value": measured.real("NumericValue"),
            "lowLimit": measured.real("LowLimit"),
            "highLimit": measured.real("HighLimit"),
            "status": measured.letter("Status"),
        })),
        "stringMeas": list("StringValue", |measured| json!({
            "name": measured.text("Name"),
            "compOp": measured.text("CompOperator"),
            "value": measured.text("StringValue"),
            "limit": measured.text("StringLimit"),
            "status": measured.letter("Status"),
        })),
        "booleanMeas": list("PassFail", |measured| json!({
            "name": measured.text("Name"),
            "status": measured.letter("Status"),
        })),
        "steps": list("Step", step),
    })
}

/// A WSJF report as WSXF.
pub(super) fn write(report: &Value) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let empty = Map::new();
    // Writing into a vector cannot fail.
    let _ = write_all(&mut writer, report.as_object().unwrap_or(&empty));
    writer.into_inner()
}

fn write_all(xml: &mut Writer<Vec<u8>>, report: &Map<String, Value>) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    open(xml, "Reports", &[("xmlns", Some(NAMESPACE.to_owned()))])?;
    let kind = match text_of(report, "type") {
        Some("R") => "UUR",
        _ => "UUT",
    };
    open(
        xml,
        "Report",
        &[
            ("type", Some(kind.to_owned())),
            ("ID", value(report, "id").map(|id| id.to_uppercase())),
            ("Start", value(report, "start")),
            ("Start_utc", value(report, "startUTC")),
            ("Result", word(report, "result")),
            ("SN", value(report, "sn")),
            ("PN", value(report, "pn")),
            ("Rev", value(report, "rev")),
            ("MachineName", value(report, "machineName")),
            ("Location", value(report, "location")),
            ("Purpose", value(report, "purpose")),
        ],
    )?;
    for (member, name) in [("uut", "UUT"), ("uur", "UUR")] {
        if let Some(unit) = report.get(member).and_then(Value::as_object) {
            open(
                xml,
                name,
                &[
                    ("UserLoginName", value(unit, "user")),
                    ("BatchSN", value(unit, "batchSN")),
                    ("TestSocketIndex", value(unit, "testSocketIndex")),
                    ("ExecutionTime", value(unit, "execTime")),
                    ("FixtureId", value(unit, "fixtureId")),
                    ("ErrorCode", value(unit, "errorCode")),
                    ("ErrorMessage", value(unit, "errorMessage")),
                ],
            )?;
            if let Some(comment) = value(unit, "comment") {
                open(xml, "Comment", &[])?;
                xml.write_event(Event::Text(BytesText::new(&comment)))?;
                close(xml, "Comment")?;
            }
            close(xml, name)?;
        }
    }
    open(
        xml,
        "Process",
        &[
            ("Code", value(report, "processCode")),
            ("Name", value(report, "processName")),
        ],
    )?;
    close(xml, "Process")?;
    for info in objects(report, "miscInfos") {
        open(
            xml,
            "MiscInfo",
            &[
                ("Description", value(info, "description")),
                ("Numeric", value(info, "numeric")),
            ],
        )?;
        if let Some(text) = value(info, "text") {
            xml.write_event(Event::Text(BytesText::new(&text)))?;
        }
        close(xml, "MiscInfo")?;
    }
    for unit in objects(report, "subUnits") {
        open(
            xml,
            "ReportUnitHierarchy",
            &[
                ("PartType", value(unit, "partType")),
                ("PN", value(unit, "pn")),
                ("SN", value(unit, "sn")),
                ("Rev", value(unit, "rev")),
            ],
        )?;
        close(xml, "ReportUnitHierarchy")?;
    }
    if let Some(root) = report.get("root").and_then(Value::as_object) {
        write_step(xml, root)?;
    }
    close(xml, "Report")?;
    close(xml, "Reports")
}

fn write_step(xml: &mut Writer<Vec<u8>>, step: &Map<String, Value>) -> std::io::Result<()> {
    open(
        xml,
        "Step",
        &[
            ("Id", value(step, "id")),
            ("Group", word(step, "group")),
            ("Name", value(step, "name")),
            ("StepType", value(step, "stepType")),
            ("Status", word(step, "status")),
            ("total_time", value(step, "totTime")),
        ],
    )?;
    let mut leaf = |name: &str, attributes: &[(&str, Option<String>)]| {
        open(xml, name, attributes)?;
        close(xml, name)
    };
    if let Some(call) = step.get("seqCall").and_then(Value::as_object) {
        leaf(
            "SequenceCall",
            &[
                ("Filepath", value(call, "path")),
                ("Filename", value(call, "name")),
                ("Version", value(call, "version")),
            ],
        )?;
    }
    for measured in objects(step, "numericMeas") {
        leaf(
            "NumericLimit",
            &[
                ("Name", value(measured, "name")),
                ("NumericValue", value(measured, "value")),
                ("Units", value(measured, "unit")),
                ("CompOperator", value(measured, "compOp")),
                ("LowLimit", value(measured, "lowLimit")),
                ("HighLimit", value(measured, "highLimit")),
                ("Status", word(measured, "status")),
            ],
        )?;
    }
    for measured in objects(step, "stringMeas") {
        leaf(
            "StringValue",
            &[
                ("Name", value(measured, "name")),
                ("CompOperator", value(measured, "compOp")),
                ("StringValue", value(measured, "value")),
                ("StringLimit", value(measured, "limit")),
                ("Status", word(measured, "status")),
            ],
        )?;
    }
    for measured in objects(step, "booleanMeas") {
        leaf(
            "PassFail",
            &[
                ("Name", value(measured, "name")),
                ("Status", word(measured, "status")),
            ],
        )?;
    }
    for child in objects(step, "steps") {
        write_step(xml, child)?;
    }
    close(xml, "Step")
}

fn open(
    xml: &mut Writer<Vec<u8>>,
    name: &str,
    attributes: &[(&str, Option<String>)],
) -> std::io::Result<()> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        if let Some(value) = value {
            start.push_attribute((*name, value.as_str()));
        }
    }
    xml.write_event(Event::Start(start))
}

fn close(xml: &mut Writer<Vec<u8>>, name: &str) -> std::io::Result<()> {
    xml.write_event(Event::End(BytesEnd::new(name)))
}

/// A text or a number as text.
fn value(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The word for a letter.
fn word(object: &Map<String, Value>, name: &str) -> Option<String> {
    let letter = text_of(object, name)?;
    let words: &[&str] = if name == "group" {
        &["Setup", "Main", "Cleanup"]
    } else {
        &["Passed", "Failed", "Error", "Terminated", "Skipped", "Done"]
    };
    let word = words.iter().find(|word| word.starts_with(letter));
    Some(word.map_or(letter, |word| *word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_survives_both_ways() {
        let report = json!({
            "type": "T", "id": "33a2d408-3fc8-480b-b554-6866c77fd91c", "pn": "A<B", "sn": "\"S\" & Co", "rev": "A",
            "processCode": 100, "result": "F", "machineName": "M", "location": "L", "purpose": "P",
            "start": "2026-01-30T22:01:41+01:00", "startUTC": "2026-01-30T21:01:41Z",
            "uut": {"user": "me", "comment": "ø < æ"},
            "miscInfos": [{"description": "a", "text": "x & y"}, {"description": "b", "numeric": 7}],
            "root": {"name": "Main", "group": "M", "status": "F", "steps": [
                {"name": "A", "group": "C", "status": "F",
                 "numericMeas": [{"compOp": "GE", "unit": "V", "value": 1.5, "lowLimit": 2.0, "status": "F"}]}]},
        });
        let back = read(&write(&report)).unwrap();
        for pointer in [
            "/type",
            "/id",
            "/pn",
            "/sn",
            "/result",
            "/start",
            "/processCode",
            "/uut/comment",
            "/miscInfos/0/text",
            "/miscInfos/1/numeric",
        ] {
            assert_eq!(back.pointer(pointer), report.pointer(pointer), "{pointer}");
        }
        let step = |report: &Value| report["root"]["steps"][0].clone();
        let (there, here) = (step(&report), step(&back));
        assert_eq!(there["group"], here["group"]);
        assert_eq!(
            there["numericMeas"][0]["lowLimit"],
            here["numericMeas"][0]["lowLimit"]
        );
    }

    #[test]
    fn what_is_no_wsxf_is_told() {
        let deep = format!("<Reports xmlns=\"{NAMESPACE}\">{}", "<a>".repeat(200));
        for (text, problem) in [
            ("{}", "too early"),
            ("<Reports/>", "namespace"),
            (&format!("<Reports xmlns=\"{NAMESPACE}\"/>"), "exactly one"),
            (
                &format!("<Reports xmlns=\"{NAMESPACE}\"><Report/><Report/></Reports>"),
                "exactly one",
            ),
            ("<a><b></a>", "not XML"),
            (&deep, "deep"),
        ] {
            let told = read(text.as_bytes()).unwrap_err();
            assert!(told.contains(problem), "{text}: {told}");
        }
    }
}
