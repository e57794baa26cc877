//! The reports that are stored: passed tests of numeric steps, each of a unit of its own.

use crate::Result;
use uuid::Uuid;
use wats_domains::report::{Station, Unit};
use wats_domains::{MeasurementLimits, UutReport};

/// A report with so many steps has about 10 KB.
pub(super) const STEPS_OF_10_KB: usize = 38;
/// A report with so many steps has about 1 KB.
pub(super) const STEPS_OF_1_KB: usize = 2;

/// Id of a report.
pub(super) fn id(number: u64) -> Uuid {
    Uuid::from_u128(0x5e_0000_0000 << 64 | u128::from(number))
}

/// A report as a program builds it.
pub(super) fn report(number: u64, steps: usize) -> Result<UutReport> {
    let unit = Unit {
        part_number: "PART-0001",
        serial_number: &serial_number(number),
        revision: "A",
    };
    let station = Station {
        name: "Bench",
        location: "Here",
        purpose: "Bench",
    };
    let builder = UutReport::builder(unit, 100)
        .id(id(number))
        .station(station)
        .operator("bench")
        .steps(|root| {
            for step in 1..=steps {
                let limits = MeasurementLimits::between(4.5..=1000.5);
                let value = 5.0 + step as f64 / 1000.0;
                root.numeric(format!("Rail {step}"), value, "V", limits);
            }
        });
    Ok(builder.build()?)
}

fn serial_number(number: u64) -> String {
    format!("SN-{number:012}")
}

/// Texts of reports, many and quickly: one report with other numbers in it.
#[derive(Debug)]
pub(super) struct Texts {
    template: String,
}

impl Texts {
    pub(super) fn new(steps: usize) -> Result<Self> {
        let template = serde_json::to_string(report(0, steps)?.report())?;
        Ok(Self { template })
    }

    pub(super) fn of(&self, number: u64) -> Vec<u8> {
        self.template
            .replacen(&id(0).to_string(), &id(number).to_string(), 1)
            .replacen(&serial_number(0), &serial_number(number), 1)
            .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_reports_and_as_large_as_they_are_called() {
        for (steps, size) in [(STEPS_OF_10_KB, 10_000), (STEPS_OF_1_KB, 1_000)] {
            let made = Texts::new(steps).unwrap().of(7);
            let built: serde_json::Value =
                serde_json::to_value(report(7, steps).unwrap().report()).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&made).unwrap();
            assert_eq!(read["id"], built["id"]);
            assert_eq!(read["sn"], built["sn"]);
            let off = made.len().abs_diff(size);
            assert!(off < size / 5, "{} bytes instead of {size}", made.len());
        }
    }
}
