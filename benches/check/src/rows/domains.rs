//! Reports and questions, as a program has them: built, checked, filtered, asked for.

use super::{Row, Work, http::rate_limit, row, waiting_runtime};
use crate::servers::Address;
use std::hint::black_box;
use wats_bench_check::Result;
use wats_codec::{Format, Serializer};
use wats_domains::report::{Station, Unit, lint};
use wats_domains::{
    CacheOptions, ClassOptions, Filter, MeasurementLimits, Product, UutReport, Wats,
};
use wats_http::http::Method;
use wats_http::{Call, Client, Idempotency, Operation};

pub(super) const ROWS: &[Row] = &[
    row("report.build", [5, 100], |_| build()),
    row("report.lint", [5, 200], |_| check()),
    row("domains.filter", [5, 1000], |_| filter()),
    row("domains.by_hand", [50, 200], |servers| by_hand(&servers.h1)),
    row("domains.ask", [50, 200], |servers| {
        ask(&servers.h1, CacheOptions::off())
    }),
    row("domains.live_by_hand", [50, 200], |servers| {
        live_by_hand(&servers.h1)
    }),
    row("domains.live", [50, 200], |servers| live(&servers.h1)),
    row("domains.ask_cached", [50, 2000], |servers| {
        let kept = CacheOptions::off().products(ClassOptions::default());
        ask(&servers.h1, kept)
    })
    .within(8.0),
    row("domains.find_cached", [50, 2000], |servers| {
        find(&servers.h1)
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

static GET: Operation = Operation::new(
    "product.get",
    Method::GET,
    "/api/Product/{partNumber}",
    Idempotency::Idempotent,
);

/// What [`ask`] does without the typed layer: the same call and the same reading.
fn by_hand(server: &Address) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .rate_limit(rate_limit())
        .build()?;
    let json = Serializer::new(Format::Json);
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let call = Call::new(&GET).path("partNumber", "PART-0001");
                let response = client.execute(call).await?;
                let product: Product = response.decode_with(|body| json.from_json(body))?;
                black_box(product);
            }
            Ok(())
        })
    }))
}

static VERSION: Operation = Operation::new(
    "app.version",
    Method::GET,
    "/api/App/Version",
    Idempotency::Idempotent,
);

/// What [`live`] does without the typed layer.
fn live_by_hand(server: &Address) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let client = Client::builder()
        .base_url(&server.url)
        .token(&server.token)
        .rate_limit(rate_limit())
        .build()?;
    let json = Serializer::new(Format::Json);
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let response = client.execute(Call::new(&VERSION)).await?;
                let version: String = response.decode_with(|body| json.from_json(body))?;
                black_box(version);
            }
            Ok(())
        })
    }))
}

/// An operation that keeps nothing, whatever the options.
fn live(server: &Address) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let api = api(server, CacheOptions::off())?;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(api.version().await?);
            }
            Ok(())
        })
    }))
}

fn api(server: &Address, kept: CacheOptions) -> Result<Wats> {
    Ok(Wats::builder()
        .base_url(&server.url)
        .token(&server.token)
        .rate_limit(rate_limit())
        .cache(kept)
        .build()?)
}

fn ask(server: &Address, kept: CacheOptions) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let api = api(server, kept)?;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(api.product().get("PART-0001").await?);
            }
            Ok(())
        })
    }))
}

fn find(server: &Address) -> Result<Work> {
    let runtime = waiting_runtime()?;
    let api = api(server, CacheOptions::default())?;
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                black_box(api.product().find("PART-0001").await?);
            }
            Ok(())
        })
    }))
}
