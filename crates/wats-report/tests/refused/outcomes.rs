//! A step that measured has the outcome of its measurements: passed or failed.

use wats_report::{Chart, Outcome, builder::Sequence};
use wats_report::{MeasurementLimits, Unit, UutReport};

fn skipped(root: &mut Sequence, chart: Chart) {
    root.skipped("Never run").chart(chart);
}

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let _ = skipped;
    let _ = UutReport::builder(UNIT, 100).steps(|root| {
        root.numeric("Single", 5.0, "V", MeasurementLimits::log()).outcome(Outcome::Error);
        root.multi_boolean("Many", |_| {}).overrule(true);
    });
}
