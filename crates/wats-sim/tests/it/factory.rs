//! Yields and lists of the demo factory, against calculations of their own.
#![allow(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a panic in a helper is the failing test, and a calculation of its own takes its lines"
)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::analytics::{near, post, rows, text};
use crate::common::{Client, start};

/// Whether a test report fits.
type Fits<'a> = &'a dyn Fn(&Value) -> bool;

/// A filter with all that the factory did, wherever in the day it is now.
pub(crate) fn month() -> Value {
    json!({ "periodCount": 31, "dateGrouping": 4, "includeCurrentPeriod": true })
}

/// The demo factory, with all of its reports by their ids.
pub(crate) async fn factory() -> (Simulator, Client, Vec<Value>) {
    let sim = start(Simulator::builder().seed_demo()).await;
    let mut client = Client::h1(&sim).await;
    let headers = client
        .query(
            "/api/Report/Query/Header",
            &[("$top", "10000"), ("$orderby", "start")],
        )
        .await
        .json();
    let reports: Vec<Value> = rows(&headers)
        .iter()
        .map(|header| sim.report(text(header, "uuid")).unwrap())
        .collect();
    assert_eq!(reports.len(), 1_000);
    (sim, client, reports)
}

pub(crate) fn tests(reports: &[Value]) -> impl Iterator<Item = &Value> {
    reports.iter().filter(|report| report["type"] == "T")
}

/// All steps of a report with their paths.
fn walk<'a>(step: &'a Value, above: &str, found: &mut Vec<(String, &'a Value)>) {
    let path = if above.is_empty() {
        text(step, "name").to_owned()
    } else {
        format!("{above}¶{}", text(step, "name"))
    };
    found.push((path.clone(), step));
    for child in step["steps"].as_array().into_iter().flatten() {
        walk(child, &path, found);
    }
}

pub(crate) fn steps(report: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    walk(&report["root"], "", &mut found);
    found
}

