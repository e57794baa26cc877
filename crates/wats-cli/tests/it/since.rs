//! `wats headers` with a file that remembers what was printed: nothing is left out, whatever ends a run.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wats_sim::{Fault, Simulator};

use crate::harness::{Server, document, stderr, stdout};

const ROUTE: (&str, &str) = ("GET", "/api/Report/Query/Header");

fn load(server: &Server, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let report = json!({
            "type": "T", "id": format!("00000000-0000-4000-8000-{number:012}"), "pn": "P", "sn": format!("SN-{number}"),
            "rev": "A", "processCode": 100, "result": "P", "machineName": "M", "location": "L", "purpose": "T",
            "start": "2026-01-30T22:01:41+01:00",
            "root": { "id": 0, "group": "M", "stepType": "SequenceCall", "name": "Main", "status": "P",
                      "seqCall": { "path": "p", "name": "n", "version": "1" } },
            "uut": { "user": "u", "execTime": 1.0 },
        });
        server.simulator().load_report(report.to_string()).unwrap();
    }
}

fn serials(jsonl: &str) -> Vec<String> {
    let serial = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        value["serial"].as_str().unwrap().to_owned()
    };
    jsonl.lines().map(serial).collect()
}

fn expected(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("SN-{number}")).collect()
}

#[test]
fn each_run_prints_what_is_new() {
    let server = Server::start();
    load(&server, 0..5);
    let run = |arguments: &[&str]| {
        let program = server.wats(["headers", "--since", "./seen.cursor", "--jsonl"]);
        let output = arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run();
        assert!(output.status.success(), "{}", stderr(&output));
        serials(&stdout(&output))
    };
    assert_eq!(run(&["--top", "2"]), expected(0..2));
    assert_eq!(run(&[]), expected(2..5));
    assert!(run(&[]).is_empty());
    load(&server, 5..7);
    // Processed again, it is new again.
    load(&server, 1..2);
    assert_eq!(run(&[]), ["SN-5", "SN-6", "SN-1"]);
    // Of a document and a table, too.
    load(&server, 7..8);
    let json = server
        .wats(["headers", "--since-file", "seen.cursor", "--json"])
        .run();
    assert_eq!(document(&json)["items"][0]["serial"], "SN-7");
    assert!(run(&[]).is_empty());
}

#[test]
fn a_reader_that_ends_early_loses_nothing() {
    // More than a pipe and a reader take at once; and less, where the system tells whether that was read.
    let counts: &[u32] = if cfg!(target_os = "linux") {
        &[2_000, 40]
    } else {
        &[2_000]
    };
    for count in counts.iter().copied() {
        let server = Server::start();
        load(&server, 0..count);
        let arguments = ["headers", "--since", "./seen.cursor", "--jsonl"];
        let mut program = server.wats(arguments).start();
        for _ in 0..3 {
            assert!(program.line().is_some());
        }
        program.close();
        let output = program.output();
        assert_eq!(
            (output.status.code(), stderr(&output)),
            (Some(0), String::new())
        );
        let again = serials(&stdout(&server.wats(arguments).run()));
        assert_eq!(again, expected(0..count), "{count}");
    }
}

/// Where the system tells what lies in a pipe.
#[cfg(target_os = "linux")]
#[test]
fn what_lies_in_the_pipe_when_its_reader_ends_is_printed_again() {
    for (format, lines) in [("--jsonl", 4), ("--csv", 5), ("--json", 1)] {
        let server = Server::start();
        load(&server, 0..5);
        let arguments = |format| ["headers", "--since", "./seen.cursor", format];
        let mut program = server.wats(arguments(format)).start();
        let mut ends = 0;
        while ends < lines {
            ends += usize::from(program.byte() == b'\n');
        }
        // Of what comes next there is the first byte: it was written as one, and lies in the pipe.
        program.byte();
        program.close();
        let output = program.output();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let again = serials(&stdout(&server.wats(arguments("--jsonl")).run()));
        assert_eq!(again, expected(0..5), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn head_ends_it_quietly() {
    let server = Server::start();
    load(&server, 0..2_000);
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_wats");
    shell.args([
        "-c",
        &format!("'{program}' headers --since ./seen.cursor --jsonl | head -n 3"),
    ]);
    crate::harness::environment(&mut shell, server.folder());
    let output = shell
        .current_dir(server.folder())
        .env("WATS_BASE_URL", server.simulator().base_url())
        .env("WATS_AUTH_TOKEN", crate::harness::TOKEN)
        .output()
        .unwrap();
    assert_eq!(
        (stderr(&output), serials(&stdout(&output))),
        (String::new(), expected(0..3))
    );
    let next = server
        .wats(["headers", "--since", "./seen.cursor", "--jsonl"])
        .run();
    let all: BTreeSet<String> = serials(&stdout(&next)).into_iter().collect();
    assert_eq!(all.len(), 2_000);
}

#[test]
fn what_was_printed_before_a_failure_is_not_printed_again_nor_lost() {
    let server = Server::of(Simulator::builder());
    load(&server, 0..1_500);
    let fail = || {
        let second = Fault::status(400).route(ROUTE.0, ROUTE.1).skip(1);
        server.simulator().inject(second);
    };
    let run = |format: &str| {
        server
            .wats(["headers", "--since", "./seen.cursor", format])
            .run()
    };
    // A part of a document is worth nothing.
    fail();
    let json = run("--json");
    assert_eq!(json.status.code(), Some(3), "{}", stderr(&json));
    assert!(!server.folder().join("seen.cursor").exists());
    fail();
    let first = run("--jsonl");
    assert_eq!(first.status.code(), Some(3));
    let second = run("--jsonl");
    assert!(second.status.success());
    let printed = serials(&(stdout(&first) + &stdout(&second)));
    assert_eq!(printed, expected(0..1_500));
}

#[test]
fn a_file_belongs_to_its_server_and_conditions() {
    let server = Server::start();
    load(&server, 0..1);
    let run = |arguments: &[&str]| {
        let program = server.wats(["headers", "--since", "./seen.cursor"]);
        arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run()
    };
    assert!(run(&["--part", "P"]).status.success());
    let before = std::fs::read(server.folder().join("seen.cursor")).unwrap();
    for other in [
        &["--part", "Q"][..],
        &[],
        &["--part", "P", "--type", "test"],
    ] {
        let output = run(other);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{other:?}: {}",
            stderr(&output)
        );
    }
    for wrong in [
        &["--part", "P", "--until", "1d"][..],
        &["--part", "P", "--order", "id"],
    ] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(
        std::fs::read(server.folder().join("seen.cursor")).unwrap(),
        before
    );
    for broken in [
        &b"{}"[..],
        b"",
        b"\xff",
        b"{\"server\":\"\",\"conditions\":\"\",\"after\":1.5}",
    ] {
        std::fs::write(server.folder().join("seen.cursor"), broken).unwrap();
        assert!(!run(&["--part", "P"]).status.success());
        assert_eq!(
            std::fs::read(server.folder().join("seen.cursor")).unwrap(),
            broken
        );
    }
}
