//! On a terminal, which `script` gives: tables fit it, and colours obey their variables.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use wats_sim::Simulator;

use crate::harness::{Server, TOKEN, secretless, skipped};

/// What a command line prints on a terminal; `None` where there is no `script`.
fn on_terminal(server: &Server, line: &str, variables: &[(&str, &str)]) -> Option<String> {
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
    assert!(output.status.success(), "{text}");
    Some(text)
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
