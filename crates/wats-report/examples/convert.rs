//! Reads reports from a file, whichever its format, prints what the linter says of them, and writes them as WSJF or WSXF.
//!
//! `cargo run -p wats-report --example convert --features convert -- FILE [SERIAL_NUMBER [xml]]`
//!
//! The serial number is that of files that name none.

use std::io::{self, Write as _};
use std::process::ExitCode;

use wats_report::convert::{self, Defaults};
use wats_report::{Report, Station, Unit, lint, wsxf};

/// A JUnit file, for want of another.
const SAMPLE: &[u8] = br#"<testsuite name="power" timestamp="2026-01-01T10:00:00">
    <properties><property name="serial_number" value="SN-42"/></properties>
    <testcase name="rail" time="0.25"/>
    <testcase name="ripple"><failure message="too high"/></testcase>
</testsuite>"#;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let bytes = match arguments.next() {
        Some(path) => std::fs::read(path)?,
        None => SAMPLE.to_vec(),
    };
    let serial_number = arguments.next().unwrap_or_default();
    let reports = read(&bytes, &serial_number)?;
    let mut out = io::stdout().lock();
    for report in &reports {
        for finding in lint(report) {
            writeln!(io::stderr(), "{finding:#}")?;
        }
    }
    if arguments.next().as_deref() == Some("xml") {
        let written = wsxf::write_all(&reports)?;
        for loss in &written.losses {
            writeln!(io::stderr(), "lost: {loss}")?;
        }
        writeln!(out, "{}", written.xml)?;
    } else {
        for report in &reports {
            writeln!(out, "{}", serde_json::to_string(report)?)?;
        }
    }
    Ok(())
}

/// The reports of a file, told by its first bytes.
fn read(bytes: &[u8], serial_number: &str) -> wats_report::Result<Vec<Report>> {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number,
        revision: "A",
    };
    let station = Station {
        name: "PC-1",
        location: "Drammen",
        purpose: "Development",
    };
    let defaults = Defaults::new(unit, 100, station, "Kari");
    if bytes.get(2..4) == Some(&[0, 10]) {
        let file = convert::stdf_parts(bytes, &defaults)?;
        for what in &file.left_out {
            let _ = writeln!(io::stderr(), "left out: {what}");
        }
        return Ok(file.reports);
    }
    let text = String::from_utf8_lossy(bytes.get(..4_000).unwrap_or(bytes));
    Ok(if text.contains("<testsuite") {
        vec![convert::junit(bytes, &defaults)?]
    } else if text.trim_start().starts_with('{') {
        vec![convert::openhtf(bytes, &defaults)?]
    } else {
        wsxf::read(bytes)?
    })
}
