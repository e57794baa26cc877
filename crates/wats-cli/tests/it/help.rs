//! The frame: help, usage, and what all commands do alike with servers, tokens, pipes and Ctrl-C.

use crate::harness::{Home, Server, TOKEN, document, stderr, stdout};
use crate::samples::{passed, text_of};

#[test]
fn help_is_on_standard_output_and_mistakes_are_usage() {
    let home = Home::new();
    let help = home.wats(["--help"]).run();
    assert!(help.status.success() && help.stderr.is_empty());
    assert!(stdout(&help).contains("Exit codes:"), "{}", stdout(&help));
    home.wats(["--no-such-option"]).assert().code(2);
    home.wats::<[&str; 0]>([]).assert().code(2);
    home.wats(["processes"])
        .arg("--json")
        .arg("--csv")
        .assert()
        .code(2);
}

#[test]
fn with_json_a_mistake_is_an_object_too() {
    let home = Home::new();
    for line in [
        &["--json", "headers", "--top", "0"][..],
        &["headers", "--jsonl", "--top", "0"],
        &["--jsonl", "no-such-command"],
        &["processes", "--json", "--csv"],
        &["--json", "--fields", "", "processes"],
        &["--json", "submit"],
    ] {
        let output = home.wats(line).run();
        assert_eq!(output.status.code(), Some(2), "{line:?}");
        let error: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
        let message = error["message"].as_str().unwrap();
        assert_eq!(
            (&error["code"], &error["kind"]),
            (&2.into(), &"usage".into())
        );
        assert!(
            !message.starts_with("error") && !message.contains("Usage"),
            "{message}"
        );
        assert!(stdout(&output).is_empty(), "{line:?}");
    }
    // Here it is the name of a file.
    let file = home.wats(["lint", "--", "--json"]).run();
    assert_eq!(file.status.code(), Some(5));
    assert!(
        stderr(&file).starts_with("error: --json: "),
        "{}",
        stderr(&file)
    );
    let help = home.wats(["--json", "headers", "--help"]).run();
    assert!(help.status.success() && stdout(&help).contains("Usage"));
}

#[test]
fn an_error_does_not_steer_the_terminal() {
    let home = Home::new();
    let name = "none\u{1b}]0;title\u{7}\u{202e}.json";
    for line in [["fix", name], ["lint", name], ["submit", name]] {
        let output = home.wats(line).run();
        let text = stderr(&output);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
}

/// Where there is a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let home = Home::new();
    for option in ["--help", "--version"] {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_wats"));
        crate::harness::environment(&mut program, home.folder());
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let status = program
            .arg(option)
            .stdout(full)
            .stderr(std::process::Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(1), "{option}");
    }
}

#[test]
fn rows_are_a_document_with_a_schema() {
    let server = Server::start();
    let output = server.wats(["processes", "--json"]).run();
    let document = document(&output);
    assert_eq!(document["schema"], 1);
    assert!(document["items"][0]["code"].is_i64(), "{document}");
}

#[test]
fn each_trouble_has_its_code() {
    let server = Server::start();
    let wrong = server
        .wats(["processes", "--json"])
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .run();
    assert_eq!(wrong.status.code(), Some(4), "{}", stderr(&wrong));
    let error: serde_json::Value = serde_json::from_str(&stderr(&wrong)).unwrap();
    assert_eq!(
        (&error["code"], &error["kind"], &error["status"]),
        (&4.into(), &"access".into(), &401.into())
    );

    server.stop();
    let dead = server.wats(["processes", "--timeout", "2s"]).run();
    assert_eq!(dead.status.code(), Some(6), "{}", stderr(&dead));
    assert_eq!(stderr(&dead).lines().count(), 1, "{}", stderr(&dead));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let server = Server::start();
    let mut program = server.wats(["processes", "--jsonl"]).start();
    program.close();
    let output = program.output();
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(0), String::new())
    );
}

#[cfg(feature = "queue")]
#[test]
fn whoever_reads_the_rows_all_is_done_and_the_code_is_that_of_all() {
    use crate::reports::{id, refused, test};

    let server = Server::start();
    // More than are sent at a time, and the last of them is refused.
    let mut all: Vec<String> = (1..=120).map(|n| test(n, "SN-1", "")).collect();
    all.push(refused(121));
    std::fs::write(server.folder().join("all.json"), all.join("\n")).unwrap();
    for line in [
        &["submit", "all.json", "--jsonl"][..],
        &["lint", "all.json", "--jsonl"],
        &[
            "watch", "in", "--queue", "q", "--once", "--poll", "10ms", "--settle", "1ms", "--jsonl",
        ],
    ] {
        std::fs::create_dir_all(server.folder().join("in")).unwrap();
        std::fs::write(server.folder().join("in/refused.json"), refused(1)).unwrap();
        let mut program = server.wats(line).start();
        program.close();
        let output = program.output();
        assert_eq!(
            output.status.code(),
            Some(3),
            "{line:?}: {}",
            stderr(&output)
        );
    }
    let mut program = server
        .wats(["doctor", "--jsonl"])
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .start();
    program.close();
    assert_eq!(program.output().status.code(), Some(4));
    for n in 1..=120 {
        assert_eq!(server.simulator().receive_count(&id(n)), 1, "{n}");
    }
    // A file is written, too, when nobody reads what was lost on the way to it.
    let mut odd: serde_json::Value = serde_json::from_str(&test(1, "SN-1", "")).unwrap();
    // More than is kept before it is written.
    for at in 0..400 {
        odd[format!("ownMember{at}")] = 1.into();
    }
    std::fs::write(server.folder().join("odd.json"), odd.to_string()).unwrap();
    let line = ["convert", "odd.json", "odd.xml", "--lossy", "--csv"];
    let mut program = server.wats(line).start();
    program.close();
    drop(program.output());
    assert!(server.folder().join("odd.xml").exists());
}

