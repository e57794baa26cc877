//! Only sequences have steps.

use wats_report::{Unit, UutReport};

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let _ = UutReport::builder(UNIT, 100).steps(|root| {
        root.action("No sequence").boolean("Inside", true);
    });
}
