//! Yields of the last 30 days by station, and the steps that fail most often there.
//!
//! ```text
//! WATS_BASE_URL=https://company.wats.com WATS_AUTH_TOKEN=… cargo run -p wats --example analytics -- PCBA-001 "ICT test"
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

use std::error::Error;

use wats::Wats;
use wats::analytics::{Dimension, StatisticsFilter};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let part_number = args.next().ok_or("name a part number")?;
    let operation = args.next().ok_or("name a test operation")?;
    let wats = Wats::from_env()?;
    let filter = StatisticsFilter::default()
        .part_number(part_number)
        .test_operation(operation)
        .last_days(30)
        .top_count(10);

    let dimensions = [Dimension::Fpy.asc(), Dimension::StationName.into()];
    let yields = wats
        .analytics()
        .dynamic_yield(&filter)
        .dimensions(dimensions);
    for row in yields.await?.iter() {
        let station = row.station_name.as_deref().unwrap_or("?");
        match &row.fpy {
            Some(fpy) => println!("{station}: {:.1} % passed the first run", fpy.value()),
            None => println!("{station}: nothing is known"),
        }
    }
    for step in wats.analytics().top_failed(&filter).await?.iter() {
        let path = step.step_path.as_deref().unwrap_or("?").replace('¶', " / ");
        println!(
            "{path} failed {} times",
            step.fail_count.unwrap_or_default()
        );
    }
    Ok(())
}
