//! A step has a chart or an attachment, not both.

use wats_report::{Unit, UutReport};
use wats_report::{Attachment, Chart, ChartType};

const UNIT: Unit<'_> = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };

fn main() {
    let file = Attachment::new("log.txt", b"Hello").content_type("text/plain");
    let chart = Chart::new(ChartType::Line, "U(t)");
    let _ = UutReport::builder(UNIT, 100).steps(|root| {
        root.boolean("Both", true).chart(chart).attachment(file);
    });
}
