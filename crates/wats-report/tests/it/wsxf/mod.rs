//! Reports as XML: what is written is read as the same, what cannot be is told, and no text does harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic here is the failing test"
)]

mod generated;
mod split;

use std::path::PathBuf;

use crate::reports::{repair, test};
use serde_json::{Value, json};
use wats_report::{Report, lint, wsxf};

const WSXF: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";

fn model(value: &Value) -> Report {
    serde_json::from_value(value.clone()).unwrap()
}

fn value(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

/// Written and read again, and what was told of it.
fn again(report: &Report) -> (Report, Vec<String>) {
    let written = wsxf::write(report).unwrap();
    let mut back = wsxf::read(written.xml.as_bytes()).unwrap();
    assert_eq!(back.len(), 1);
    let told = written.losses.iter().map(ToString::to_string).collect();
    (back.remove(0), told)
}

fn wrapped(inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><Reports xmlns=\"{WSXF}\">{inside}</Reports>")
}

fn one(inside: &str) -> Value {
    let reports = wsxf::read(wrapped(inside).as_bytes()).unwrap();
    assert_eq!(reports.len(), 1);
    value(&reports[0])
}

/// Without nulls, empty texts and empty lists: the one dialect leaves out what the other writes as such.
fn bare(value: &Value) -> Value {
    let is_blank = |value: &Value| value.is_null() || value == &json!("") || value == &json!([]);
    match value {
        Value::Object(members) => {
            let left = members
                .iter()
                .map(|(name, value)| (name.clone(), bare(value)))
                .filter(|(_, value)| !is_blank(value));
            Value::Object(left.collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

/// The pair of samples is one report in both dialects. What cannot be equal: members of WSJF that are null, an empty
/// text or an empty list are absent in WSXF or an empty text, and the other way about.
#[test]
fn an_export_is_the_same_report_in_both_dialects() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let samples = PathBuf::from(shared).join("samples");
    let (Ok(xml), Ok(text)) = (
        std::fs::read(samples.join("uut-wsxf-export.xml")),
        std::fs::read(samples.join("uut-wsjf-export.json")),
    ) else {
        return eprintln!("skipped: there are no samples");
    };
    let read = wsxf::read(&xml).unwrap();
    let export: Report = serde_json::from_slice(&text).unwrap();
    assert_eq!(bare(&value(&read[0])), bare(&value(&export)));
    assert!(
        !format!("{read:?}").contains("\"wsxf\""),
        "nothing is left over"
    );
    let (back, told) = again(&read[0]);
    assert_eq!((back, told), (read[0].clone(), Vec::new()));
    // The other way: only what is blank is told.
    let (back, told) = again(&export);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("null or an empty list"), "{told:?}");
    assert_eq!(bare(&value(&back)), bare(&value(&export)));
    // The same rules find the same faults.
    let codes = |report| -> Vec<(&str, String)> {
        let found = lint(report).into_iter();
        found
            .map(|finding| (finding.code(), finding.path))
            .collect()
    };
    assert_eq!(codes(&back), codes(&export));
}

#[test]
fn every_part_has_a_place() {
    for report in [test(), repair()] {
        let report = model(&report);
        let (back, told) = again(&report);
        assert_eq!((back, told), (report, Vec::new()));
    }
}

#[test]
fn what_has_no_place_is_told() {
    let mut report = test();
    report["newMember"] = json!(5);
    report["pn"] = json!("a\u{1}b");
    report["sn"] = json!(7);
    report["rev"] = Value::Null;
    report["processCode"] = json!(100.0);
    report["uut"]["execTime"] = json!("1.50");
    report["assets"] = json!([]);
    report["assetStats"] = json!([{"assetSN": "A"}]);
    report["uut"]["refUURs"] = json!([{"id": "83ac0b8e-b575-4004-94de-f905774c3ed8"}]);
    report["root"]["steps"][0]["steps"][0]["numericMeas"][0]["status"] = json!("Passed");
    let (back, told) = again(&model(&report));
    assert_eq!(back.part_number.as_deref(), Some("a\u{fffd}b"));
    for loss in [
        "report: WSXF has no place for `newMember`, which is 5",
        "report: `pn` is \"a\\u0001b\", which is read back as \"a\u{fffd}b\"",
        "report: `sn` is 7, which is read back as \"7\"",
        "report: `processCode` is 100.0, which is read back as 100",
        "report: WSXF has no place for `assetStats`, which is a list of 1",
        "uut: WSXF has no place for `refUURs`, which is a list of 1",
        "root → All kinds → Number → measurement 1: `status` is \"Passed\", which is read back as \"P\"",
        "report: 2 members that are null or an empty list are left out; in WSXF what is absent says the same",
    ] {
        assert!(told.iter().any(|told| told == loss), "{loss}: {told:#?}");
    }
    assert_eq!(told.len(), 8, "{told:#?}");
    let mut report = repair();
    report["uur"]["children"] = json!(["83ac0b8e-b575-4004-94de-f905774c3ed8"]);
    report["subUnits"][0]["failures"][0]["refStepName"] = json!("Main");
    let (_, told) = again(&model(&report));
    assert_eq!(told.len(), 2, "{told:#?}");
}

#[test]
fn what_only_xml_has_is_kept_and_written_back() {
    let text = wrapped(
        "<Report type='UUT' ID='83AC0B8E-B575-4004-94DE-F905774C3ED8' New='1' xmlns:o='urn:other' o:color='r&amp;d'>
          <UUT Base='x'><Comment by='Kari'>fine</Comment><Comment>twice</Comment></UUT>
          <Process Code='10' Site='2' />
          <Station><Slot n='1'>a</Slot><Slot n='2'/></Station><o:Thing o:a='1'><o:Inner/>text</o:Thing>
          <MiscInfo Description='A' idx='7' order_no='0'>x</MiscInfo>
          <Step Name='Main' StepType='SequenceCall' module_time='3'>
            <SequenceCall Name='Main' Filepath='C:\\seq\\main.seq' Filename='other.seq'/>
            <Step Name='N' StepIndex='4'><NumericLimit Name='a' NumericValue='1' MeasOrderNumber='5'/>
              <NumericLimit Name='b' NumericValue='2' MeasIndex='1' MeasOrderNumber='3'/></Step></Step></Report>",
    );
    let read = wsxf::read(text.as_bytes()).unwrap();
    let kept = value(&read[0]);
    assert_eq!(kept["wsxf"]["@New"], "1");
    assert_eq!(kept["wsxf"]["@{urn:other}color"], "r&d");
    assert_eq!(kept["wsxf"]["Process"], json!([{"@Site": "2"}]));
    assert_eq!(
        kept["wsxf"]["Station"][0]["Slot"][0],
        json!({"@n": "1", "#text": "a"})
    );
    assert_eq!(kept["uut"]["comment"], "fine");
    assert_eq!(
        kept["uut"]["wsxf"]["Comment"],
        json!([{"@by": "Kari"}, {"#text": "twice"}])
    );
    assert_eq!(kept["miscInfos"][0]["wsxf"], json!({"@idx": "7"}));
    assert_eq!(
        kept["root"]["seqCall"]["wsxf"],
        json!({"@Filename": "other.seq"})
    );
    assert_eq!(kept["root"]["steps"][0]["wsxf"], json!({"@StepIndex": "4"}));
    let (back, told) = again(&read[0]);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(value(&back), value(&read[0]));
    let xml = wsxf::write(&read[0]).unwrap().xml;
    for part in [
        "<Process Code=\"10\" Site=\"2\" />",
        "<Slot n=\"2\" />",
        "xmlns:n1=\"urn:other\"",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
}

#[test]
fn other_spellings_are_read() {
    let report = one(
        "<Report type='uut' ID='83ac0b8e-b575-4004-94de-f905774c3ed8' Result='passed'><Process Code='ten'/>
          <UUT ExecutionTime='1e3' Comment='as attribute'/><Asset AssetSN='A' UsageCount='2'/>
          <Step Name='Main' Status='P' Group='main' StepCausedUUTFailure='0' total_time='1,5'>
            <NumericLimit NumericValue='INF' LowLimit='-INF' HighLimit='NaN'/>
            <ReportText><![CDATA[a < b]]> &amp; &#x41;</ReportText>
            <Attachment Name='a' Size='3'> QUJ
             D </Attachment></Step></Report>",
    );
    assert_eq!(report["type"], "T");
    assert_eq!(report["result"], "P");
    assert_eq!(report["processCode"], "ten");
    assert_eq!(
        report["uut"],
        json!({"execTime": 1000.0, "comment": "as attribute"})
    );
    assert_eq!(report["assets"], json!([{"assetSN": "A", "usageCount": 2}]));
    let root = &report["root"];
    assert_eq!(
        (
            &root["status"],
            &root["group"],
            &root["causedUUTFailure"],
            &root["totTime"]
        ),
        (&json!("P"), &json!("M"), &json!(false), &json!("1,5"))
    );
    assert_eq!(
        root["numericMeas"][0],
        json!({"value": "Infinity", "lowLimit": "-Infinity", "highLimit": "NaN"})
    );
    assert_eq!(root["reportText"], "a < b & A");
    assert_eq!(root["attachment"], json!({"name": "a", "data": "QUJD"}));
}

#[test]
fn arrays_of_free_data_have_two_forms() {
    let short = "<AdditionalData Name='D'><Prop Name='a' Type='Array' LBound='[0][0]' HBound='[0][1]' \
        ElementType='Number' Flags='0x80000000'><Value ID='[0][0]'>1</Value><Value ID='[0][1]'>2</Value></Prop>\
        </AdditionalData>";
    let report = one(&format!(
        "<Report type='UUT' ID='83ac0b8e-b575-4004-94de-f905774c3ed8'>{short}</Report>"
    ));
    let property = &report["additionalData"][0]["props"][0];
    assert_eq!(property["flags"], i32::MIN);
    assert_eq!(
        property["array"],
        json!({"dimension": 2, "type": "Number", "indexes": [
            {"text": "[0][0]", "indexes": [0, 0], "value": {"value": "1"}},
            {"text": "[0][1]", "indexes": [0, 1], "value": {"value": "2"}}]})
    );
    let written = wsxf::write(&model(&report)).unwrap();
    assert!(
        written.xml.contains("<Value ID=\"[0][1]\">2</Value>"),
        "{}",
        written.xml
    );
    assert!(!written.xml.contains("<Array"), "{}", written.xml);
    assert_eq!(written.losses, []);
}

#[test]
fn files_and_failures_find_their_units() {
    let report = one(
        "<Report type='UUR' ID='83ac0b8e-b575-4004-94de-f905774c3ed8'><UUR UserLoginName='Ola'><Process Code='10'/></UUR>
          <Process Code='500'/><ReportUnitHierarchy PN='A' Idx='0'/><ReportUnitHierarchy PN='B' Idx='1' ParentIDX='0'/>
          <Failures Idx='0' PartIdx='1' Category='C' Code='X' StepID='3'><Comment>hot</Comment></Failures>
          <Failures Idx='1' PartIdx='0' Code='Y'/><Failures Idx='2' PartIdx='9' Code='Z'/>
          <Binary BinaryDataIndex='0' FailIdx='1'><Data FileName='f.txt' ContentType='text/plain' size='3'>QUJD</Data></Binary>
          <Binary BinaryDataIndex='1'><Data FileName='r.txt' size='9'>QUI=</Data></Binary></Report>",
    );
    assert_eq!(
        (&report["processCode"], &report["uur"]["processCode"]),
        (&json!(500), &json!(10))
    );
    assert_eq!(
        report["subUnits"][1]["failures"],
        json!([{"category": "C", "code": "X", "comment": "hot", "refStepId": 3, "wsxf": {"@Idx": "0"}}])
    );
    assert_eq!(
        report["subUnits"][0]["failures"][0]["attachments"],
        json!([{"name": "f.txt", "contentType": "text/plain", "data": "QUJD"}])
    );
    assert_eq!(report["binaryData"][0]["wsxf"], json!({"@size": "9"}));
    assert_eq!(
        report["wsxf"]["Failures"][0]["@PartIdx"], "9",
        "no such unit: kept"
    );
    let (back, told) = again(&model(&report));
    assert_eq!((value(&back), told), (report, Vec::new()));
}

#[test]
fn several_reports_and_reports_without_an_id() {
    let text = wrapped(
        "<Report PN='A'/> <!-- next --> <Report PN='B'></Report><Report PN='A'/><Report PN='A' ID=' '/>",
    );
    let read = wsxf::read(text.as_bytes()).unwrap();
    let ids: Vec<_> = read.iter().map(|report| report.id.unwrap()).collect();
    assert_eq!(
        ids,
        wsxf::read(text.as_bytes())
            .unwrap()
            .iter()
            .map(|r| r.id.unwrap())
            .collect::<Vec<_>>()
    );
    assert_eq!(ids[0], ids[2], "of the same bytes");
    assert!(ids[0] != ids[1] && ids[0] != ids[3] && ids[1] != ids[3]);
    assert_eq!(ids[0].get_version_num(), 8);
    // Never another: what was submitted under it must be found again.
    assert_eq!(ids[0].to_string(), "9f254c74-dd8d-834d-944f-816b8826e7a8");
    let all = wsxf::write_all(&read).unwrap();
    assert_eq!(wsxf::read(all.xml.as_bytes()).unwrap(), read);
    let utf16 = |make: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(make);
        mark.into_iter().chain(units).collect()
    };
    assert_eq!(
        wsxf::read(&utf16(u16::to_le_bytes, [0xff, 0xfe])).unwrap(),
        read
    );
    assert_eq!(
        wsxf::read(&utf16(u16::to_be_bytes, [0xfe, 0xff])).unwrap(),
        read
    );
    let marked = format!("\u{feff}{text}");
    assert_eq!(wsxf::read(marked.as_bytes()).unwrap(), read);
}

#[test]
fn what_is_no_report_is_told_with_its_place() {
    let nested = |depth: usize| {
        wrapped(&format!(
            "<Report>{}{}</Report>",
            "<Step>".repeat(depth),
            "</Step>".repeat(depth)
        ))
    };
    assert_eq!(
        wsxf::read(nested(70).as_bytes()).unwrap()[0].step_count(),
        70
    );
    for (text, problem) in [
        (String::new(), "it is empty"),
        ("{}".to_owned(), "it is JSON"),
        ("Date;Serial".to_owned(), "does not begin with `<`"),
        (wrapped(""), "no `Report` in it"),
        (
            wrapped("\n<Step/>"),
            "`Step` stands where only `Report` does, at line 2 column 1",
        ),
        (wrapped("text"), "a text outside of the reports"),
        (
            wrapped("<Report>\n<Step/><Step/></Report>"),
            "a report has one `Step`, which all others are in; this is another, at line 2 column 8",
        ),
        ("<Reports/>".to_owned(), "has no namespace"),
        (
            "<Reports xmlns='urn:x'/>".to_owned(),
            "of the namespace `urn:x`",
        ),
        (format!("<Report xmlns='{WSXF}'/>"), "begins with `Report`"),
        (
            format!("<Reports xmlns='{WSXF}'><Report/>"),
            "ends too early",
        ),
        (wrapped("<Report></Rep>"), "at line 1"),
        (wrapped("<Report/>") + "<Reports/>", "comes after the end"),
        (wrapped("<Report PN='&bomb;'/>"), "bomb"),
        (
            wrapped("<Report><UUT><Comment>&bomb;</Comment></UUT></Report>"),
            "the entity `bomb` is unknown",
        ),
        (wrapped("<Report PN='a' PN='b'/>"), "at line 1"),
        (wrapped("<x:Report/>"), "the prefix `x` is not declared"),
        (
            format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{}", wrapped("<Report/>")),
            "a document type",
        ),
        (nested(100), "nests deeper than 80 elements"),
        (nested(1_000_000), "nests deeper than 80 elements"),
    ] {
        let told = wsxf::read(text.as_bytes()).unwrap_err().to_string();
        assert!(told.contains(problem), "{problem}: {told}");
    }
    let told = wsxf::read(b"<a\n\xff/>").unwrap_err().to_string();
    assert!(told.contains("0xff at line 2 column 1"), "{told}");
    let long = vec![b' '; wsxf::MAX_BYTES + 1];
    assert!(
        wsxf::read(&long)
            .unwrap_err()
            .to_string()
            .contains("longer than")
    );
    let mut deep = json!({"name": "x"});
    for _ in 0..60 {
        deep = json!({"name": "x", "steps": [deep]});
    }
    let deep: Report = model(&json!({"root": deep, "id": "83ac0b8e-b575-4004-94de-f905774c3ed8"}));
    assert_eq!(again(&deep).0, deep);
}
