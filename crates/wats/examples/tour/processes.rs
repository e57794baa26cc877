//! Part 1: operation types, asked for by every station before every test.

use std::time::Instant;

use crate::Outcome;
use crate::figures::Figures;
use crate::stage::Stage;

const PART: &str = "1 processes";

pub(crate) async fn show(stage: &Stage, figures: &mut Figures) -> Outcome {
    println!("\n{PART}: cached, with statistics and a forced refresh");
    let service = stage.main.wats.process();

    let start = Instant::now();
    let list = service.list().await?;
    let first = start.elapsed();

    let start = Instant::now();
    let again = service.list().await?;
    let second = start.elapsed();
    if again != list {
        return Err("the cached list of processes is not the list that was read".into());
    }
    figures.time(
        PART,
        "second call",
        Some(first),
        second,
        format!("{} processes", list.len()),
    );

    let start = Instant::now();
    service.refresh();
    service.list().await?;
    figures.time(
        PART,
        "forced refresh",
        None,
        start.elapsed(),
        stage.main.wats.cache_stats().processes.to_string(),
    );
    Ok(())
}
