//! Part 4: a hundred reports as bytes.

use wats::codec::{BenchOptions, BenchReport, Format, benchmark_with, format_bytes};
use wats::report::Report;

use crate::Outcome;
use crate::figures::Figures;
use crate::production;

const PART: &str = "4 formats";

pub(crate) fn show(figures: &mut Figures) -> Outcome {
    println!(
        "\n{PART}: {} reports as JSON, MessagePack and JSON+gzip",
        production::REPORTS
    );
    let reports = (0..production::REPORTS)
        .map(|i| production::report(i, 100).map(Report::from))
        .collect::<wats::report::Result<Vec<_>>>()?;
    let options =
        BenchOptions::default().formats([Format::Json, Format::MessagePack, Format::JsonGzip]);
    let measured: BenchReport = benchmark_with(&reports, &options)?;
    let json = measured.get(Format::Json).ok_or("JSON was not measured")?;
    for row in &measured.rows {
        // JSON is what the others are compared with.
        let naive = (row.format != Format::Json).then_some(json);
        let percent = 100.0 * row.bytes as f64 / json.bytes as f64;
        let each = format_bytes(row.bytes / production::REPORTS as u64);
        let note = format!("{percent:.0} % of JSON, {each} a report");
        let size = format!("{} size", row.format);
        figures.bytes(PART, &size, naive.map(|json| json.bytes), row.bytes, note);
        let write = naive.map(|json| json.write);
        figures.time(PART, "  serialise", write, row.write, String::new());
        let read = naive.map(|json| json.read);
        figures.time(PART, "  deserialise", read, row.read, String::new());
    }
    Ok(())
}
