//! A test that an operator stops, and one whose program panics: both leave a report with all that was measured. There is
//! no runtime of one's own: operations are waited for. The guide is docs/reports.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example station_aborted
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal, which panics to show what is left then"
)]

use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use wats::WatsBuilder;
use wats::prelude::*;
use wats::report::live::{Abort, RunningReport, recover};
use wats_sim::Simulator;

const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut simulator = None;
    let mut settings = WatsBuilder::from_env()?;
    if std::env::var_os("WATS_BASE_URL").is_none() {
        let sim = runtime.block_on(Simulator::builder().start())?;
        settings = settings.base_url(sim.base_url()).token(sim.token());
        simulator = Some(sim);
    }
    let wats = settings.station(STATION).operator("Kari").build()?;
    // A report that cannot be submitted now stays there for the next run.
    let journals = std::env::temp_dir().join("wats-station-aborted");
    for left in recover(&journals)? {
        match &left.report {
            Ok(report) if submit(&wats, report).is_ok() => left.done()?,
            _ => eprintln!("{} stays", left.path().display()),
        }
    }
    let stays = |error: wats::Error| {
        eprintln!("the report stays in {}", journals.display());
        error
    };
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };

    // The operator presses stop while the test runs in another thread.
    let report = wats.uut_report(unit).process_code(100).begin();
    report.journal(&journals)?;
    let testing = report.clone();
    let test = thread::spawn(move || soak(&testing));
    thread::sleep(Duration::from_millis(120));
    let aborted = report.abort(&Abort::terminated("the operator pressed stop"))?;
    // The test ends at its next step.
    println!("the test: {:?}", test.join().map_err(|_| "it panicked")?);
    submit(&wats, &aborted).map_err(stays)?;
    report.done()?;

    // The program panics. Whoever drops the last handle passes the report on.
    let (give, left) = channel();
    let report = wats.uut_report(unit).process_code(100).begin();
    report.journal(&journals)?;
    report.on_abandoned(move |left| drop(give.send(left)));
    let test = thread::spawn(move || {
        let power = report.sequence("Power");
        let step = power.step("Measure +5V");
        let reading: Option<f64> = "overload".parse().ok();
        step.numeric(
            reading.unwrap_or_else(|| panic!("the multimeter says `overload`")),
            "V",
            MeasurementLimits::at_least(4.75),
        )
        .map(drop)
    });
    println!("the test panicked: {}", test.join().is_err());
    let left = left.recv()?;
    println!("{}", left.abort.cause());
    submit(&wats, &left.report).map_err(stays)?;
    left.done()?;
    drop(simulator);
    Ok(())
}

fn soak(report: &RunningReport) -> wats::report::Result<()> {
    let soak = report.sequence("Soak");
    for minute in 1.. {
        thread::sleep(Duration::from_millis(20));
        soak.boolean(format!("Minute {minute}"), true)?;
    }
    soak.end();
    Ok(())
}

fn submit(wats: &Wats, report: &UutReport) -> wats::Result<()> {
    let submitted = wats.report().submit(report).wait()?;
    let result = report.report().result.as_ref();
    let steps = report.report().step_count();
    println!(
        "{result:?} with {steps} steps is submitted as {}",
        submitted.id
    );
    Ok(())
}
