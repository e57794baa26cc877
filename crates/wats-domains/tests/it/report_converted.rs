//! Reports made of files of other programs are accepted by a server that refuses every fault.

use crate::convert_samples::{JUNIT, PRODUCERS, defaults, odd_records, record, stdf};
use crate::strict_server::StrictServer;
use wats_domains::report::{Report, convert};

#[test]
fn converted_reports_are_accepted() {
    let server = StrictServer::start();
    let accepted = |name: &str, report: &Report| {
        let report = serde_json::to_value(report).unwrap();
        let found = server.findings(&report);
        assert!(found.is_none(), "{name}: {found:?}\n{report}");
    };
    let records = odd_records();
    let mut records: Vec<(&str, String)> = records;
    records.push(("record", record().to_string()));
    for (name, text) in &records {
        accepted(
            name,
            &convert::openhtf(text.as_bytes(), &defaults()).unwrap(),
        );
    }
    for (name, text) in PRODUCERS.iter().chain(&[("usual", JUNIT)]) {
        accepted(name, &convert::junit(text.as_bytes(), &defaults()).unwrap());
    }
    for is_big in [true, false] {
        for report in convert::stdf(&stdf(is_big), &defaults()).unwrap() {
            accepted("STDF", &report);
        }
    }
}
