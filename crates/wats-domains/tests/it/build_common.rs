//! A report to begin with, and a server to say what it has against a report.

use std::cell::RefCell;

use wats_domains::UutReport;
use wats_domains::report::{Report, Station, Unit, builder::ReportBuilder};

use crate::strict_server::StrictServer;

pub(crate) fn builder() -> ReportBuilder {
    UutReport::builder(
        Unit {
            part_number: "PCBA-001",
            serial_number: "SN-42",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    })
    .operator("Kari")
}

thread_local! {
    static SERVER: RefCell<Option<StrictServer>> = const { RefCell::new(None) };
}

/// What a server with all rules has against a report, over real TCP.
pub(crate) fn server_says(report: &Report) -> Option<String> {
    let json = serde_json::to_value(report).unwrap();
    SERVER.with_borrow_mut(|server| {
        let found = server
            .get_or_insert_with(StrictServer::start)
            .findings(&json);
        found.map(|found| format!("{found:?}"))
    })
}
