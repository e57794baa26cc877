//! What each format costs for a hundred reports: sizes, then sizes and times.
//!
//! `cargo run --release -p wats-codec --example compare`

use std::io::Write;

use serde::{Deserialize, Serialize};
use wats_codec::{benchmark, compare, fast_struct};

#[derive(Serialize, Deserialize)]
struct Report {
    serial_number: String,
    part_number: String,
    result: String,
    steps: Vec<Step>,
}
fast_struct!(Report {
    serial_number = "serial_number",
    part_number = "part_number",
    result = "result",
    steps = "steps",
});

#[derive(Serialize, Deserialize)]
struct Step {
    name: String,
    value: f64,
    unit: String,
    status: String,
}
fast_struct!(Step { name = "name", value = "value", unit = "unit", status = "status" });

fn main() -> Result<(), wats_codec::Error> {
    let step = |report: u32, step: u32| Step {
        name: format!("Measure rail {step}"),
        value: f64::from(report * 31 + step * 7) / 64.0,
        unit: "V".to_owned(),
        status: "P".to_owned(),
    };
    let reports: Vec<Report> = (0..100)
        .map(|n| Report {
            serial_number: format!("SN-{n:06}"),
            part_number: format!("PCBA-{:03}", n % 4),
            result: "P".to_owned(),
            steps: (0..12).map(|m| step(n, m)).collect(),
        })
        .collect();

    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n\n{}", compare(&reports)?, benchmark(&reports)?)?;
    Ok(())
}
