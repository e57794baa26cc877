//! What servers export is mended and accepted again by a server that refuses every fault.

use std::cell::RefCell;

use crate::exports::{FAULTS, faults, repair, spoil, test};
use crate::strict_server::StrictServer;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use wats_domains::report::lint::{FixPolicy, Mend};
use wats_domains::report::{Report, Severity, fix, lint};

thread_local! {
    static SERVER: RefCell<Option<StrictServer>> = const { RefCell::new(None) };
}

fn refused(report: &Report) -> Option<String> {
    let report = serde_json::to_value(report).unwrap();
    SERVER.with_borrow_mut(|server| {
        let found = server
            .get_or_insert_with(StrictServer::start)
            .findings(&report);
        found.map(|found| format!("{found:?}"))
    })
}

/// No file that is kept elsewhere is lost in these tests, and somebody knows the zone.
fn policy() -> FixPolicy {
    let zone = jiff::tz::TimeZone::UTC;
    FixPolicy::resubmit().with(Mend::MissingFiles).zone(zone)
}

/// Mends a report, and tells what is wrong with that.
fn mended(export: &Value) -> Result<Report, String> {
    let mut report: Report = serde_json::from_value(export.clone()).unwrap();
    let done = fix(&mut report, &policy());
    let left: Vec<String> = lint(&report)
        .iter()
        .filter(|finding| finding.severity() == Severity::Reject)
        .map(ToString::to_string)
        .collect();
    let refused = refused(&report);
    if !left.is_empty() || refused.is_some() {
        return Err(format!("{left:?}\n{refused:?}\n{done:?}\n{export}"));
    }
    let before = report.clone();
    let again = fix(&mut report, &policy());
    if !again.is_empty() || report != before {
        return Err(format!("changed again: {again:?}"));
    }
    Ok(report)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 10_000 }))]

    #[test]
    fn exports_of_tests_are_accepted(export in test()) {
        let mended = mended(&export);
        prop_assert!(mended.is_ok(), "{}", mended.unwrap_err());
    }

    #[test]
    fn exports_of_repairs_are_accepted(export in repair(), all in faults()) {
        let mut export = export;
        for fault in &all {
            spoil(&mut export, *fault);
        }
        let mended = mended(&export);
        prop_assert!(mended.is_ok(), "{}", mended.unwrap_err());
    }

    #[test]
    fn any_mixture_of_faults_is_mended(export in test(), all in faults()) {
        let mut export = export;
        for fault in &all {
            spoil(&mut export, *fault);
        }
        let mended = mended(&export);
        prop_assert!(mended.is_ok(), "{}", mended.unwrap_err());
    }
}

/// Each fault alone, at several places; all that are not mended are told together.
#[test]
fn each_fault_is_mended() {
    const EXPORTS: usize = 40;
    const PLACES: usize = 2;
    let mut runner = TestRunner::deterministic();
    let mut draw = |strategy: &BoxedStrategy<Value>| -> Vec<Value> {
        let draws = std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current());
        draws.take(EXPORTS).collect()
    };
    let exports = [draw(&test().boxed()), draw(&repair().boxed())].concat();
    let mut wrong = Vec::new();
    for (fault, (name, ..)) in FAULTS.iter().enumerate() {
        let mut spoilt = 0;
        for (pick, export) in exports.iter().enumerate() {
            let mut export = export.clone();
            if !spoil(&mut export, (fault, pick)) {
                continue;
            }
            spoilt += 1;
            if let Err(why) = mended(&export) {
                wrong.push(format!("fault {fault}, of `{name}`: {why:.600}"));
                break;
            }
            if spoilt == PLACES {
                break;
            }
        }
        assert!(spoilt > 0, "fault {fault} has no place");
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        FAULTS.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn real_exports_are_accepted() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    for name in ["uut-wsjf-export.json", "uur_example.json"] {
        let Ok(text) = std::fs::read(format!("{shared}/samples/{name}")) else {
            eprintln!("skipped: {name} is not there");
            continue;
        };
        let export: Value = serde_json::from_slice(&text).unwrap();
        let mut report: Report = serde_json::from_value(export).unwrap();
        assert!(refused(&report).is_some(), "{name}");
        // As it is: an export has all that the header needs.
        let done = fix(&mut report, &FixPolicy::resubmit());
        assert!(!done.is_empty());
        assert_eq!(refused(&report), None, "{name}: {:?}", lint(&report));
        let left = lint(&report);
        assert!(
            left.iter()
                .all(|finding| finding.severity() != Severity::Reject),
            "{left:?}"
        );
    }
}
