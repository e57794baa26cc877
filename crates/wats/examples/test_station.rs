//! A test station without a runtime of its own: every operation is waited for.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example test_station
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::process::ExitCode;

use wats::prelude::*;
use wats::report::{Station, Unit};

fn main() -> ExitCode {
    match submit_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn submit_all() -> Result<(), Box<dyn Error>> {
    let wats = Wats::from_env()?;
    let process = wats.process().default_test_operation().wait()?;
    let process = process.ok_or("the server has no test operation")?;
    let code = process.code.ok_or("the test operation has no code")?;

    for number in 1..=3 {
        let report = UutReport::builder(
            Unit {
                part_number: "PCBA-001",
                serial_number: &format!("SN-{number}"),
                revision: "A",
            },
            code,
        )
        .station(Station {
            name: "ICT-3",
            location: "Drammen",
            purpose: "Production",
        })
        .operator("Kari")
        .numeric(
            "Measure +5V",
            5.02,
            "V",
            MeasurementLimits::between(4.75..=5.25),
        )
        .build()?;
        let submitted = wats.report().submit(&report).wait()?;
        println!("SN-{number} is submitted as {}", submitted.id);
    }
    Ok(())
}
