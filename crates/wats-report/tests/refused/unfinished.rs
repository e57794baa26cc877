//! What is not built is no report.

use wats_report::{Report, UutReport};

fn send(_: &Report) {}

fn main() {
    let report = UutReport::builder("PCBA-001", "SN-42", "A", 100);
    send(&report);
}
