//! What the tests of report operations share: a simulator, a client without pauses, and reports.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a panic in a helper of the tests is the failing test"
)]

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::Wats;
use wats_domains::report::Report;
use wats_http::RetryConfig;
use wats_sim::{Builder, Simulator};

/// Every character that means something in a path, a query or an OData literal.
pub(crate) const AWKWARD: &str = "A/B?x=1#2 %2F'ø&+";

pub(crate) async fn start(builder: Builder) -> (Simulator, Wats) {
    let sim = builder.start().await.unwrap();
    let api = connect(&sim, sim.token());
    (sim, api)
}

pub(crate) fn connect(sim: &Simulator, token: &str) -> Wats {
    let client = wats_http::Client::builder()
        .base_url(sim.base_url())
        .token(token)
        .rate_limit(None)
        .retry(
            RetryConfig::default()
                .base_delay(Duration::from_millis(1))
                .max_attempts(15)
                .budget(1_000),
        )
        .build()
        .unwrap();
    Wats::from(client)
}

/// The n-th id.
pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + n)
}

/// A test report as other programs write it.
pub(crate) fn test(id: Uuid, serial_number: &str) -> Value {
    json!({
        "id": id.to_string(), "type": "T", "pn": "PART-0001", "sn": serial_number, "rev": "A",
        "processCode": 100, "result": "P", "machineName": "Station", "location": "Lab", "purpose": "Test",
        "start": "2026-01-30T22:01:41.4707353+01:00", "startUTC": "2026-01-30T21:01:41.4707353Z",
        "uut": { "user": "me", "execTime": 1.5, "comment": null },
        "root": {
            "id": 0, "name": "Main", "group": "M", "status": "P", "stepType": "SequenceCall",
            "seqCall": { "path": "p", "name": "main.seq", "version": "1.2" },
            "steps": [
                { "id": 1, "name": "Rail", "group": "M", "status": "P", "totTime": "0.5",
                  "numericMeas": [{ "compOp": "LE", "unit": "V", "value": 5.0, "lowLimit": 5.5, "status": "P" }],
                  "attachment": { "name": "foto ø.png", "contentType": "image/png", "data": "iVBORw==" } },
            ],
        },
        "miscInfos": [{ "description": "Firmware", "text": "1.4.2" }],
        "subUnits": [{ "partType": "PCBA", "pn": "SUB", "rev": "C", "sn": "S-1" }],
    })
}

/// A repair report.
pub(crate) fn repair(id: Uuid, of: Uuid, serial_number: &str) -> Value {
    json!({
        "id": id.to_string(), "type": "R", "pn": "PART-0001", "sn": serial_number, "rev": "A",
        "processCode": 500, "result": "P", "machineName": "Repair", "location": "Lab", "purpose": "Repair",
        "start": "2026-01-31T10:00:00+01:00",
        "uur": { "user": "fixer", "processCode": 100, "refUUT": of.to_string(), "comment": null },
        "subUnits": [{ "pn": "SUB", "rev": "C", "sn": "S-1", "idx": 0, "failures": [{
            "category": "Component", "code": "Defect Component",
            "attachments": [{ "id": self::id(77).to_string(), "name": "x.txt", "contentType": "text/plain", "data": "aGk=" }],
        }] }],
    })
}

pub(crate) fn read(report: &Value) -> Report {
    serde_json::from_value(report.clone()).unwrap()
}
