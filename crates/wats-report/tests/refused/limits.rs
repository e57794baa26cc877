//! Limits that do not fit their operator.

use wats_report::{MeasurementLimits, Unit, UutReport};

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let _ = UutReport::builder(UNIT, 100)
        .numeric("One limit has one", 5.0, "V", MeasurementLimits::at_least(4.5, 5.5))
        .numeric("Two limits are two", 5.0, "V", MeasurementLimits::between(4.5))
        .numeric("A number is no limit", 5.0, "V", 4.5)
        .string("Numbers do not limit texts", "1.4.2", MeasurementLimits::log());
}
