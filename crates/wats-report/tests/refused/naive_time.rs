//! A time without a zone.

use wats_report::UutReport;

fn main() {
    let naive: jiff::civil::DateTime = jiff::civil::date(2026, 1, 30).at(22, 1, 41, 0);
    let _ = UutReport::builder("PCBA-001", "SN-42", "A", 100).start(naive);
}
