//! A time without a zone.

use wats_report::{Unit, UutReport};

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let naive: jiff::civil::DateTime = jiff::civil::date(2026, 1, 30).at(22, 1, 41, 0);
    let _ = UutReport::builder(UNIT, 100).start(naive);
}
