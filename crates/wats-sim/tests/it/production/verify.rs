//! How good a unit is, from the reports about it.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use super::{UNITS, call, named, post_report, repair};
use crate::common::{Client, start};

/// Start, process, result: of each report about a unit; then status, grade and the five flags.
type Case = (
    &'static [(u8, i64, &'static str)],
    &'static str,
    &'static str,
    [bool; 5],
);

#[tokio::test]
async fn verification_is_computed_from_the_reports() {
    // In the order of the flags: in order, first run, any run, last run, no repairs.
    const CASES: &[Case] = &[
        (
            &[(1, 1, "P"), (2, 2, "P")],
            "OK",
            "A",
            [true, true, true, true, true],
        ),
        (
            &[(1, 1, "F"), (2, 1, "P"), (3, 2, "P")],
            "OK",
            "B",
            [true, false, true, true, true],
        ),
        (
            &[(1, 1, "F"), (2, 500, "P"), (3, 1, "P"), (4, 2, "P")],
            "OK",
            "C",
            [true, false, true, true, false],
        ),
        (
            &[(1, 2, "P"), (2, 1, "P")],
            "Warning",
            "C",
            [false, true, true, true, true],
        ),
        (
            &[(1, 1, "P"), (2, 2, "P"), (3, 2, "E")],
            "Failed",
            "D",
            [true, true, true, false, true],
        ),
        (
            &[(1, 1, "F"), (2, 2, "P")],
            "Failed",
            "E",
            [true, false, false, false, true],
        ),
        (
            &[(1, 1, "P")],
            "Incomplete",
            "E",
            [false, false, false, false, true],
        ),
    ];
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for (code, index) in [(1, 10), (2, 20)] {
        sim.put_process(
            json!({ "code": code, "name": format!("Test {code}"), "processIndex": index }),
        );
    }
    for (number, (reports, ..)) in CASES.iter().enumerate() {
        // What comes last began first: the start counts.
        for (hour, code, result) in reports.iter().rev() {
            post_report(&mut client, |body| {
                body["sn"] = json!(format!("S{number}"));
                body["start"] = json!(format!("2026-01-30T{hour:02}:00:00Z"));
                body["processCode"] = json!(code);
                body["result"] = json!(result);
                body["machineName"] = json!(format!("Station {hour}"));
                if *code == 500 {
                    repair(body);
                }
            })
            .await;
        }
    }
    let names = [
        "allProcessesExecutedInCorrectOrder",
        "allProcessesPassedFirstRun",
        "allProcessesPassedAnyRun",
        "allProcessesPassedLastRun",
        "noRepairs",
    ];
    for (number, (reports, status, grade, flags)) in CASES.iter().enumerate() {
        let serial = format!("S{number}");
        let route = "/api/Production/UnitVerification";
        let verified = call(
            &mut client,
            Method::GET,
            route,
            &[("serialNumber", &serial)],
            200,
        )
        .await;
        assert_eq!(
            (&verified["status"], &verified["grade"]),
            (&json!(status), &json!(grade)),
            "{serial}"
        );
        assert_eq!(
            names.map(|name| verified[name].as_bool().unwrap()),
            *flags,
            "{serial}"
        );
        for (place, code) in [1, 2].into_iter().enumerate() {
            let runs: Vec<_> = reports.iter().filter(|(_, of, _)| *of == code).collect();
            let row = &verified["results"][place];
            let last = runs.last().map(|(_, _, result)| match *result {
                "P" => "Passed",
                "F" => "Failed",
                _ => "Error",
            });
            assert_eq!(row["status"], last.unwrap_or("Unknown"));
            assert_eq!(
                (&row["processCode"], &row["totalCount"]),
                (&json!(code), &json!(runs.len()))
            );
            assert_eq!(
                row["nonPassedCount"],
                runs.iter().filter(|(_, _, result)| *result != "P").count()
            );
            let repairs = usize::from(code == 1 && !flags[4]);
            assert_eq!(
                (&row["repairCount"], &row["processName"]),
                (&json!(repairs), &json!(format!("Test {code}")))
            );
            assert_eq!(
                row["startUtc"],
                json!(
                    runs.last()
                        .map(|(hour, ..)| format!("2026-01-30T{hour:02}:00:00Z"))
                )
            );
            assert_eq!(
                row["stationName"],
                json!(runs.last().map(|(hour, ..)| format!("Station {hour}")))
            );
        }
    }
    client
        .put(
            UNITS,
            &json!([{ "serialNumber": "new", "partNumber": "other" }]),
        )
        .await;
    for (serial, status) in [("new", 200), ("none", 404), ("", 400)] {
        let route = "/api/Production/UnitVerification";
        let verified = call(&mut client, Method::GET, route, &named(serial, ""), status).await;
        if status == 200 {
            assert_eq!(
                (&verified["status"], &verified["results"]),
                (&json!("Unknown"), &json!([]))
            );
        }
    }
}
