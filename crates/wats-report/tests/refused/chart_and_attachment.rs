//! A step has a chart or an attachment, not both.

use wats_report::UutReport;
use wats_report::{Attachment, Chart, ChartType};

fn main() {
    let file = Attachment::new("log.txt", "text/plain", "Hello");
    let chart = Chart::new(ChartType::Line, "U(t)");
    let _ = UutReport::builder("PCBA-001", "SN-42", "A", 100).steps(|root| {
        root.boolean("Both", true).chart(chart).attachment(file);
    });
}
