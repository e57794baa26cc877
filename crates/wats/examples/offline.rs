//! A station that runs a day without its network: two programs test into one folder, one of them is killed (`kill -9`), and when
//! the network is back all that they had stored is sent, once. The guide is docs/queue.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --features queue --example offline -- /var/lib/station/queue
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server, whose network fails; the day takes some seconds then.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use wats::WatsBuilder;
use wats::prelude::*;
use wats::queue::{DrainOptions, Filter, ReportQueue, State, report_id};
use wats::uuid::Uuid;
use wats_sim::{Fault, Simulator};

/// Set for the programs that test.
const PROGRAM: &str = "WATS_OFFLINE_PROGRAM";

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<ExitCode> {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let own = std::env::temp_dir().join(format!("wats-offline-{}", std::process::id()));
    let folder = given.clone().unwrap_or_else(|| own.clone());
    if let Some(program) = std::env::var_os(PROGRAM) {
        test_units(&folder, &program.to_string_lossy()).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = tokio::select! {
        done = day(&folder) => done.map(|()| ExitCode::SUCCESS),
        // The programs are killed with the day.
        code = stopped() => {
            println!("stopped");
            code.map(ExitCode::from).map_err(Into::into)
        }
    };
    if given.is_none() && folder.exists() {
        std::fs::remove_dir_all(&own)?;
    }
    done
}

/// Until somebody ends this program: the exit code that shells give it then.
async fn stopped() -> std::io::Result<u8> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut told = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| 130),
            _ = told.recv() => Ok(143),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.map(|()| 130)
    }
}

/// The day of the station.
async fn day(folder: &Path) -> Outcome {
    let (sim, wats) = if std::env::var_os("WATS_BASE_URL").is_some() {
        (None, WatsBuilder::from_env()?.build()?)
    } else {
        let sim = Simulator::builder().start().await?;
        let builder = Wats::builder().base_url(sim.base_url());
        let wats = builder.token(sim.token()).build()?;
        (Some(sim), wats)
    };

    if let Some(sim) = &sim {
        println!("the network fails");
        sim.inject(Fault::drop_before_response().always());
    }
    let programs = ["ICT-1", "ICT-2"].map(|name| start(name, folder, sim.as_ref()));
    let [first, second] = programs;
    let (first, second) = (first?, second?);
    let killed = async {
        let stored = read(first, Some(7)).await?;
        println!("ICT-1 is killed; it had stored {}", stored.len());
        Ok::<_, std::io::Error>(stored)
    };
    let (mut stored, of_other) = tokio::try_join!(killed, read(second, None))?;
    stored.extend(of_other);
    println!("ICT-2 has ended; {} are on disk", stored.len());

    let queue = wats.queue(folder).open().await?;
    let mut shown = String::new();
    show(&queue, &mut shown).await?;
    if let Some(sim) = &sim {
        println!("the network is back");
        sim.clear_faults();
    }
    let drain = queue.drain(DrainOptions::default())?;
    while queue.health().await?.to_send() > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        show(&queue, &mut shown).await?;
    }
    for item in queue.list(Filter::set_aside()).await? {
        println!("{} is set aside: {:?}", report_id(&item), item.fault);
    }
    drain.stop(Duration::from_secs(5)).await?;
    queue.close().await?;
    if let Some(sim) = &sim {
        let lost = stored
            .iter()
            .filter(|id| sim.report(&id.to_string()).is_none());
        println!(
            "{} were stored, {} of them are lost",
            stored.len(),
            lost.count()
        );
    }
    Ok(())
}

/// A station's program: what it tests is on disk before the next unit comes, and is sent as far as the network lets it.
async fn test_units(folder: &Path, name: &str) -> Outcome {
    let wats = WatsBuilder::from_env()?.build()?;
    let queue = wats.queue(folder).open().await?;
    let drain = queue.drain(DrainOptions::default())?;
    for hour in 0..12 {
        let report = test(name, hour)?;
        queue.enqueue(&report).await?;
        println!("{}", report.id());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What is not sent stays on disk for whoever comes next.
    drain.stop(Duration::from_secs(5)).await?;
    queue.close().await?;
    Ok(())
}

fn test(station: &str, hour: u32) -> wats::Result<UutReport> {
    let serial_number = format!("{station}-{hour:04}");
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: &serial_number,
        revision: "A",
    };
    let station = Station {
        name: station,
        location: "Drammen",
        purpose: "Production",
    };
    let limits = MeasurementLimits::between(4.75..=5.25);
    let report = UutReport::builder(unit, 100)
        .station(station)
        .operator("Kari")
        .numeric("Measure +5V", 5.0 + f64::from(hour) / 1000.0, "V", limits)
        .build()?;
    Ok(report)
}

fn start(name: &str, folder: &Path, sim: Option<&Simulator>) -> std::io::Result<Child> {
    let mut program = Command::new(std::env::current_exe()?);
    program
        .arg(folder)
        .env(PROGRAM, name)
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    if let Some(sim) = sim {
        program.env("WATS_BASE_URL", sim.base_url());
        program.env("WATS_AUTH_TOKEN", sim.token());
    }
    program.spawn()
}

/// The reports that a program has stored, until it ends or, after so many, is killed.
async fn read(mut program: Child, most: Option<usize>) -> std::io::Result<Vec<Uuid>> {
    let mut stored = Vec::new();
    if let Some(says) = program.stdout.take() {
        let mut lines = BufReader::new(says).lines();
        while let Some(line) = lines.next_line().await? {
            stored.extend(line.parse::<Uuid>().ok());
            if Some(stored.len()) == most {
                program.start_kill()?;
            }
        }
    }
    program.wait().await?;
    Ok(stored)
}

/// How the queue stands, unless that is what was shown last.
async fn show(queue: &ReportQueue, shown: &mut String) -> wats::Result<()> {
    let health = queue.health().await?;
    let pause = health.pause.as_ref();
    let state = pause.map_or("sending".to_owned(), |pause| pause.reason.to_string());
    let parked = health.items(State::Parked);
    let text = format!("{} to send, {parked} set aside: {state}", health.to_send());
    if text != *shown {
        println!("{text}");
        *shown = text;
    }
    Ok(())
}
