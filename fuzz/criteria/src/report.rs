//! What must hold of the texts within reports.

use wats_report::convert::{self, Defaults};
use wats_report::{ReportTime, Severity, Station, StepPath, Unit, clean_scanned, lint, text, wsxf};

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

/// Any bytes as a file of reports: refused, or what is written of each report is read as the same, but for what is told.
pub(crate) fn wsxf(bytes: &[u8]) {
    let reports = match wsxf::read(bytes) {
        Ok(reports) => reports,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for report in &reports {
        let _ = lint(report);
        let written = wsxf::write(report).expect("what was read can be written");
        let again = wsxf::read(written.xml.as_bytes()).expect("what was written");
        assert!(!written.losses.is_empty() || again == [report.clone()]);
    }
}

/// Any bytes as a file of another format: refused, or reports that the linter takes, always the same ones.
pub(crate) fn convert(bytes: &[u8]) {
    let unit = Unit {
        part_number: "P",
        serial_number: "S",
        revision: "A",
    };
    let station = Station {
        name: "PC",
        location: "Lab",
        purpose: "Test",
    };
    let defaults = Defaults::new(unit, 100, station, "Kari");
    // A start that the bytes do not say is now, so that only ids are compared.
    let all = || {
        let one = [convert::openhtf, convert::junit].map(|read| read(bytes, &defaults));
        let many = convert::stdf(bytes, &defaults).into_iter().flatten();
        one.into_iter().flatten().chain(many).collect::<Vec<_>>()
    };
    let (reports, again) = (all(), all());
    for (report, again) in reports.iter().zip(&again) {
        assert_eq!(report.id, again.id);
        let found = lint(report);
        let is_advice = |severity| severity == Severity::Advice;
        assert!(
            found.iter().all(|finding| is_advice(finding.severity())),
            "{found:?}"
        );
    }
    assert_eq!(reports.len(), again.len());
}
