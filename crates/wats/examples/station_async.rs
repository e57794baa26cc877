//! A test whose instruments are awaited: two sequences at once, a loop that waits for a voltage to settle, and a report that
//! outlives the program. The guide is docs/reports.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example station_async
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use wats::WatsBuilder;
use wats::prelude::*;
use wats::report::live::{Recovered, RunningReport, RunningSequence, recover};
use wats_sim::Simulator;

const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

/// An instrument that takes its time, and sometimes does not answer.
struct Multimeter;

impl Multimeter {
    async fn volts(&self, settled: u32) -> Result<f64, std::io::Error> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if settled > 5 {
            return Err(std::io::Error::other("the multimeter does not answer"));
        }
        Ok(5.0 - 0.5 / f64::from(1 + settled * settled))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    // Kept until the end: dropping it stops the server.
    let mut simulator = None;
    let mut settings = WatsBuilder::from_env()?;
    if std::env::var_os("WATS_BASE_URL").is_none() {
        let sim = Simulator::builder().start().await?;
        settings = settings.base_url(sim.base_url()).token(sim.token());
        simulator = Some(sim);
    }
    let wats = settings.station(STATION).operator("Kari").build()?;
    let journals = std::env::temp_dir().join("wats-station-async");

    // What earlier runs have left. Its reports keep their ids, so none is doubled. One that cannot be submitted now keeps
    // neither the others back nor the station.
    for left in recover(&journals)? {
        match submit_left(&wats, &left).await {
            Ok(()) => left.done()?,
            Err(error) => eprintln!("warning: {} stays: {error:#}", left.path().display()),
        }
    }

    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };
    let report = wats.uut_report(unit).process_code(100).begin();
    report.journal(&journals)?;
    let finished = test(&report).await?;
    if let Some(failure) = report.journal_failure() {
        eprintln!("warning: the journal lacks something: {failure}");
    }
    let submitted = wats.report().submit(&finished).await.inspect_err(|_| {
        eprintln!("the report stays in {}", journals.display());
    })?;
    report.done()?;
    let result = finished.report().result.as_ref();
    println!("{result:?} is submitted as {}", submitted.id);
    drop(simulator);
    Ok(())
}

async fn submit_left(wats: &Wats, left: &Recovered) -> Result<(), Box<dyn Error>> {
    let report = left.report.as_ref().map_err(|error| format!("{error:#}"))?;
    wats.report().submit(report).await?;
    println!("recovered {}", report.id());
    Ok(())
}

async fn test(report: &RunningReport) -> Result<UutReport, Box<dyn Error>> {
    // Both are open at once; each step is timed by itself.
    let (power, leds) = tokio::join!(
        report.try_async_sequence("Power", power),
        report.try_async_sequence("LEDs", leds),
    );
    // An instrument that fails makes its sequence an error, not the report.
    for error in [power.err(), leds.err()].into_iter().flatten() {
        eprintln!("warning: {error}");
    }
    Ok(report.finish()?)
}

async fn power(power: &RunningSequence) -> Result<(), Box<dyn Error + Send + Sync>> {
    let meter = Multimeter;
    let limits = MeasurementLimits::at_least(4.9);
    let settle = power.open_numeric_loop("Settle", limits, "V", LoopRule::Last);
    for settled in 0..4 {
        settle.add(meter.volts(settled).await?)?;
    }
    settle.end();
    let step = power.step("Measure +5V");
    let volts = meter.volts(5).await?;
    step.numeric(volts, "V", MeasurementLimits::between(4.75..=5.25))?
        .comment("after settling");
    Ok(())
}

async fn leds(leds: &RunningSequence) -> Result<(), Box<dyn Error + Send + Sync>> {
    for color in ["red", "green"] {
        tokio::time::sleep(Duration::from_millis(30)).await;
        leds.boolean(color, true)?;
    }
    Ok(())
}
