//! A station's day: settings from the environment, what is needed read at start, and for each unit a test, its report, the
//! use of the fixture and the phase of the unit. The guide is docs/station.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example station
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server, which has no units and assets: what it lacks is told.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use wats::asset::AssetKey;
use wats::prelude::*;
use wats::production::{UnitKey, UnitPhase};
use wats::report::Status;
use wats::{StatusCode, WatsBuilder};
use wats_sim::Simulator;

const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match day().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn day() -> Result<(), Box<dyn Error>> {
    // Kept until the end: dropping it stops the server.
    let mut simulator = None;
    let mut settings = WatsBuilder::from_env()?;
    if std::env::var_os("WATS_BASE_URL").is_none() {
        let sim = Simulator::builder().products(1).start().await?;
        println!("no WATS_BASE_URL is set: using a simulator");
        settings = settings.base_url(sim.base_url()).token(sim.token());
        simulator = Some(sim);
    }
    let wats = settings.station(STATION).operator("Kari").build()?;

    let ping = wats.ping().await?;
    println!("version {}, {:?} away", ping.version, ping.round_trip);
    if let Some(skew) = ping.clock_skew
        && skew.exceeds(Duration::from_secs(60))
    {
        println!("warning: the clocks differ by {:#}", skew.offset);
    }
    let can = wats.capabilities().await?;
    let confirms = match &can.internal_routes {
        Ok(access) => access.is_allowed(),
        Err(error) => {
            println!("it is not known whether reports can be confirmed: {error:#}");
            false
        }
    };

    let processes = wats.process().list().await?;
    let process = processes.iter().find(|process| process.is_test());
    let process = process.and_then(|process| process.code);
    let process = process.ok_or("the server has no test operation")?;
    for number in 1..=3 {
        let serial_number = format!("SN-{number}");
        test(&wats, process, &serial_number, confirms).await?;
    }
    drop(simulator);
    Ok(())
}

async fn test(
    wats: &Wats,
    process: i32,
    serial_number: &str,
    confirms: bool,
) -> Result<(), Box<dyn Error>> {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number,
        revision: "A",
    };
    let key = UnitKey {
        serial_number,
        part_number: unit.part_number,
    };
    let began = wats.workflow().start_test(key).station(STATION.name).await;
    told("the workflow", began.map(drop))?;

    let report = wats
        .uut_report(unit)
        .process_code(process)
        .numeric(
            "Measure +5V",
            5.02,
            "V",
            MeasurementLimits::between(4.75..=5.25),
        )
        .build()?;
    let submitted = wats.report().submit(&report).await?;
    println!("{serial_number} is submitted as {}", submitted.id);
    if confirms {
        println!("the server has internal routes: reports can be followed until they are stored");
    }

    let passed = report.report().result == Some(Status::Passed);
    let ended = wats.workflow().end_test(key, passed).await;
    told("the workflow", ended.map(drop))?;
    let fixture = AssetKey::SerialNumber("FIX-7");
    let counted = wats.asset().add_count(fixture, 1).await;
    told("the fixture", counted.map(drop))?;
    let phase = if passed {
        UnitPhase::Finalized
    } else {
        UnitPhase::ProductionRepair
    };
    told("the phase", wats.production().set_phase(key, phase).await)?;
    Ok(())
}

/// The report is what counts: what this server does not have is told and passed over.
fn told(what: &str, outcome: wats::Result<()>) -> wats::Result<()> {
    match outcome {
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
            println!("  {what}: the server has none");
            Ok(())
        }
        outcome => outcome,
    }
}
