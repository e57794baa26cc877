//! A report of 10 to 100 000 steps: built, written as JSON, read, checked.

use super::{curve, report, round};
use crate::spec::{Context, RowSpec};
use crate::{Result, memory};
use std::hint::black_box;
use std::time::Instant;
use wats_codec::{Format, Serializer};
use wats_domains::report::{Report, lint};

const SIZES: &[usize] = &[10, 100, 1000, 10_000, 100_000];

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let sizes: &[usize] = ctx.scale(&SIZES[..4], SIZES);
    let figures = [
        ("build", "µs"),
        ("write", "µs"),
        ("read", "µs"),
        ("check", "µs"),
    ];
    let timed = curve("steps", &figures, sizes)
        .note("a report of so many numeric steps: by the builder, to JSON and back, through the linter; few steps take the header's work")
        .most_rounds(ctx.scale(2, 5))
        .subject("wats", move || round(sizes, measure));
    let peak = curve("steps", &[("peak", "bytes")], sizes)
        .note("the same report read from JSON: most memory allocated at one moment, the report included")
        .counts_memory()
        .once()
        .subject("wats", move || {
            round(sizes, |size| {
                let codec = Serializer::new(Format::Json);
                let json = codec.to_vec(report(0, size)?.report())?;
                let (read, counted) = memory::count(|| codec.from_slice::<Report>(&json))?;
                read?;
                Ok([counted.peak as f64])
            })
        });
    vec![timed, peak]
}

/// Microseconds of each, the mean of as many as make 10 000 steps together.
fn measure(size: usize) -> Result<[f64; 4]> {
    let times = (10_000 / size).max(1);
    let codec = Serializer::new(Format::Json);
    let example = report(0, size)?.into_report();
    let json = codec.to_vec(&example)?;
    Ok([
        timed(times, || report(0, size).map(drop))?,
        timed(times, || {
            black_box(codec.to_vec(&example)?);
            Ok(())
        })?,
        timed(times, || {
            black_box(codec.from_slice::<Report>(black_box(&json))?);
            Ok(())
        })?,
        timed(times, || {
            black_box(lint(black_box(&example)));
            Ok(())
        })?,
    ])
}

fn timed(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    work()?;
    let start = Instant::now();
    for _ in 0..times {
        work()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / times as f64)
}
