//! `wats convert`: nothing is lost without being told, and nothing is written by halves.

use wats::serde_json::{self, Value, json};

use crate::harness::{Home, stderr, stdout};
use crate::samples::{document_of, passed, rows, text_of};

#[test]
fn there_and_back_is_the_same_report() {
    let home = Home::new();
    let (one, two) = (passed("SN-1", 5.02), passed("SN-2", 5.1));
    home.file("one.json", text_of(&one));
    home.file(
        "two.jsonl",
        format!("{}\n{}", document_of(&one), document_of(&two)),
    );
    home.wats(["convert", "one.json", "one.xml"])
        .assert()
        .code(0);
    home.wats(["convert", "one.xml", "back.json"])
        .assert()
        .code(0);
    let back = std::fs::read(home.folder().join("back.json")).unwrap();
    let back: Value = serde_json::from_slice(&back).unwrap();
    assert_eq!(back, document_of(&one));
    home.wats(["convert", "two.jsonl", "two.xml"])
        .assert()
        .code(0);
    let list = home.wats(["convert", "--to", "wsjf", "two.xml", "-"]).run();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list, json!([document_of(&one), document_of(&two)]));
}

#[test]
fn what_only_xml_has_is_told_kept_and_written_back() {
    let home = Home::new();
    let xml = wats::report::wsxf::write(passed("SN-1", 5.02).report())
        .unwrap()
        .xml;
    home.file("one.xml", xml.replacen("<Report ", "<Report Odd=\"x\" ", 1));
    let output = home.wats(["convert", "one.xml", "one.json"]).run();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        stderr(&output).contains("1 objects have parts"),
        "{}",
        stderr(&output)
    );
    home.wats(["convert", "one.json", "back.xml"])
        .assert()
        .code(0);
    let back = std::fs::read_to_string(home.folder().join("back.xml")).unwrap();
    assert!(back.contains("Odd=\"x\""), "{back}");
}

#[test]
fn what_does_not_carry_over_is_listed_and_nothing_is_written() {
    let home = Home::new();
    let mut document = document_of(&passed("SN-1", 5.0));
    document["own"] = json!({"a": 1});
    document["comment"] = Value::Null;
    home.file("own.json", document.to_string());
    let refused = home
        .wats(["convert", "own.json", "own.xml", "--json"])
        .run();
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    let losses = rows(&refused);
    assert_eq!(losses.len(), 1, "null says nothing: {losses:?}");
    assert!(
        losses[0]["loss"].as_str().unwrap().contains("own"),
        "{losses:?}"
    );
    assert!(!home.folder().join("own.xml").exists());
    home.wats(["convert", "own.json", "own.xml", "--lossy"])
        .assert()
        .code(0);
    let again = home
        .wats(["convert", "own.json", "own.xml", "--lossy"])
        .run();
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("--overwrite"), "{}", stderr(&again));
    home.wats(["convert", "own.json", "own.xml", "--lossy", "--overwrite"])
        .assert()
        .code(0);
    assert_eq!(std::fs::read_dir(home.folder()).unwrap().count(), 2);
}

#[test]
fn measurements_are_lines_with_named_columns() {
    let home = Home::new();
    let report = passed("SN-1", 5.0);
    let mut document = document_of(&report);
    document["root"]["steps"][0]["numericMeas"][0]["value"] = json!("5.10");
    home.file("report.json", document.to_string());
    let output = home
        .wats(["convert", "--to", "csv", "report.json", "-"])
        .run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    let of = |name: &str| {
        let at = lines[0].iter().position(|column| *column == name).unwrap();
        lines[1][at]
    };
    assert_eq!(of("report"), report.id().to_string());
    assert!(of("path").ends_with("/Measure +5V"), "{text}");
    for (name, value) in [
        ("kind", "numeric"),
        ("value", "5.10"),
        ("unit", "V"),
        ("operator", "GELE"),
        ("low_limit", "4.75"),
        ("high_limit", "5.25"),
        ("status", "P"),
        ("serial_number", "SN-1"),
    ] {
        assert_eq!(of(name), value, "{text}");
    }
}

#[test]
fn formats_are_named_by_the_file_or_by_an_option() {
    let home = Home::new();
    home.file("report.json", text_of(&passed("SN-1", 5.0)));
    home.wats(["convert", "report.json", "report.dat"])
        .assert()
        .code(2);
    home.wats(["convert", "report.json", "none/report.xml"])
        .assert()
        .code(5);
    home.wats(["convert", "report.json", "x.xml", "--from", "wsxf"])
        .assert()
        .code(1);
    home.file(
        "suite.xml",
        "<testsuite name='s'><testcase name='a'/></testsuite>",
    );
    let told = home.wats(["convert", "suite.xml", "suite.json"]).run();
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("--from junit"), "{}", stderr(&told));
    let usage = home
        .wats(["convert", "suite.xml", "suite.json", "--from", "junit"])
        .run();
    assert_eq!(usage.status.code(), Some(2), "{}", stderr(&usage));
    assert!(
        stderr(&usage).contains("--process-code"),
        "{}",
        stderr(&usage)
    );
}
