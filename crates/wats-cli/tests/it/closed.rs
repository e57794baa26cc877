//! A reader that ends early, as `head` does: what only prints ends quietly, what does something does all of it.

use std::fmt::Write as _;

use crate::harness::{Home, Program, Server, stderr};
use crate::samples::{document_of, passed, refused, text_of};

/// The code and the standard error of a program whose standard output nobody reads.
fn unread(program: Program) -> (Option<i32>, String) {
    let mut running = program.start();
    running.close();
    let output = running.output();
    (output.status.code(), stderr(&output))
}

#[test]
fn all_reports_are_sent_though_nobody_reads_what_became_of_them() {
    let reports: Vec<_> = (0..30).map(|at| passed(&format!("SN-{at}"), 5.0)).collect();
    for form in ["--jsonl", "--csv", "--json", "--quiet"] {
        let server = Server::start();
        for (at, report) in reports.iter().enumerate() {
            let path = server.folder().join(format!("{at:02}.json"));
            std::fs::write(path, text_of(report)).unwrap();
        }
        let told = unread(server.wats(["submit", ".", form]));
        assert_eq!(told, (Some(0), String::new()), "{form}");
        for report in &reports {
            let id = report.id().to_string();
            assert!(server.simulator().report(&id).is_some(), "{form}: {id}");
        }
    }
    let server = Server::start();
    std::fs::write(server.folder().join("00.json"), refused()).unwrap();
    let (code, told) = unread(server.wats(["submit", ".", "--jsonl"]));
    assert_eq!(code, Some(3), "{told}");
}

#[test]
fn files_are_written_though_nobody_reads_what_is_told_of_them() {
    let home = Home::new();
    // Free data has no place in XML: a line for each is more than a buffer takes.
    let mut document = document_of(&passed("SN-1", 5.0));
    for at in 0..500 {
        document[format!("nothing_of_wsxf_with_a_long_name_{at}")] = "x".into();
    }
    home.file("report.json", document.to_string());
    let convert = [
        "convert",
        "report.json",
        "report.xml",
        "--lossy",
        "--jsonl",
        "--quiet",
    ];
    assert_eq!(unread(home.wats(convert)), (Some(0), String::new()));
    assert!(home.folder().join("report.xml").exists());
    let strict = ["convert", "report.json", "other.xml", "--jsonl"];
    assert_eq!(unread(home.wats(strict)).0, Some(3));
    let mut document = document_of(&passed("SN-1", 5.0));
    let mut twin = document["root"]["steps"][0].clone();
    twin["id"] = 1_000.into();
    document["root"]["steps"].as_array_mut().unwrap().push(twin);
    let text = document.to_string();
    let path = home.file("twins.json", &text);
    let fix = [
        "fix",
        "twins.json",
        "--in-place",
        "--policy",
        "duplicate-names",
        "--jsonl",
        "--quiet",
    ];
    assert_eq!(unread(home.wats(fix)), (Some(0), String::new()));
    assert_ne!(std::fs::read_to_string(path).unwrap(), text);
}

#[test]
fn what_only_prints_ends_quietly() {
    let home = Home::new();
    let mut steps = String::new();
    for at in 0..200 {
        let mut step = document_of(&passed("SN-1", 5.0))["root"]["steps"][0].clone();
        step["id"] = (at + 1).into();
        step["name"] = format!("step {at}").into();
        step["numericMeas"][0]["unit"] = "".into();
        let _ = write!(steps, "{}{step}", if at > 0 { "," } else { "" });
    }
    let mut document = document_of(&passed("SN-1", 5.0));
    document["root"]["steps"] = serde_json::from_str(&format!("[{steps}]")).unwrap();
    home.file("report.json", document.to_string());
    for arguments in [
        &["lint", "report.json", "--jsonl"][..],
        &["lint", "--rules"],
        &["fix", "--list"],
        &["fix", "report.json", "--policy", "none", "--quiet"],
        &["plot", "report.json", "--jsonl"],
        &["plot", "report.json", "--width", "80"],
        &["convert", "report.json", "-", "--to", "csv", "--quiet"],
        &["completions", "bash"],
        &["--help"],
    ] {
        let (code, told) = unread(home.wats(arguments));
        // A report that the server would refuse is one, whoever reads it.
        let expected =
            if arguments.contains(&"none") || arguments == ["lint", "report.json", "--jsonl"] {
                3
            } else {
                0
            };
        assert_eq!(code, Some(expected), "{arguments:?}: {told}");
        assert!(
            !told.contains("panicked") && !told.contains("pipe"),
            "{arguments:?}: {told}"
        );
    }
}
