//! A station that runs a day without its network, is restarted in the middle, and loses and doubles nothing. The guide is
//! docs/queue.md.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --features queue --example offline -- /var/lib/station
//! ```
//!
//! Without `WATS_BASE_URL` it works with a simulated server, whose network fails; the day takes some seconds then.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wats::WatsBuilder;
use wats::prelude::*;
use wats::queue::{DrainOptions, Filter, ReportQueue, State};
use wats_sim::{Fault, Simulator};

/// A test of a unit, one each hour.
fn test(hour: usize) -> wats::Result<UutReport> {
    let serial_number = format!("SN-{hour:04}");
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: &serial_number,
        revision: "A",
    };
    let station = Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    };
    let limits = MeasurementLimits::between(4.75..=5.25);
    Ok(UutReport::builder(unit, 100)
        .station(station)
        .operator("Kari")
        .numeric("Measure +5V", 5.0 + hour as f64 / 1000.0, "V", limits)
        .build()?)
}

/// One shift of the program: it opens the queue, drains it as far as the network lets it, and tests. What it tests is on disk
/// before the next unit comes.
async fn shift(wats: &Wats, folder: &Path, hours: std::ops::Range<usize>) -> wats::Result<()> {
    let queue = wats.queue(folder).open().await?;
    let drain = queue.drain(DrainOptions::default())?;
    for hour in hours {
        queue.enqueue(&test(hour)?).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    show(&queue).await?;
    // What is not sent stays on disk for the next one.
    drain.stop(Duration::from_secs(5)).await?;
    queue.close().await?;
    Ok(())
}

async fn show(queue: &ReportQueue) -> wats::Result<()> {
    let health = queue.health().await?;
    let pause = health
        .pause
        .as_ref()
        .map_or("sending".to_owned(), |pause| pause.reason.to_string());
    println!(
        "{} to send, {} set aside: {pause}",
        health.to_send(),
        health.items(State::Parked)
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args_os().nth(1).map(PathBuf::from);
    let own = std::env::temp_dir().join(format!("wats-offline-{}", std::process::id()));
    let folder = given.clone().unwrap_or_else(|| own.clone());
    let (sim, wats) = if std::env::var_os("WATS_BASE_URL").is_some() {
        (None, WatsBuilder::from_env()?.build()?)
    } else {
        let sim = Simulator::builder().start().await?;
        let builder = WatsBuilder::from_env()?.base_url(sim.base_url());
        let wats = builder.token(sim.token()).build()?;
        (Some(sim), wats)
    };

    if let Some(sim) = &sim {
        println!("the network fails");
        sim.inject(Fault::drop_before_response().always());
    }
    shift(&wats, &folder, 0..12).await?;
    println!("the station is restarted");
    shift(&wats, &folder, 12..24).await?;
    if let Some(sim) = &sim {
        println!("the network is back");
        sim.clear_faults();
    }

    let queue = wats.queue(&folder).open().await?;
    let drain = queue.drain(DrainOptions::default())?;
    while queue.health().await?.to_send() > 0 {
        show(&queue).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for item in queue.list(Filter::set_aside()).await? {
        println!("{}: {:?}", wats::queue::report_id(&item), item.fault);
    }
    show(&queue).await?;
    drain.stop(Duration::from_secs(5)).await?;
    queue.close().await?;
    if given.is_none() {
        std::fs::remove_dir_all(&own)?;
    }
    Ok(())
}
