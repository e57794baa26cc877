//! `wats config`, and which value stands before which.

use crate::harness::{Home, Server, TOKEN, document, stderr, stdout};

const FILE: &str = "[default]\nbase_url = 'https://a.example'\nauth_token = 'dGVzdDpzZWNyZXQtb2YtdGVzdHM='\n\n[line2]\nbase_url = 'https://b.example'\noperator = 'Kari'\n";

#[test]
fn values_come_with_their_origin_and_tokens_are_not_shown() {
    let home = Home::new();
    let file = home.file("wats.toml", FILE);
    let show = |arguments: &[&str]| {
        let program = home
            .wats(["config", "show", "--json"])
            .env("WATS_CONFIG", &file);
        let output = arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run();
        document(&output)["items"].clone()
    };
    let of = |items: &serde_json::Value, setting: &str| {
        let found = items
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["setting"] == setting);
        found.cloned().unwrap_or_default()
    };
    let usual = show(&[]);
    assert_eq!(of(&usual, "base_url")["value"], "https://a.example");
    assert_eq!(of(&usual, "auth_token")["value"], "(secret)");
    let origin = of(&usual, "base_url")["origin"].to_string();
    assert!(origin.contains("wats.toml, line 2"), "{origin}");

    let flag = show(&["--base-url", "https://c.example", "--profile", "line2"]);
    assert_eq!(of(&flag, "base_url")["origin"], "--base-url");
    assert_eq!(of(&flag, "operator")["value"], "Kari");

    let table = home
        .wats(["config", "show", "--origin"])
        .env("WATS_CONFIG", &file)
        .env("WATS_OPERATOR", "Ola")
        .run();
    assert!(
        stdout(&table).contains("the environment variable WATS_OPERATOR"),
        "{}",
        stdout(&table)
    );
}

#[test]
fn a_named_profile_stands_before_the_environment() {
    let home = Home::new();
    let file = home.file("wats.toml", FILE);
    let value = |profile: &[&str]| {
        let program = home
            .wats(["config", "show", "--csv"])
            .env("WATS_CONFIG", &file)
            .env("WATS_BASE_URL", "https://env.example");
        stdout(
            &profile
                .iter()
                .fold(program, crate::harness::Program::arg)
                .run(),
        )
    };
    assert!(value(&[]).contains("https://env.example"));
    assert!(value(&["--profile", "line2"]).contains("https://b.example"));
}

#[test]
fn the_file_and_its_profiles_are_named() {
    let home = Home::new();
    let none = home.wats(["config", "path"]).run();
    assert!(none.status.success());
    assert!(
        stderr(&none).contains("no such file yet"),
        "{}",
        stderr(&none)
    );
    let path = std::path::PathBuf::from(stdout(&none).trim_end());
    home.file(&path, FILE);
    let found = home.wats(["config", "path", "--json"]).run();
    assert_eq!(document(&found)["exists"], true);
    let profiles = home.wats(["config", "profiles", "--csv"]).run();
    assert_eq!(stdout(&profiles), "profile\ndefault\nline2\n");
    home.wats(["config", "show", "--profile", "no"])
        .assert()
        .code(2);
}

#[test]
fn check_says_what_is_missing_and_what_is_unwise() {
    let home = Home::new();
    let nothing = home.wats(["config", "check"]).run();
    assert_eq!(nothing.status.code(), Some(2), "{}", stderr(&nothing));
    assert!(
        stderr(&nothing).contains("WATS_BASE_URL"),
        "{}",
        stderr(&nothing)
    );
    home.wats(["config", "check", "--base-url", "https://a.example"])
        .assert()
        .code(4);
    home.wats(["config", "check", "--base-url", "a.example"])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .assert()
        .code(2);
    let open = home
        .wats([
            "config",
            "check",
            "--base-url",
            "http://a.example",
            "--json",
        ])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .run();
    let warnings = document(&open)["warnings"].to_string();
    assert!(warnings.contains("unencrypted"), "{warnings}");
    let server = Server::start();
    let good = server.wats(["config", "check"]).run();
    assert!(
        good.status.success() && !stdout(&good).contains("warning"),
        "{}",
        stdout(&good)
    );
}
