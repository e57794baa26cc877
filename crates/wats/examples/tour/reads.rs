//! Part 2: many reads at once over few connections.

use std::time::{Duration, Instant};

use wats::Wats;
use wats::batch::batch_map;

use crate::Outcome;
use crate::figures::Figures;
use crate::stage::{Side, Stage};

const PART: &str = "2 reads";

pub(crate) async fn show(stage: &Stage, numbers: &[String], figures: &mut Figures) -> Outcome {
    println!(
        "\n{PART}: {} products at once, over pooled connections",
        numbers.len()
    );
    let naive = one_by_one(&stage.main.wats, numbers).await?;

    let protocol = if stage.http2.is_some() {
        "at once, HTTP/1.1"
    } else {
        "at once"
    };
    at_once(&stage.main, protocol, numbers, naive, figures).await?;
    if let Some(http2) = &stage.http2 {
        at_once(http2, "at once, HTTP/2", numbers, naive, figures).await?;
    }
    Ok(())
}

/// The naive way: the next call begins when the last has ended.
pub(crate) async fn one_by_one(wats: &Wats, numbers: &[String]) -> Outcome<Duration> {
    let start = Instant::now();
    for number in numbers {
        wats.product().get(number).await?;
    }
    Ok(start.elapsed())
}

async fn at_once(
    side: &Side,
    what: &str,
    numbers: &[String],
    naive: Duration,
    figures: &mut Figures,
) -> Outcome {
    if let Some(sim) = side.simulator() {
        sim.reset_counters();
    }
    let start = Instant::now();
    let answers = batch_map(numbers, 100, |number| side.wats.product().get(number)).await;
    let elapsed = start.elapsed();
    for (number, answer) in numbers.iter().zip(answers) {
        if answer?.part_number() != number {
            return Err(format!("the answer for {number} is another product").into());
        }
    }
    figures.time(PART, what, Some(naive), elapsed, String::new());
    let (connections, note) = if let Some(seen) = side.counters() {
        let versions: Vec<&str> = seen.http_versions.keys().map(String::as_str).collect();
        let note = format!("at most, as the server counted; {}", versions.join(", "));
        (seen.connections_peak, note)
    } else {
        let opened = side.wats.http().pool_stats().dialled;
        (opened, "opened so far, as the client counted".to_owned())
    };
    figures.count(PART, "  connections", None, connections, note);
    Ok(())
}
