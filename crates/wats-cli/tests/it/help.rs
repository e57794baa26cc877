//! The frame: help, usage, and what all commands do alike with servers, tokens, pipes and Ctrl-C.

use crate::harness::{Home, Server, TOKEN, document, stderr, stdout};

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
    let server = Server::start();
    let long = std::time::Duration::from_secs(600);
    server.simulator().inject(wats_sim::Fault::delay(long));
    let program = server.wats(["processes"]).start();
    crate::harness::until("the server was asked", || {
        server.simulator().counters().total_requests() > 0
    });
    program.interrupt();
    let output = program.output();
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(130), "interrupted\n")
    );
}
