//! A test program that is killed, and the next one that submits what it has measured. It runs itself as a child, kills it in
//! the middle of a test (`kill -9`), and recovers its journal. The guide is docs/reports.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example station_recovers
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use wats::WatsBuilder;
use wats::prelude::*;
use wats::report::live::{JournalOptions, Recovered, recover};
use wats_sim::Simulator;

const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

fn main() -> ExitCode {
    let done = match std::env::args_os().nth(1) {
        Some(journals) => test(Path::new(&journals)),
        None => run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The program that is killed: it tests for ever.
fn test(journals: &Path) -> Result<(), Box<dyn Error>> {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };
    let report = UutReport::start(unit, 100);
    report.station(STATION).operator("Kari");
    // A power cut takes no more than the last 100 steps.
    report.journal_with(journals, JournalOptions::default().sync_each(100))?;
    let soak = report.sequence("Soak");
    let mut failed = None;
    for minute in 1.. {
        let limits = MeasurementLimits::between(4.75..=5.25);
        soak.numeric(format!("Minute {minute}"), 5.02, "V", limits)?;
        // A full disk does not stop the test.
        let failure = report.journal_failure();
        if failure.is_some() && failure != failed {
            eprintln!("warning: the journal lacks something: {failure:?}");
        }
        failed = failure;
        println!("{minute}");
    }
    soak.end();
    report.finish()?;
    Ok(())
}

/// The next one.
#[tokio::main(flavor = "current_thread")]
async fn run() -> Result<(), Box<dyn Error>> {
    let mut simulator = None;
    let mut settings = WatsBuilder::from_env()?;
    if std::env::var_os("WATS_BASE_URL").is_none() {
        let sim = Simulator::builder().start().await?;
        settings = settings.base_url(sim.base_url()).token(sim.token());
        simulator = Some(sim);
    }
    let wats = settings.build()?;

    let journals = std::env::temp_dir().join("wats-station-recovers");
    let mut child = Command::new(std::env::current_exe()?)
        .arg(&journals)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the child has no output")?;
    let finished = BufReader::new(output).lines().nth(499);
    println!("step {} is finished", finished.ok_or("it ended")??);
    child.kill()?;
    child.wait()?;

    // Each by itself: one that cannot be submitted keeps no other back, and is there for the next run.
    let mut stay = 0_u32;
    for left in recover(&journals)? {
        println!("{}: {:?}", left.path().display(), left.end);
        if let Some(torn) = &left.torn {
            println!("{torn}");
        }
        match submit(&wats, &left).await {
            Ok(()) => left.done()?,
            Err(error) => {
                eprintln!("{error:#}");
                stay += 1;
            }
        }
    }
    drop(simulator);
    if stay > 0 {
        return Err(format!("{stay} reports stay in {}", journals.display()).into());
    }
    Ok(())
}

async fn submit(wats: &Wats, left: &Recovered) -> Result<(), Box<dyn Error>> {
    let report = left.report.as_ref().map_err(|error| format!("{error:#}"))?;
    let steps = report.report().step_count();
    let submitted = wats.report().submit(report).await?;
    println!("{steps} steps are submitted as {}", submitted.id);
    Ok(())
}
