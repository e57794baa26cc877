//! Only sequences have steps.

use wats_report::UutReport;

fn main() {
    let _ = UutReport::builder("PCBA-001", "SN-42", "A", 100).steps(|root| {
        root.action("No sequence").boolean("Inside", true);
    });
}
