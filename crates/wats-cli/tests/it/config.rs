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
fn a_setting_is_written_and_taken_out_and_all_else_stays() {
    let home = Home::new();
    let path = stdout(&home.wats(["config", "path"]).run());
    let path = std::path::PathBuf::from(path.trim_end());
    let text = || std::fs::read_to_string(&path).unwrap();
    let set = |arguments: &[&str]| {
        let program = home.wats(["config", "set"]);
        arguments
            .iter()
            .fold(program, crate::harness::Program::arg)
            .run()
    };
    let made = set(&["base_url", "https://a.example"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert_eq!(text(), "[default]\nbase_url = \"https://a.example\"\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    std::fs::write(&path, format!("# Ours.\n{FILE}")).unwrap();
    assert_eq!(
        set(&["operator", "Ola", "--profile", "line2"])
            .status
            .code(),
        Some(0)
    );
    assert_eq!(set(&["process_code", "10"]).status.code(), Some(0));
    let expected = format!("# Ours.\n{FILE}")
        .replace("'Kari'", "\"Ola\"")
        .replace("\n\n[", "\nprocess_code = \"10\"\n\n[");
    assert_eq!(text(), expected);
    let gone = home
        .wats(["config", "unset", "operator", "--profile", "line2"])
        .run();
    assert_eq!(gone.status.code(), Some(0), "{}", stderr(&gone));
    assert!(!text().contains("Ola"));
    home.wats(["config", "unset", "operator"]).assert().code(5);
    // What is wrong is not written.
    let before = text();
    for (arguments, word) in [
        (["auth_token", "dGVzdDpzZWNyZXQ="], "token_file"),
        (["base_url", "a.example"], "base_url"),
        (["process_code", "ten"], "process_code"),
        (["nothing", "x"], "there is no setting"),
        (["operator", " "], "unset operator"),
    ] {
        let output = set(&arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            stderr(&output)
        );
        let told = stderr(&output);
        assert!(told.contains(word), "{told}");
        assert!(!told.contains("dGVzdDpzZWNyZXQ="), "{told}");
    }
    assert_eq!(text(), before);
    // A file that is none is not made worse.
    std::fs::write(&path, "nonsense").unwrap();
    assert_eq!(set(&["operator", "Ola"]).status.code(), Some(2));
    assert_eq!(text(), "nonsense");
    let left = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().contains("trial")),
        "{left:?}"
    );
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
