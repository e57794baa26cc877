//! What must hold of the texts within reports.

use std::path::{Path, PathBuf};

use uuid::Uuid;
use wats_report::convert::{self, Defaults};
use wats_report::live::{Recovered, recover};
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
        let many = convert::stdf_parts(bytes, &defaults);
        let many = many.into_iter().flat_map(|file| file.reports);
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

/// Any bytes as the journal of a program that is gone: no report, with the reason, or one that is always the same. Each line is
/// a record, which gets the checksum that it lacks; one that begins with `!` is written as it is.
pub(crate) fn journal(bytes: &[u8]) {
    let folder = Folder::new();
    let mut file = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line {
            [b'!', line @ ..] => file.extend(line),
            line => {
                let record = line.strip_suffix(b"\n").unwrap_or(line);
                file.extend(format!("{:08x} ", checksum(record)).bytes());
                file.extend(line);
            }
        }
    }
    std::fs::write(folder.0.join("a.wats-journal"), &file).expect("the file is written");
    let said = |left: &Recovered| match &left.report {
        Ok(report) => {
            let report = report.report();
            let _ = lint(report);
            serde_json::to_string(report).expect("it can be written");
            // Of a header without a start, it is now.
            let steps: Vec<_> = report
                .steps()
                .map(|step| (step.name(), &step.status))
                .collect();
            format!("{:?} {steps:?}", report.result)
        }
        Err(error) => error.to_string(),
    };
    let one = || {
        let mut all = recover(&folder.0).expect("the folder is read");
        assert_eq!(all.len(), 1);
        all.pop().expect("it is one")
    };
    let left = one();
    let (text, end, torn) = (said(&left), left.end.clone(), left.torn.clone());
    drop(left);
    let again = one();
    assert_eq!((said(&again), &again.end, &again.torn), (text, &end, &torn));
    let torn = torn.map_or(0, |torn| torn.bytes);
    assert!(torn <= file.len() as u64);
    again.done().expect("it is removed");
}

/// A folder that is removed when it is no longer used.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("wats-fuzz-{}", Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("the folder is made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let folder: &Path = &self.0;
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// CRC-32 as a record has it, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (0xedb8_8320 * low);
        }
    }
    !crc
}