#[tokio::test]
async fn the_demo_factory_is_plausible_and_the_same_each_time() {
    let day = Duration::from_secs(86_400);
    let moment = SystemTime::now() - 100 * day;
    let until = Timestamp::try_from(moment).unwrap();
    let mut seeds = Vec::new();
    for _ in 0..2 {
        let sim = start(Simulator::builder().seed_demo_until(moment)).await;
        let mut client = Client::h1(&sim).await;
        let headers = client
            .query(
                "/api/Report/Query/Header",
                &[("$top", "10000"), ("$orderby", "start")],
            )
            .await
            .json();
        seeds.push(headers);
        assert!(sim.product("DEMO-BOX-300").is_some() && sim.unit("SN000001").is_some());
    }
    let (first, second) = (&seeds[0], &seeds[1]);
    assert_eq!(first, second);
    let starts: Vec<Timestamp> = rows(first)
        .iter()
        .map(|row| text(row, "start").parse().unwrap())
        .collect();
    assert_eq!(starts.len(), 1_000);
    assert!(
        starts[0] >= until - SignedDuration::from_hours(24 * 30)
            && *starts.last().unwrap() <= until
    );
    let first_runs: Vec<_> = rows(first)
        .iter()
        .filter(|row| row["reportType"] == "T" && row["run"] == 1)
        .collect();
    let passed = first_runs
        .iter()
        .filter(|row| row["result"] == "Passed")
        .count();
    let share = passed as f64 / first_runs.len() as f64;
    assert!((0.92..0.98).contains(&share), "{share}");
    assert!(rows(first).iter().any(|row| row["reportType"] == "R"));
    assert!(
        Simulator::builder()
            .seed_demo_until(SystemTime::now() + day)
            .start()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn yields_of_the_factory() {
    let (_sim, mut client, reports) = factory().await;
    let body =
        json!({ "dateFrom": "2000-01-01", "dimensions": "partNumber;processCode;stationName" });
    let answered = post(&mut client, "/api/App/DynamicYield", body).await;
    // Results by unit and process, then by row of the first run.
    let mut units: BTreeMap<(&str, i64), Vec<&Value>> = BTreeMap::new();
    for test in tests(&reports) {
        units
            .entry((text(test, "sn"), test["processCode"].as_i64().unwrap()))
            .or_default()
            .push(test);
    }
    let mut expected: BTreeMap<(&str, i64, &str), [u64; 6]> = BTreeMap::new();
    for ((_, code), runs) in &units {
        let passed = |n: usize| runs.iter().take(n).any(|run| run["result"] == "P");
        let row = expected
            .entry((text(runs[0], "pn"), *code, text(runs[0], "machineName")))
            .or_default();
        let last = runs.last().unwrap()["result"] == "P";
        for (count, is) in row
            .iter_mut()
            .zip([true, passed(1), passed(2), passed(3), last])
        {
            *count += u64::from(is);
        }
    }
    for test in tests(&reports) {
        let key = (
            text(test, "pn"),
            test["processCode"].as_i64().unwrap(),
            text(test, "machineName"),
        );
        expected.entry(key).or_default()[5] += 1;
    }
    let got: BTreeMap<_, _> = rows(&answered)
        .iter()
        .map(|row| {
            let names = [
                "unitCount",
                "fpCount",
                "spCount",
                "tpCount",
                "lpCount",
                "testReportCount",
            ];
            let counts = names.map(|name| row[name].as_u64().unwrap());
            assert!(near(
                &row["fpy"],
                counts[1] as f64 / counts[0] as f64 * 100.0
            ));
            (
                (
                    text(row, "partNumber"),
                    row["processCode"].as_i64().unwrap(),
                    text(row, "stationName"),
                ),
                counts,
            )
        })
        .collect();
    assert_eq!(got, expected);

    let (high, worst) = (
        post(&mut client, "/api/App/HighVolume", json!({ "periodCount": 31, "includeCurrentPeriod": true, "dateGrouping": 4, "topCount": 3 })).await,
        post(&mut client, "/api/App/WorstYield", json!({ "minCount": 2 })).await,
    );
    let column = |list: &Value, name: &str| {
        rows(list)
            .iter()
            .map(|row| row[name].as_f64().unwrap())
            .collect::<Vec<_>>()
    };
    let by_product = units
        .values()
        .fold(BTreeMap::<_, f64>::new(), |mut counts, runs| {
            *counts
                .entry((text(runs[0], "pn"), runs[0]["processCode"].as_i64()))
                .or_default() += 1.0;
            counts
        });
    let mut volumes: Vec<f64> = by_product.values().copied().collect();
    volumes.sort_by(|left, right| right.total_cmp(left));
    assert_eq!(column(&high, "unitCount"), volumes[..3]);
    assert!(
        column(&worst, "fpy").is_sorted() && worst.as_array().unwrap().len() == by_product.len()
    );
    let scope = "days=31&productGroupId=&levelId=";
    for route in ["VolumeYield", "HighVolume", "WorstYield"] {
        let reply = client.get(&format!("/api/App/{route}?{scope}")).await;
        assert_eq!(rows(&reply.json()).len(), by_product.len(), "{route}");
        let none = client
            .get(&format!(
                "/api/App/{route}?days=31&productGroupId=7&levelId="
            ))
            .await;
        assert_eq!(
            none.json(),
            json!([]),
            "{route} of a group that is not there"
        );
    }
    for route in ["HighVolumeByProductGroup", "WorstYieldByProductGroup"] {
        let all = post(&mut client, &format!("/api/App/{route}"), month()).await;
        assert_eq!(
            all[0]["unitCount"],
            units.len(),
            "all units are of no group"
        );
    }
}

#[tokio::test]
async fn filters_choose_reports() {
    let (_sim, mut client, reports) = factory().await;
    let middle = text(&reports[500], "start").to_owned();
    let filters: [(Value, Fits<'_>); 12] = [
        (json!({}), &|_| true),
        (
            json!({ "partNumber": "DEMO-PCBA-100;DEMO-BOX-300" }),
            &|t| t["pn"] != "DEMO-MODULE-200",
        ),
        (json!({ "PartNumber": "demo-*-200" }), &|t| {
            t["pn"] == "DEMO-MODULE-200"
        }),
        (json!({ "partNumber": "!DEMO-PCBA-100" }), &|t| {
            t["pn"] != "DEMO-PCBA-100"
        }),
        (json!({ "serialNumber": "SN00000[1-3]" }), &|t| {
            ["SN000001", "SN000002", "SN000003"].contains(&text(t, "sn"))
        }),
        (json!({ "status": "Failed" }), &|t| t["result"] == "F"),
        (json!({ "revision": "1.0" }), &|t| t["rev"] == "1.0"),
        (json!({ "batchNumber": "BATCH-001" }), &|t| {
            t["uut"]["batchSN"] == "BATCH-001"
        }),
        (json!({ "stationName": "EOL-0?" }), &|t| {
            text(t, "machineName").starts_with("EOL")
        }),
        (json!({ "miscValue": "2.A" }), &|t| {
            t["miscInfos"][0]["text"] == "2.A"
        }),
        (json!({ "dateFrom": middle }), &|t| {
            text(t, "start") >= middle.as_str()
        }),
        (
            json!({ "dateTo": middle, "partNumber": "DEMO-BOX-300" }),
            &|t| text(t, "start") <= middle.as_str() && t["pn"] == "DEMO-BOX-300",
        ),
    ];
    for (mut filter, fits) in filters {
        let mut expected: Vec<&str> = tests(&reports)
            .filter(|test| fits(test))
            .map(|test| text(test, "id"))
            .collect();
        expected.reverse();
        assert!(!expected.is_empty(), "{filter}");
        filter["topCount"] = json!(10_000);
        let answered = post(&mut client, "/api/App/UutReport", filter.clone()).await;
        let got: Vec<&str> = rows(&answered)
            .iter()
            .map(|row| text(row, "uuid"))
            .collect();
        assert_eq!(got, expected, "{filter}");
        filter["topCount"] = json!(2);
        assert_eq!(
            rows(&post(&mut client, "/api/App/UutReport", filter).await).len(),
            expected.len().min(2)
        );
    }
    let by_query = client
        .query(
            "/api/App/UutReport",
            &[
                ("serialNumber", "SN000001"),
                ("status", "Passed"),
                ("dateFrom", "2000-01-01"),
            ],
        )
        .await
        .json();
    assert_eq!(
        rows(&by_query).len(),
        tests(&reports)
            .filter(|t| t["sn"] == "SN000001" && t["result"] == "P")
            .count()
    );
    let repairs = post(
        &mut client,
        "/api/App/UurReport",
        json!({ "partNumber": "*" }),
    )
    .await;
    assert_eq!(
        rows(&repairs).len(),
        reports
            .iter()
            .filter(|report| report["type"] == "R")
            .count()
    );
    let repaired = text(&repairs[0], "serialNumber");
    let history = post(
        &mut client,
        "/api/App/SerialNumberHistory",
        json!({ "serialNumber": repaired }),
    )
    .await;
    assert_eq!(
        rows(&history).len(),
        reports
            .iter()
            .filter(|report| report["sn"] == repaired)
            .count()
    );
}
