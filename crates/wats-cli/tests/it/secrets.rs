//! No token in any output. Each run of the harness looks for it; here every command is run with as much told as there is.

use wats_sim::Simulator;

use crate::harness::{Home, Server, TOKEN, secretless, stderr};

/// A line for each way to make a command talk to the server or show its settings.
const LINES: &[&str] = &[
    "processes",
    "processes --json",
    "headers --top 2",
    "headers --filter nonsense",
    "get 00000000-0000-4000-8000-000000000001",
    "get de300000-0000-4000-8000-000000000000 --attachments files",
    "get de300000-0000-4000-8000-000000000000 --wsxf",
    "products",
    "units SN000001 --part DEMO-PCBA-100",
    "yield",
    "config show --origin",
    "config check",
    "doctor",
    "doctor --json",
    "submit report.json",
    "submit report.json --json",
    "lint report.json",
    "plot report.json --width 80",
    "queue ls --dir queue",
    "queue health --dir queue",
];

#[test]
fn whatever_is_told_and_traced_has_no_token() {
    let server = Server::of(Simulator::builder().seed_demo());
    let report = server
        .wats(["get", "de300000-0000-4000-8000-000000000000"])
        .run();
    std::fs::write(server.folder().join("report.json"), report.stdout).unwrap();
    for line in LINES {
        for wrong in [false, true] {
            let program = server
                .wats(line.split(' '))
                .arg("-vv")
                .arg("--trace")
                .arg("trace.json");
            let program = if wrong {
                // The server says of it that it is wrong.
                program.env(
                    "WATS_AUTH_TOKEN",
                    format!("{TOKEN}dGVzdDpzZWNyZXQtb2YtdGVzdHM="),
                )
            } else {
                program
            };
            let output = program.run();
            let usage =
                output.status.code() == Some(2) && cfg!(all(feature = "queue", feature = "sim"));
            assert!(!usage, "{line}: {}", stderr(&output));
            let trace = std::fs::read(server.folder().join("trace.json")).unwrap();
            assert!(trace.starts_with(b"{"), "{line}");
            secretless(&trace);
        }
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    let home = Home::new();
    let file = home.file("wats.toml", format!("[default]\nauth_token {TOKEN}\n"));
    home.wats(["processes"])
        .env("WATS_CONFIG", &file)
        .assert()
        .code(2);
    let file = home.file(
        "wats2.toml",
        format!("[default]\nauth_token = \"{TOKEN}\" x\n"),
    );
    home.wats(["processes"])
        .env("WATS_CONFIG", &file)
        .assert()
        .code(2);
    home.wats(["processes", "--base-url", "https://a.example"])
        .env("WATS_AUTH_TOKEN", format!("{TOKEN}\u{7f}"))
        .assert()
        .failure();
}

#[test]
fn calls_are_told_and_traced() {
    let server = Server::start();
    let quiet = server.wats(["processes"]).run();
    assert!(quiet.stderr.is_empty());
    let told = server.wats(["processes", "-v"]).run();
    let told = String::from_utf8(told.stderr).unwrap();
    assert!(
        told.starts_with("GET http://127.0.0.1:") && told.contains(": 200 OK in "),
        "{told}"
    );
    let more = server
        .wats(["processes", "-vv", "--trace", "trace.json"])
        .run();
    let more = String::from_utf8(more.stderr).unwrap();
    assert!(
        more.contains("  < content-type: application/json"),
        "{more}"
    );

    let trace = std::fs::read(server.folder().join("trace.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&trace).unwrap();
    assert_eq!(trace["schema"], 1);
    assert_eq!(trace["exchanges"][0]["answer"]["status"], 200, "{trace}");

    server
        .wats(["processes", "--trace", "no/such/folder"])
        .assert()
        .failure();
    let asked = server.simulator().counters().total_requests();
    assert_eq!(asked, 3, "nothing is sent when the trace cannot be written");
}

/// Elsewhere nothing can press Ctrl-C for a process.
#[cfg(unix)]
#[test]
fn a_trace_is_written_when_ctrl_c_ends_the_command() {
    let server = Server::start();
    let long = std::time::Duration::from_secs(600);
    server.simulator().inject(wats_sim::Fault::status(503));
    server.simulator().inject(wats_sim::Fault::delay(long));
    let program = server.wats(["processes", "--trace", "trace.json"]).start();
    crate::harness::until("the server was asked again", || {
        server.simulator().counters().total_requests() > 1
    });
    program.interrupt();
    assert_eq!(program.output().status.code(), Some(130));
    let trace = std::fs::read(server.folder().join("trace.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&trace).unwrap();
    assert_eq!(trace["exchanges"][0]["answer"]["status"], 503, "{trace}");
}
