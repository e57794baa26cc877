//! Ids in every spelling are the same id, and stay spelt as they were.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use crate::report_common::{id, read, start, test};
use serde_json::{Value, json};
use uuid::Uuid;
use wats_domains::report::{Report, Station, lint, model::Uur};
use wats_sim::Simulator;

const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

fn spellings() -> [String; 4] {
    [
        ID.to_owned(),
        ID.to_uppercase(),
        format!("{{{ID}}}"),
        ID.replace('-', ""),
    ]
}

fn with_id(id: impl Into<Value>) -> Value {
    let mut report = test(self::id(1), "S");
    report["id"] = id.into();
    report
}

#[test]
fn an_id_is_known_in_every_spelling_and_written_as_it_was_read() {
    let expected: Uuid = ID.parse().unwrap();
    for spelling in spellings() {
        let value = with_id(spelling.as_str());
        let report = read(&value);
        assert_eq!(report.id, Some(expected), "{spelling}");
        assert_eq!(serde_json::to_value(&report).unwrap(), value);
        assert_eq!(lint(&report), lint(&read(&with_id(ID))));

        let mut other = report.clone();
        other.id = Some(id(2));
        let written = serde_json::to_value(&other).unwrap();
        assert_eq!(
            written["id"],
            json!(id(2)),
            "a new id is not spelt as the old"
        );
        other.id = None;
        let unset = serde_json::to_string(&other).unwrap();
        let unset: Report = serde_json::from_str(&unset).unwrap();
        assert!(unset.id.is_none() || spelling != ID);

        let repair = report
            .repair(500)
            .station(Station {
                name: "Repair",
                location: "Lab",
                purpose: "Repair",
            })
            .operator("Ola")
            .build()
            .unwrap();
        assert_eq!(
            repair.report().uur.as_ref().unwrap().referenced_uut,
            Some(expected)
        );
        let uur: Uur = serde_json::from_value(json!({"refUUT": spelling})).unwrap();
        assert_eq!(uur.referenced_uut, Some(expected));
    }
}

#[tokio::test]
async fn a_loaded_report_is_submitted_under_its_id_in_every_spelling() {
    let (sim, api) = start(Simulator::builder()).await;
    for spelling in [ID.to_owned(), ID.to_uppercase()] {
        let value = with_id(spelling);
        let submitted = api.report().submit(&read(&value)).await.unwrap();
        assert_eq!(submitted.id.to_string(), ID);
        assert_eq!(sim.report(ID).unwrap(), value, "the spelling, too");
    }
    let headers = api.report().headers(&<_>::default()).await.unwrap();
    assert_eq!((headers.len(), headers[0].receive_count), (1, Some(2)));
}

#[tokio::test]
async fn what_hinders_a_submit_is_told_with_what_to_do() {
    let (sim, api) = start(Simulator::builder()).await;
    for (odd, problem) in [
        (json!(null), "it has no id"),
        (json!("x"), "`x` is no UUID"),
        (json!(5), "`5` is no UUID"),
        (json!(Uuid::nil()), "all zeros"),
        (json!(format!("{{{}}}", Uuid::nil())), "all zeros"),
    ] {
        let report = read(&with_id(odd.clone()));
        let error = api.report().submit(&report).await.unwrap_err();
        assert_eq!(error.findings()[0].code(), "R101");
        let told = error.to_string();
        assert!(told.contains(problem), "{odd}: {told}");
        // A new id for a report that is stored would store it twice.
        assert!(told.contains("the id under which it is stored"), "{told}");
        assert!(
            lint(&report)
                .iter()
                .any(|finding| ["R001", "R101"].contains(&finding.code())),
            "{odd}"
        );
    }
    assert_eq!(sim.counters().total_requests(), 0);
}
