//! Mends the export of a server, so that it can be submitted again:
//! `cargo run -p wats-report --example mend -- export.json mended.json`. Without files it mends an export of its own.

#![allow(clippy::print_stdout, reason = "an example tells by printing")]

use std::error::Error;

use wats_report::lint::FixPolicy;
use wats_report::{Report, Severity, Station, fix, lint};

/// A step of TestStand that only waited, a measurement without unit, and a loop as servers number it.
const EXPORT: &str = r#"{
    "type": "T", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "PCBA-001", "sn": "SN-42", "rev": "A",
    "productName": "Amplifier", "processCode": 100, "result": "F", "machineName": "ICT-3", "location": "", "purpose": "",
    "origin": "4C5F70D62FF4", "start": "2026-01-30T22:01:41+01:00", "startUTC": "2026-01-30T21:01:41Z", "uut": {"user": "Kari"},
    "root": {"id": 1, "name": "Main", "group": "M", "status": "F",
        "seqCall": {"path": "main.seq", "name": "Main", "version": "2.1"}, "steps": [
        {"id": 2, "name": "Wait", "group": "M", "stepType": "NI_Wait", "status": "D"},
        {"id": 3, "name": "+5V", "group": "M", "stepType": "ET_NLT", "status": "E", "numericMeas": [
            {"compOp": "GELE", "status": "F", "unit": null, "value": 0.1, "lowLimit": 4.5, "highLimit": 5.5}]},
        {"id": 4, "name": "Lamp", "group": "M", "stepType": "ET_PFT", "status": "P", "booleanMeas": [{"status": "P"}],
            "loop": {"idx": null, "num": 1, "endingIndex": 1, "passed": 1, "failed": 0}},
        {"id": 5, "name": "Lamp", "group": "M", "stepType": "ET_PFT", "status": "P", "booleanMeas": [{"status": "P"}],
            "loop": {"idx": 0, "num": null, "endingIndex": null, "passed": null, "failed": null}}]}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args_os().skip(1);
    let text = match files.next() {
        Some(file) => std::fs::read(file)?,
        None => EXPORT.into(),
    };
    let mut report = Report::from_wsjf(&text)?;
    println!("{} faults", lint(&report).len());

    // What the export lacks and only you can know, you name; all else has a name of its own in `Mend`.
    let policy = FixPolicy::resubmit().operator("unknown").station(Station {
        name: "unknown",
        location: "unknown",
        purpose: "unknown",
    });
    for change in fix(&mut report, &policy) {
        println!("mended: {change}");
    }
    let (refused, advice): (Vec<_>, Vec<_>) = lint(&report)
        .into_iter()
        .partition(|finding| finding.severity() == Severity::Reject);
    for finding in &advice {
        println!("left: {finding:#}");
    }
    if !refused.is_empty() {
        return Err(format!("the server would refuse it: {}", refused[0]).into());
    }
    if let Some(file) = files.next() {
        std::fs::write(file, serde_json::to_vec(&report)?)?;
    }
    Ok(())
}
