//! `wats doctor`: each kind of trouble is told by name, with what to do, and has its code.

use serde_json::Value;
use wats_sim::{Access, Fault, Simulator};

use crate::harness::{Home, Server, TOKEN, document, stderr, stdout};
use crate::reports::{enqueue, refused};

/// The state of a check, and what was found.
fn check(document: &Value, name: &str) -> (String, String) {
    let checks = document["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .rfind(|check| check["check"] == name)
        .unwrap_or_else(|| panic!("no {name} in {document:#}"));
    let state = found["state"].as_str().unwrap();
    // Whatever is wrong, something is said of what to do.
    assert_eq!(state == "ok", found["remedy"].is_null(), "{found}");
    (
        state.to_owned(),
        found["found"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn all_is_well() {
    let server = Server::start();
    enqueue(&server.folder().join("q"), &[]);
    let output = server.wats(["doctor", "--json", "--queue", "q"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let document = document(&output);
    assert_eq!(
        (&document["schema"], &document["code"]),
        (&1.into(), &0.into())
    );
    for name in [
        "setting",
        "proxy",
        "name",
        "connection",
        "tls",
        "http",
        "server",
        "clock",
        "limit",
        "read",
        "submit",
        "internal",
        "folder",
        "sync",
        "queue",
    ] {
        assert_eq!(check(&document, name).0, "ok", "{name}: {document:#}");
    }
    // Nothing was submitted.
    assert_eq!(
        server
            .simulator()
            .counters()
            .requests_to("POST /api/Report/WSJF"),
        1
    );
    let screen = server.wats(["doctor"]).env("COLUMNS", "40").run();
    assert!(stdout(&screen).starts_with("ok "), "{}", stdout(&screen));
    assert!(stderr(&screen).contains("all is well"));
    let lines = server.wats(["doctor", "--jsonl"]).run();
    for line in stdout(&lines).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schema"], 1);
    }
}

#[test]
fn settings_that_are_missing_are_named() {
    let home = Home::new();
    let nothing = home.wats(["doctor", "--json"]).run();
    assert_eq!(nothing.status.code(), Some(2));
    let (state, found) = check(&document(&nothing), "settings");
    assert_eq!(state, "fail");
    assert!(found.contains("address"), "{found}");
    let no_token = home
        .wats(["doctor", "--json", "--base-url", "https://nobody.invalid"])
        .run();
    assert_eq!(no_token.status.code(), Some(4));
    let odd = home
        .wats(["doctor", "--json", "--base-url", "nonsense"])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .run();
    assert_eq!(odd.status.code(), Some(2), "{}", stdout(&odd));
    let unknown = home
        .wats(["doctor", "--json", "--base-url", "https://nobody.invalid"])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .run();
    assert_eq!(unknown.status.code(), Some(6));
    assert_eq!(check(&document(&unknown), "name").0, "fail");
}

#[test]
fn a_server_that_is_dead_is_later() {
    let server = Server::start();
    server.stop();
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(6), "{}", stdout(&output));
    assert_eq!(check(&document(&output), "connection").0, "fail");
}

#[test]
fn tokens_are_told_apart_by_what_they_may() {
    let server = Server::start();
    let wrong = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .run();
    assert_eq!(wrong.status.code(), Some(4), "{}", stdout(&wrong));
    assert_eq!(check(&document(&wrong), "token").0, "fail");

    let reads = "cmVhZGVyOnJlYWRlcg==";
    server.simulator().grant(Access::new(reads).read_only());
    let output = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", reads)
        .run();
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    let document = document(&output);
    assert_eq!(check(&document, "read").0, "ok");
    assert_eq!(check(&document, "submit").0, "fail");

    let public = "cHVibGljOnB1YmxpYw==";
    let access = Access::new(public).only("/api/App").only("/api/Report");
    server.simulator().grant(access);
    let output = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", public)
        .run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let document = crate::harness::document(&output);
    assert_eq!(check(&document, "internal").0, "warn");
}

#[test]
fn something_else_at_the_address_is_no_server() {
    let server = Server::start();
    let page = Fault::status(200)
        .body("<html><body>Log in</body></html>")
        .content_type("text/html");
    server.simulator().inject(page.always());
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let (state, found) = check(&document(&output), "server");
    assert_eq!(state, "fail");
    assert!(found.contains("something else"), "{found}");
}

#[test]
fn a_certificate_of_an_unknown_authority_and_one_that_is_known() {
    let server = Server::of(Simulator::builder().tls(true));
    let unknown = server.wats(["doctor", "--json"]).run();
    assert_eq!(unknown.status.code(), Some(1), "{}", stdout(&unknown));
    assert_eq!(check(&document(&unknown), "tls").0, "fail");
    let pem = server.simulator().ca_certificate_pem().unwrap().to_owned();
    std::fs::write(server.folder().join("ca.pem"), pem).unwrap();
    let known = server.wats(["doctor", "--json", "--ca", "ca.pem"]).run();
    assert_eq!(known.status.code(), Some(0), "{}", stdout(&known));
    let document = document(&known);
    let (state, found) = check(&document, "tls");
    assert_eq!(state, "ok");
    assert!(
        found.contains("TLS 1.3") && found.contains("days"),
        "{found}"
    );
    assert!(check(&document, "http").1.contains("HTTP/2"));
}

#[test]
fn a_clock_that_is_an_hour_off_is_wrong() {
    let server = Server::start();
    server
        .simulator()
        .set_clock_skew(wats::jiff::SignedDuration::from_hours(1));
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let (state, found) = check(&document(&output), "clock");
    assert_eq!(state, "fail");
    assert!(found.contains("ahead"), "{found}");
}

#[test]
fn a_queue_with_reports_that_are_set_aside_is_a_warning() {
    let server = Server::start();
    enqueue(&server.folder().join("q"), &[refused(1)]);
    server
        .wats(["queue", "drain", "--dir", "q"])
        .assert()
        .code(3);
    let output = server.wats(["doctor", "--json", "--queue", "q"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(check(&document(&output), "queue").0, "warn");
    // One that is no folder is told, whatever the server says.
    std::fs::write(server.folder().join("file"), "").unwrap();
    let output = server.wats(["doctor", "--json", "--queue", "file"]).run();
    assert_eq!(check(&document(&output), "queue").0, "warn");
}
