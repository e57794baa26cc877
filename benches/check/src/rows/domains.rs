//! Reports and questions, as a program has them: built, checked, filtered, asked for.

use super::{Row, Work, http::rate_limit, row, waiting_runtime};
use crate::servers::Address;
use std::hint::black_box;
use wats_bench_check::Result;
use wats_domains::report::{Station, Unit, lint};
use wats_domains::{CacheOptions, ClassOptions, Filter, MeasurementLimits, UutReport, Wats};

pub(super) const ROWS: &[Row] = &[
    row("report.build", [5, 100], |_| build()),
    row("report.lint", [5, 200], |_| check()),
    row("domains.filter", [5, 1000], |_| filter()),
    row("domains.ask", [50, 200], |servers| {
        ask(&servers.h1, CacheOptions::off())
    }),
    row("domains.ask_cached", [50, 2000], |servers| {
        let kept = CacheOptions::off().products(ClassOptions::default());
        ask(&servers.h1, kept)
    })
    .within(8.0),
];

/// A passed test report of ten numeric steps.
pub(super) fn report(number: usize) -> Result<UutReport> {
    let unit = Unit {
        part_number: "PART-0001",
        serial_number: &format!("SN-{number:05}"),
        revision: "A",
    };
    let station = Station {
        name: "Bench",
        location: "Here",
        purpose: "Bench",
    };
    let report = UutReport::builder(unit, 100)
        .station(station)
        .operator("bench")
        .steps(|root| {
            for step in 1..=10 {
                let value = 5.0 + f64::from(step) / 1000.0;
                let limits = MeasurementLimits::between(4.5..=1000.5);
                root.numeric(format!("Rail {step}"), value, "V", limits);
            }
        })
        .build()?;
    Ok(report)
}

fn build() -> Result<Work> {
    Ok(Box::new(|times| {
        for number in 0..times {
            black_box(report(number as usize)?);
        }
        Ok(())
    }))
}

fn check() -> Result<Work> {
    let report = report(0)?.into_report();
    Ok(Box::new(move |times| {
        for _ in 0..times {
            black_box(lint(black_box(&report)));
        }
        Ok(())
    }))
}

fn filter() -> Result<Work> {
    Ok(Box::new(|times| {
        for _ in 0..times {
            let filter = Filter::eq("partNumber", black_box("O'Brien"))
                .and(Filter::ne("state", 0).or(Filter::starts_with("name", "PCB")));
            black_box(filter.to_odata()?);
        }
        Ok(())
    }))
}

fn ask(server: &Address, kept: CacheOptions) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let api = Wats::builder()
        .base_url(&server.url)
        .token(&server.token)
        .rate_limit(rate_limit())
        .cache(kept)
        .build()?;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let product = api.product().get("PART-0001").await?;
                black_box(product);
            }
            Ok(())
        })
    }))
}
