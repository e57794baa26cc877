//! How time, calls and memory grow: with items, calls at a time, cached entries, steps of a report.
//!
//! A curve is measured as a whole: one round goes through all sizes and ends with the exponents (see [`crate::slope`]), so
//! its rows are `scaling.CURVE.FIGURE.SIZE` and `scaling.CURVE.FIGURE.exponent`. There are no peers: a curve is compared
//! with itself. The page of the curves is [`crate::report::scaling`].

mod concurrent;
mod entries;
mod items;
mod steps;

use crate::server::Server;
use crate::spec::{Context, Round, RowSpec};
use crate::{Result, slope};
use tokio::runtime::Runtime;
use wats_domains::report::{Station, Unit};
use wats_domains::{CacheOptions, MeasurementLimits, UutReport, Wats};

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = items::rows(ctx);
    rows.extend(concurrent::rows(ctx));
    rows.extend(entries::rows(ctx));
    rows.extend(steps::rows(ctx));
    rows
}

/// A figure that is followed over the sizes: its name and its unit.
type Figure = (&'static str, &'static str);

/// The rows of a curve, in the order of [`round`].
fn curve(name: &str, figures: &[Figure], sizes: &[usize]) -> RowSpec {
    let ids = sizes.iter().flat_map(|size| {
        figures
            .iter()
            .map(move |(figure, unit)| (format!("{figure}.{size}"), *unit))
    });
    let exponents = figures
        .iter()
        .map(|(figure, _)| (format!("{figure}.exponent"), "exponent"));
    let mut row: Option<RowSpec> = None;
    for (id, unit) in ids.chain(exponents) {
        let id = format!("scaling.{name}.{id}");
        row = Some(match row {
            None => RowSpec::new(&id),
            Some(row) => row.and(&id),
        })
        .map(|row| row.unit(unit));
    }
    row.unwrap_or_else(|| RowSpec::new(&format!("scaling.{name}")))
}

/// The figures of all sizes, then the exponents.
fn round<const N: usize>(
    sizes: &[usize],
    mut measure: impl FnMut(usize) -> Result<[f64; N]>,
) -> Result<Round> {
    let mut points = Vec::new();
    for &size in sizes {
        points.push((size as f64, measure(size)?));
    }
    let figures = points.iter().flat_map(|(_, figures)| *figures);
    let exponents = (0..N).map(|index| {
        let points: Vec<(f64, f64)> = points
            .iter()
            .map(|(size, figures)| (*size, figures[index]))
            .collect();
        slope::exponent(&points).unwrap_or(f64::NAN)
    });
    Ok(Round(figures.chain(exponents).collect()))
}

/// A simulator in a process of its own, and a client on the measuring thread.
struct Stage {
    sim: Server,
    runtime: Runtime,
    api: Wats,
}

impl Stage {
    /// With a connection that is open already.
    fn set(latency_ms: u32, products: usize) -> Result<Self> {
        let arguments = [latency_ms.to_string(), products.to_string()];
        let mut sim = Server::start(super::scenario::sim::NAME, &[&arguments[0], &arguments[1]])?;
        let token = sim.ask("token")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let api = Wats::builder()
            .base_url(sim.address())
            .token(token)
            .rate_limit(None)
            .cache(CacheOptions::off())
            .build()?;
        runtime.block_on(api.version().into_future())?;
        Ok(Self { sim, runtime, api })
    }

    /// Calls since the last reset.
    fn calls(&mut self) -> Result<f64> {
        let answer = self.sim.ask("counters")?;
        let calls = answer.split_whitespace().next().unwrap_or_default();
        Ok(calls.parse()?)
    }
}

/// A passed test report with so many numeric steps.
fn report(number: usize, steps: usize) -> Result<UutReport> {
    let unit = Unit {
        part_number: "PART-0001",
        serial_number: &format!("SN-{number:06}"),
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
            for step in 1..=steps {
                let value = 5.0 + step as f64 / 1000.0;
                let limits = MeasurementLimits::between(4.5..=1000.5);
                root.numeric(format!("Rail {step}"), value, "V", limits);
            }
        })
        .build()?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_curve_stand_in_the_order_of_its_figures() {
        let spec = curve("x", &[("time", "ms"), ("calls", "calls")], &[10, 100]);
        let ids: Vec<&str> = spec
            .metrics
            .iter()
            .map(|metric| metric.id.as_str())
            .collect();
        let wanted = [
            "scaling.x.time.10",
            "scaling.x.calls.10",
            "scaling.x.time.100",
            "scaling.x.calls.100",
            "scaling.x.time.exponent",
            "scaling.x.calls.exponent",
        ];
        assert_eq!(ids, wanted);
        let figures = round(&[10, 100], |size| Ok([size as f64, 1.0])).unwrap();
        assert_eq!(figures.0, [10.0, 1.0, 100.0, 1.0, 1.0, 0.0]);
    }
}
