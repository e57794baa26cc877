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

#[cfg(unix)]
#[test]
fn what_ends_a_container_ends_it_and_so_does_a_second_signal() {
    use std::io::{Read as _, Write as _};
    for signals in [&["-TERM"][..], &["-INT", "-INT"]] {
        let mut program = Command::new(PROGRAM)
            .args(["--port", "0", "--latency", "1h"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let address = line.trim().replace("WATS_BASE_URL=http://", "");
        while !line.starts_with("stop with") {
            line.clear();
            lines.read_line(&mut line).unwrap();
        }
        // Half a request; and where there are two signals, one that is never answered.
        let mut open = std::net::TcpStream::connect(&address).unwrap();
        open.write_all(b"GET /api/App/Version HTTP/1.1\r\n")
            .unwrap();
        if signals.len() > 1 {
            open.write_all(b"Host: x\r\n\r\n").unwrap();
        }
        for signal in signals {
            let pid = program.id().to_string();
            let sent = Command::new("kill").args([signal, pid.as_str()]).status();
            assert!(sent.unwrap().success());
            // It has heard it when it takes no more connections.
            while std::net::TcpStream::connect(&address).is_ok() {
                std::thread::yield_now();
            }
        }
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        assert!(program.wait().unwrap().success(), "{rest}");
        assert!(rest.contains("connections"), "{rest}");
    }
}

#[test]
fn it_serves_on_when_nobody_reads_what_it_prints() {
    use std::io::{Read as _, Write as _};
    for keep in [true, false] {
        let mut program = Command::new(PROGRAM)
            .args(["--port", "0", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let address = line.trim().replace("WATS_BASE_URL=http://", "");
        // Open and full, or closed.
        let kept = keep.then_some(lines);
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(250));
        // Far more lines than a pipe holds.
        for _ in 0..1000 {
            stream.write_all(request.as_bytes()).unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
        }
        program.kill().unwrap();
        program.wait().unwrap();
        drop(kept);
    }
}

/// The program with these arguments; what it says on standard error, and its exit code.
fn refused(arguments: &[&str]) -> (String, Option<i32>) {
    let output = Command::new(PROGRAM)
        .args(["--port", "0"])
        .args(arguments)
        .output()
        .unwrap();
    (
        String::from_utf8(output.stderr).unwrap(),
        output.status.code(),
    )
}

#[cfg(feature = "script")]
#[test]
fn what_cannot_be_loaded_is_refused_with_its_name() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let faults = directory.join("bad-faults.toml");
    std::fs::write(&faults, "[[fault]]\naction = \"burn\"").unwrap();
    let report = directory.join("bad-report.json");
    std::fs::write(&report, "{}").unwrap();
    for (arguments, words) in [
        (
            ["--faults", faults.to_str().unwrap()],
            "bad-faults.toml: fault 1: action: there is no 'burn'",
        ),
        (["--faults", "no-such-file.toml"], "no-such-file.toml"),
        (["--load", report.to_str().unwrap()], "bad-report.json"),
        (["--rate-limit", "many"], "500/1m"),
        (["--latency", "soon"], "20ms"),
    ] {
        let (said, code) = refused(&arguments);
        assert!(said.contains(words) && code != Some(0), "{said}");
    }
}

#[test]
fn it_prints_a_line_of_json_for_each_request() {
    use std::io::Write as _;
    let mut program = Command::new(PROGRAM)
        .args(["--port", "0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = lines.next().unwrap().replace("WATS_BASE_URL=http://", "");
    while !lines.next().unwrap().starts_with("stop with") {}
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /api/Nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&"GET".into(), &"/api/Nothing".into(), &404.into())
    );
}
