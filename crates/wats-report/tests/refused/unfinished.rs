//! What is not built is no report.

use wats_report::{Report, Unit, UutReport};

fn send(_: &Report) {}

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let report = UutReport::builder(UNIT, 100);
    send(&report);
}
