//! The program: what it says, and how it fails.
#![cfg(feature = "cli")]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wats-sim");

#[test]
fn it_prints_where_it_listens() {
    let mut program = Command::new(PROGRAM)
        .args([
            "--port",
            "0",
            "--token",
            "dA==",
            "--latency",
            "1ms",
            "--products",
            "2",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(program.stdout.take().unwrap());
    let lines: Vec<String> = out.lines().take(3).map(Result::unwrap).collect();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(
        lines[0].starts_with("WATS_BASE_URL=http://127.0.0.1:"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "WATS_AUTH_TOKEN=dA==");
}

#[test]
fn a_taken_port_is_one_clear_line_and_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = Command::new(PROGRAM)
        .args(["--port", &port])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}")),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_its_counters() {
    use std::io::Read as _;
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let ca = directory.join("program-ca.pem");
    let mut program = Command::new(PROGRAM)
        .args(["--port", "0", "--tls", "--ca-out"])
        .arg(&ca)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("stop with") {
        line.clear();
        assert!(
            out.read_line(&mut line).unwrap() > 0,
            "it speaks before it ends"
        );
    }
    assert!(
        std::fs::read_to_string(&ca)
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    let pid = program.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(
        program.wait().unwrap().success() && rest.contains("connections"),
        "{rest}"
    );
}
