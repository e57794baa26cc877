//! What must hold of the texts within reports.

use wats_report::{ReportTime, StepPath, clean_scanned, text};

/// Any text as a time, a path of steps, a number from a scanner and a whole report: refused, or what is written of it reads as
/// the same.
pub(crate) fn values(value: &str) {
    let time = ReportTime::from(value);
    assert_eq!(time.as_str(), value);
    if let Ok(moment) = time.timestamp() {
        let again = ReportTime::from(&*moment.to_string());
        assert_eq!(again.timestamp().expect("a time"), moment);
    }
    if let Ok(path) = value.parse::<StepPath>() {
        let again: StepPath = path.to_wire().parse().expect("what was written");
        assert_eq!(again, path);
    }
    let cleaned = clean_scanned(value);
    let again = clean_scanned(&cleaned.text);
    assert_eq!(again.text, cleaned.text);
    assert!(again.removed.is_empty(), "{again:?}");
    for error in [
        text::id_of_wsjf(value.as_bytes()).err(),
        text::id_of_wsxf(value.as_bytes()).err(),
    ] {
        let _ = error.map(|error| format!("{error:#} {error:?}"));
    }
}
