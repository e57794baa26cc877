//! On a terminal, which `script` gives: tables fit it, and colours obey their variables.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use wats_sim::Simulator;

use crate::harness::{Server, TOKEN, secretless, skipped};
use crate::samples::{document_of, passed, refused};

/// What a command line prints on a terminal; `None` where there is no `script`.
fn on_terminal(server: &Server, line: &str, variables: &[(&str, &str)]) -> Option<String> {
    let (text, success) = run(server, line, variables)?;
    assert!(success, "{text}");
    Some(text)
}

/// The same with whether it went well.
fn run(server: &Server, line: &str, variables: &[(&str, &str)]) -> Option<(String, bool)> {
    let mut script = Command::new("script");
    crate::harness::environment(&mut script, server.folder());
    let program = env!("CARGO_BIN_EXE_wats");
    script
        .args(["-qec", &format!("'{program}' {line}"), "/dev/null"])
        .env("WATS_BASE_URL", server.simulator().base_url())
        .env("WATS_AUTH_TOKEN", TOKEN)
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .current_dir(server.folder())
        .stdin(Stdio::null());
    let Ok(output) = script.output() else {
        skipped("there is no script (util-linux) to make a terminal");
        return None;
    };
    secretless(&output.stdout);
    let text = String::from_utf8(output.stdout).unwrap();
    Some((text, output.status.success()))
}

fn factory() -> Server {
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    Server::of(Simulator::builder().seed_demo_until(until))
}

#[test]
fn tables_fit() {
    let server = factory();
    // 0 is no width, and nothing is laid out for less than 20.
    for (columns, most) in [("40", 40), ("100", 100), ("0", 80), ("7", 20), ("x", 80)] {
        for line in [
            "headers --top 3",
            "products",
            "yield --since 2026-01-01",
            "config show --origin",
            "get de300000-0000-4000-8000-000000000000 --format table",
        ] {
            let line = format!("{line} --color never");
            let Some(text) = on_terminal(&server, &line, &[("COLUMNS", columns)]) else {
                return;
            };
            assert!(text.lines().count() > 2, "{text}");
            for printed in text.lines() {
                let width = printed.trim_end().chars().count();
                assert!(
                    width <= most,
                    "{width} of {columns}: {printed:?} in\n{text}"
                );
            }
        }
    }
}

/// A report with two measurements, one of which failed, and one that the server refuses.
fn reports(server: &Server) {
    let mut document = document_of(&passed("SN-1", 5.0));
    let steps = document["root"]["steps"].as_array_mut().unwrap();
    let mut step = steps[0].clone();
    step["id"] = 1_000.into();
    step["name"] = "A step with a name that is much longer than a narrow terminal".into();
    steps.push(step);
    std::fs::write(server.folder().join("good.json"), document.to_string()).unwrap();
    std::fs::write(server.folder().join("bad.json"), refused()).unwrap();
}

#[test]
fn commands_on_files_fit_and_obey_too() {
    let server = Server::start();
    reports(&server);
    for columns in ["40", "80"] {
        for (line, is_good) in [
            ("submit good.json", true),
            ("submit bad.json --dry-run", false),
            ("lint bad.json", false),
            ("lint --rules", true),
            ("fix --list", true),
            ("plot good.json", true),
        ] {
            let most: usize = columns.parse().unwrap();
            let variables = [("COLUMNS", columns)];
            let Some((text, success)) = run(&server, &format!("{line} 2>errors"), &variables)
            else {
                return;
            };
            assert_eq!(success, is_good, "{line}: {text}");
            assert!(text.contains('\u{1b}'), "{line}: {text:?}");
            for printed in text.lines() {
                let plain = without_colours(printed);
                let width = plain.trim_end().chars().count();
                assert!(
                    width <= most,
                    "{width} of {columns}: {plain:?} in {line}\n{text}"
                );
            }
            let (plain, _) = run(
                &server,
                &format!("{line} 2>errors"),
                &[("COLUMNS", columns), ("NO_COLOR", "1")],
            )
            .unwrap();
            assert!(!plain.contains('\u{1b}'), "{line}: {plain:?}");
        }
        // What is a document or a file is as it is, on a terminal too.
        for line in [
            "convert good.json - --to wsjf 2>errors",
            "fix good.json 2>errors",
        ] {
            let (text, success) = run(&server, line, &[("COLUMNS", columns)]).unwrap();
            assert!(
                success && serde_json::from_str::<serde_json::Value>(text.trim()).is_ok(),
                "{line}: {text}"
            );
        }
    }
    // Progress and remarks are on standard error, and no trace of them stays in what was printed.
    let (text, _) = run(&server, "submit good.json --csv 2>errors", &[]).unwrap();
    assert!(text.starts_with("file,id,outcome,message"), "{text}");
}

/// A text without what colours it.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = behind.split_once('m').map_or("", |(_, behind)| behind);
    }
    plain + rest
}

#[test]
fn a_width_that_nothing_has_is_no_work_without_end() {
    let server = factory();
    for columns in ["1001", "99999999999", "18446744073709551615"] {
        let line = "plot de300000-0000-4000-8000-000000000000 --color never";
        let Some(text) = on_terminal(&server, line, &[("COLUMNS", columns)]) else {
            return;
        };
        let widest = text.lines().map(|line| line.trim_end().chars().count());
        assert!(widest.max() <= Some(1000), "{columns}");
    }
}

#[test]
fn colours_obey_their_variables() {
    let server = factory();
    for (variables, coloured) in [
        (&[][..], true),
        (&[("NO_COLOR", "1")], false),
        (&[("NO_COLOR", "")], true),
        (&[("TERM", "dumb")], false),
        (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], true),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
    ] {
        let Some(text) = on_terminal(&server, "headers --top 2", variables) else {
            return;
        };
        assert_eq!(text.contains('\u{1b}'), coloured, "{variables:?}: {text:?}");
    }
    // Elsewhere there are none unless they are forced.
    let piped = server.wats(["headers", "--top", "2"]).run();
    assert!(!piped.stdout.contains(&0x1b));
    let forced = server
        .wats(["headers", "--top", "2", "--color", "always"])
        .run();
    assert!(forced.stdout.contains(&0x1b));
}