#[test]
fn standard_input_is_read_once_and_the_second_who_would_is_told() {
    let server = Server::start();
    let (url, home) = (server.simulator().base_url(), Home::new());
    home.file("report.json", text_of(&passed("SN-1", 5.0)));
    for line in [
        &["headers", "--since-file", "seen", "--jsonl"][..],
        &["config", "check"],
        &["doctor"],
        &["processes"],
        &["submit", "report.json", "--from", "wsjf"],
    ] {
        for before in ["", "\u{feff}"] {
            home.wats(line)
                .arg("--base-url")
                .arg(url)
                .args(["--token-file", "-"])
                .stdin(format!("{before}{TOKEN}\r\n"))
                .assert()
                .code(0);
        }
    }
    for line in [["submit", "-"], ["get", "-"]] {
        let output = home
            .wats(line)
            .arg("--base-url")
            .arg(url)
            .args(["--token-file", "-"])
            .stdin(TOKEN)
            .run();
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(
            stderr(&output).contains("can be read once"),
            "{}",
            stderr(&output)
        );
    }
    home.wats(["lint", "-", "-"]).assert().code(2);
}

#[test]
fn a_dash_is_standard_output_or_told() {
    let server = Server::start();
    std::fs::write(
        server.folder().join("one.json"),
        text_of(&passed("SN-1", 5.0)),
    )
    .unwrap();
    let fixed = server.wats(["fix", "one.json", "-o", "-"]).run();
    assert_eq!(fixed.status.code(), Some(0), "{}", stderr(&fixed));
    assert_eq!(document(&fixed)["sn"], "SN-1");
    for line in [
        &["processes", "--trace", "-"][..],
        &["headers", "--since-file", "-"],
        &["headers", "--since", "-"],
        &["get", "-o", "-", "00000000-0000-4000-8000-000000000001"],
        &[
            "get",
            "--attachments",
            "-",
            "00000000-0000-4000-8000-000000000001",
        ],
        &["plot", "one.json", "--svg", "-"],
        &["man", "-"],
    ] {
        server.wats(line).assert().code(2);
    }
    assert!(!server.folder().join("-").exists());
}

#[test]
fn what_the_library_warns_of_is_told_once_unless_nothing_is_to_be_told() {
    let home = Home::new();
    let told = |more: &[&str]| {
        let program = home
            .wats([
                "processes",
                "--base-url",
                "http://nobody.invalid",
                "--timeout",
                "1s",
            ])
            .env("WATS_AUTH_TOKEN", TOKEN);
        let output = more
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run();
        assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
        stderr(&output)
    };
    let usual = told(&[]);
    let warned = usual
        .lines()
        .filter(|line| line.starts_with("warning: the base URL is http://"));
    assert_eq!(warned.count(), 1, "{usual}");
    assert!(!usual.contains("debug:"), "{usual}");
    assert!(!told(&["--quiet"]).contains("warning"));
    let json = told(&["--json"]);
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["kind"], "warning");
    assert!(told(&["-vv"]).contains("debug: trying again"));
}

#[test]
fn a_token_comes_from_standard_input_and_from_a_file() {
    let server = Server::start();
    let url = server.simulator().base_url();
    let home = Home::new();
    let token = home.file("a/token", crate::harness::TOKEN);
    home.wats(["processes", "--base-url", url, "--token-file"])
        .arg(&token)
        .assert()
        .code(0);
    home.wats(["processes", "--base-url", url, "--token-file", "-"])
        .stdin(crate::harness::TOKEN)
        .assert()
        .code(0);
    home.wats(["processes", "--base-url", url]).assert().code(4);
}

/// Elsewhere nothing can press Ctrl-C for a process.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_command_that_waits() {
    for json in [false, true] {
        let server = Server::start();
        let long = std::time::Duration::from_secs(600);
        server.simulator().inject(wats_sim::Fault::delay(long));
        let line = if json {
            &["processes", "--json"][..]
        } else {
            &["processes"]
        };
        let program = server.wats(line).start();
        crate::harness::until("the server was asked", || {
            server.simulator().counters().total_requests() > 0
        });
        program.interrupt();
        let output = program.output();
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        if json {
            let error: serde_json::Value = serde_json::from_str(&stderr(&output)).unwrap();
            assert_eq!(error["kind"], "interrupted");
        } else {
            assert_eq!(stderr(&output), "interrupted\n");
        }
    }
}
