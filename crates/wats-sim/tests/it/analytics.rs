//! Statistics: by hand for a few reports, and against calculations of their own for the demo factory.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use wats_sim::Simulator;

use crate::common::{Client, report, start};

fn id(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {row}"))
}

fn near(left: &Value, right: f64) -> bool {
    left.as_f64()
        .is_some_and(|left| (left - right).abs() <= 1e-6 * right.abs().max(1.0))
}

async fn post(client: &mut Client, path: &str, body: Value) -> Value {
    let reply = client.post(path, &body).await;
    assert_eq!(reply.status, 200, "{path} {body}: {:?}", reply.body);
    reply.json()
}

/// Four units: one passes at once, one at the second, one at the third run, one never.
async fn four_units(client: &mut Client) {
    let runs = [
        ("S1", "P"),
        ("S2", "F"),
        ("S2", "P"),
        ("S3", "F"),
        ("S3", "F"),
        ("S3", "P"),
        ("S4", "F"),
        ("S4", "F"),
        ("S4", "F"),
    ];
    for (n, (serial, result)) in runs.into_iter().enumerate() {
        // Two days, in no order: what counts is when they began.
        let begin = format!("2026-01-{:02}T10:{n:02}:00Z", if n < 3 { 5 } else { 6 });
        let report = report(&id(n), serial, result, &begin);
        assert_eq!(client.post("/api/Report/WSJF", &report).await.status, 200);
    }
}

#[tokio::test]
async fn yields_by_hand() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    four_units(&mut client).await;
    let route = "/api/App/DynamicYield";
    let all = post(
        &mut client,
        route,
        json!({ "dateFrom": "2026-01-01", "dimensions": "partNumber;testOperation" }),
    )
    .await;
    let row = all[0].clone();
    let expected = json!({
        "unitCount": 4, "fpCount": 1, "spCount": 2, "tpCount": 3, "lpCount": 3,
        "fpFailCount": 3, "spFailCount": 2, "tpFailCount": 1, "lpFailCount": 1,
        "fpy": 25.0, "spy": 50.0, "tpy": 75.0, "lpy": 75.0, "ppmFpy": 750_000.0, "ppmLpy": 250_000.0,
        "testReportCount": 9, "testYieldCount": 3, "retestCount": 5,
        "firstUtc": "2026-01-05T10:00:00Z", "lastUtc": "2026-01-06T10:08:00Z",
        "partNumber": "PART-0001", "fpColor": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name}");
    }
    assert!(near(&row["testYield"], 100.0 / 3.0) && near(&row["ppmTestYield"], 2e6 / 3.0));

    // A unit counts on the day of its first run; only the figures that are named are answered, the order is as named.
    let body = json!({ "dateFrom": "2026-01-01", "dateGrouping": 4 });
    let path = format!("{route}?dimensions=period%20desc;unitCount;lpCount");
    let days = post(&mut client, &path, body).await;
    assert_eq!(
        days,
        json!([
            { "period": "2026-01-06", "unitCount": 2, "lpCount": 1 },
            { "period": "2026-01-05", "unitCount": 2, "lpCount": 2 },
        ])
    );
    // The second day, and what it is compared with: as long a time before.
    let body = json!({ "dateFrom": "2026-01-06T10:00:00", "dateTo": "2026-01-07T10:00:00" });
    let path =
        format!("{route}?dimensions=partNumber;fpy;fpyTrend;previousUnitCount;unitCountTrend");
    let day = post(&mut client, &path, body).await;
    assert_eq!(
        day,
        json!([{ "partNumber": "PART-0001", "fpy": 0.0, "fpyTrend": -50.0, "previousUnitCount": 2, "unitCountTrend": 0.0 }])
    );
    let misc = post(&mut client, route, json!({ "dateFrom": "2026-01-01", "dimensions": "miscInfoDescription;miscInfoString;unitCount" })).await;
    assert_eq!(
        misc,
        json!([
            { "miscInfoDescription": "Number", "miscInfoString": "7", "unitCount": 4 },
            { "miscInfoDescription": "Text", "miscInfoString": "value", "unitCount": 4 },
        ])
    );
    // Without dates only the last 30 days count.
    assert_eq!(post(&mut client, route, json!({})).await, json!([]));
}

#[tokio::test]
async fn what_does_not_work_is_refused() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let scope = "days=7&productGroupId=&levelId=";
    for (method, path, body) in [
        ("POST", "/api/App/DynamicYield".to_owned(), json!([])),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "dateFrom": "soon" })),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "dateFrom": "2026-02-01", "dateTo": "2026-01-01" })),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "partNumber": 1 })),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "dateGrouping": 6 })),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "topCount": -1 })),
        ("POST", "/api/App/DynamicYield".to_owned(), json!({ "dimensions": "colour" })),
        ("POST", "/api/App/DynamicYield?dimensions=fpy%20up".to_owned(), json!({})),
        ("POST", "/api/App/DynamicRepair?dimensions=fpy".to_owned(), json!({})),
        ("POST", "/api/App/TestStepAnalysis".to_owned(), json!({ "partNumber": "A" })),
        ("POST", "/api/App/Measurements?measurementPaths=A".to_owned(), json!({})),
        ("POST", "/api/App/AggregatedMeasurements".to_owned(), json!({ "testOperation": "A" })),
        ("POST", "/api/App/OeeAnalysis".to_owned(), json!({})),
        ("POST", "/api/App/OeeAnalysis?availableTime=24,24".to_owned(), json!({})),
        ("POST", "/api/App/OeeAnalysis?availableTime=25,24,24,24,24,24,24".to_owned(), json!({})),
        ("POST", "/api/internal/App/MeasurementList?stepFilters=%3Ca".to_owned(), json!({})),
        ("POST", "/api/internal/App/StepStatusList?stepFilters=%3Ca&sequenceFilters=%3Cb%2F%3E".to_owned(), json!({})),
        ("POST", "/api/internal/UnitFlow/SN".to_owned(), json!(["x"])),
        ("POST", "/api/internal/UnitFlow/SN".to_owned(), json!(1)),
        ("POST", "/api/internal/UnitFlow/SplitBy".to_owned(), json!({ "splitBy": "moon" })),
        ("POST", "/api/internal/UnitFlow/UnitOrder".to_owned(), json!([1])),
        ("POST", "/api/internal/Trigger/GetAlarmAndNotificationLogs?includeTypes=x".to_owned(), json!({})),
        ("GET", "/api/App/VolumeYield?days=7&productGroupId=1".to_owned(), json!(null)),
        ("GET", "/api/App/HighVolume?days=0&productGroupId=&levelId=".to_owned(), json!(null)),
        ("GET", format!("/api/App/TopFailed?{scope}&partNumber=A&processCode=100&count=0"), json!(null)),
        ("GET", format!("/api/App/TopFailed?{scope}&partNumber=A&count=1"), json!(null)),
        ("GET", "/api/App/UutReport?dateFrom=soon".to_owned(), json!(null)),
        ("GET", "/api/App/RelatedRepairHistory?partNumber=A".to_owned(), json!(null)),
        ("GET", "/api/internal/UnitFlow/Nodes".to_owned(), json!(null)),
        ("GET", "/api/internal/UnitFlow/Links?filter=x".to_owned(), json!(null)),
        ("POST", "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=true".to_owned(), json!({})),
        ("POST", "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=maybe&email=a".to_owned(), json!({})),
        ("POST", "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=true&email=a&numericFormat=roman".to_owned(), json!({})),
        ("POST", "/api/Export/Certificate?headerDataOnly=true&asIndividualFiles=true&email=a&dimensions=asset;x".to_owned(), json!({})),
    ] {
        let reply = if method == "GET" { client.get(&path).await } else { client.post(&path, &body).await };
        assert_eq!(reply.status, 400, "{method} {path} {body}");
        assert!(!reply.message().is_empty());
    }
}

/// A filter with all that the factory did, wherever in the day it is now.
fn month() -> Value {
    json!({ "periodCount": 31, "dateGrouping": 4, "includeCurrentPeriod": true })
}

/// The demo factory, with all of its reports by their ids.
async fn factory() -> (Simulator, Client, Vec<Value>) {
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

fn tests(reports: &[Value]) -> impl Iterator<Item = &Value> {
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

fn steps(report: &Value) -> Vec<(String, &Value)> {
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
    let filters: [(Value, &dyn Fn(&Value) -> bool); 12] = [
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

/// Mean, and standard deviation of a sample, in two passes.
fn spread(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (values.len() - 1) as f64).sqrt())
}

const STEP: &str = "MainSequence Callback¶Measure¶Output power";

#[tokio::test]
async fn steps_of_the_factory() {
    let (_sim, mut client, reports) = factory().await;
    let names = client.get("/api/App/Processes").await.json();
    let name = rows(&names)
        .iter()
        .find(|process| process["code"] == 100)
        .unwrap();
    let body = json!({ "partNumber": "DEMO-PCBA-100", "testOperation": name["name"], "dateFrom": "2000-01-01" });
    let of_test = |test: &&Value| test["pn"] == "DEMO-PCBA-100" && test["processCode"] == 100;
    let mut seen = BTreeSet::new();
    let first: Vec<&Value> = tests(&reports)
        .filter(of_test)
        .filter(|test| seen.insert(text(test, "sn")))
        .collect();
    let all: Vec<&Value> = tests(&reports).filter(of_test).collect();
    let values = |tests: &[&Value], failed_too: bool| -> Vec<f64> {
        let steps = tests
            .iter()
            .flat_map(|test| steps(test))
            .filter(|(path, step)| path == STEP && (failed_too || step["status"] == "P"));
        steps
            .map(|(_, step)| step["numericMeas"][0]["value"].as_f64().unwrap())
            .collect()
    };
    for (run, tests) in [(None, &first), (Some(1), &first), (Some(-2), &all)] {
        let mut body = body.clone();
        body["run"] = json!(run);
        let answered = post(&mut client, "/api/App/TestStepAnalysis", body).await;
        assert_eq!(
            rows(&answered).len(),
            steps(all[0]).len(),
            "one row for each step"
        );
        let row = rows(&answered)
            .iter()
            .find(|row| row["stepPath"] == STEP)
            .unwrap();
        for (end, failed_too) in [("", true), ("Wof", false)] {
            let values = values(tests, failed_too);
            let (mean, sigma) = spread(&values);
            let (low, high) = (17.0, 21.0);
            let (lower, upper) = ((mean - low) / (3.0 * sigma), (high - mean) / (3.0 * sigma));
            assert_eq!(row[format!("measureCount{end}")], values.len());
            for (name, expected) in [
                ("avg", mean),
                ("stdev", sigma),
                ("var", sigma * sigma),
                ("limit1", low),
                ("limit2", high),
                ("min", values.iter().copied().fold(f64::INFINITY, f64::min)),
                (
                    "max",
                    values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                ),
                ("cp", (high - low) / (6.0 * sigma)),
                ("cpLower", lower),
                ("cpUpper", upper),
                ("cpk", lower.min(upper)),
                ("sigmaHigh3", mean + 3.0 * sigma),
                ("sigmaLow3", mean - 3.0 * sigma),
            ] {
                assert!(
                    near(&row[format!("{name}{end}")], expected),
                    "{name}{end}: {row} {expected}"
                );
            }
        }
        let failed = values(tests, true).len() - values(tests, false).len();
        assert_eq!(
            (&row["stepFailedCount"], &row["stepCausedUutFailed"]),
            (&json!(failed), &json!(failed))
        );
        assert_eq!(
            (&row["stepCount"], &row["compOperator"]),
            (&json!(tests.len()), &json!("GELE"))
        );
    }

    let path = format!("?measurementPaths={}", crate::common::encode(STEP));
    let list = post(
        &mut client,
        &format!("/api/App/Measurements{path}"),
        body.clone(),
    )
    .await;
    let mut got: Vec<f64> = rows(&list)
        .iter()
        .map(|row| row["value"].as_f64().unwrap())
        .collect();
    got.reverse();
    assert_eq!(got, values(&all, true));
    let sum = post(
        &mut client,
        &format!("/api/App/AggregatedMeasurements{path}"),
        body,
    )
    .await;
    let (mean, sigma) = spread(&got);
    assert_eq!((rows(&sum).len(), &sum[0]["count"]), (1, &json!(got.len())));
    assert!(near(&sum[0]["avg"], mean) && near(&sum[0]["stdev"], sigma));
    assert!(near(
        &sum[0]["cpk"],
        ((mean - 17.0).min(21.0 - mean)) / (3.0 * sigma)
    ));
}

#[tokio::test]
async fn failed_steps_of_the_factory() {
    let (_sim, mut client, reports) = factory().await;
    let mut expected: BTreeMap<(String, String), [u64; 2]> = BTreeMap::new();
    for test in tests(&reports) {
        for (path, step) in steps(test) {
            let counts = expected
                .entry((text(test, "pn").to_owned(), path))
                .or_default();
            counts[1] += 1;
            counts[0] += u64::from(step["causedUUTFailure"] == true);
        }
    }
    expected.retain(|_, counts| counts[0] > 0);
    let all = json!({ "periodCount": 31, "dateGrouping": 4, "includeCurrentPeriod": true, "topCount": 1000 });
    for route in ["/api/App/TopFailed", "/api/internal/App/TopFailed"] {
        let answered = post(&mut client, route, all.clone()).await;
        let counts =
            |row: &Value| ["failCount", "totalCount"].map(|name| row[name].as_u64().unwrap());
        let got: BTreeMap<_, _> = rows(&answered)
            .iter()
            .map(|row| {
                (
                    (
                        text(row, "partNumber").to_owned(),
                        text(row, "stepPath").to_owned(),
                    ),
                    counts(row),
                )
            })
            .collect();
        assert_eq!(got, expected);
        let fails: Vec<u64> = rows(&answered).iter().map(|row| counts(row)[0]).collect();
        assert!(fails.windows(2).all(|pair| pair[0] >= pair[1]));
    }
    let worst = post(&mut client, "/api/internal/App/TopFailed", json!({})).await[0].clone();
    let scope = [("days", "31"), ("productGroupId", ""), ("levelId", "")];
    let mut query = scope.to_vec();
    query.extend([
        ("partNumber", text(&worst, "partNumber")),
        ("processCode", "*"),
        ("count", "1"),
    ]);
    let by_query = client.query("/api/App/TopFailed", &query).await.json();
    assert_eq!(by_query[0]["stepPath"], worst["stepPath"]);

    // The filters of a row choose what the step measured, of all products that have it.
    let mut query = scope.to_vec();
    query.extend([
        ("stepFilters", text(&worst, "stepFilters")),
        ("sequenceFilters", text(&worst, "sequenceFilters")),
    ]);
    let of_step: Vec<_> = tests(&reports)
        .flat_map(steps)
        .filter(|(path, _)| *path == worst["stepPath"])
        .collect();
    let list = client
        .query("/api/internal/App/MeasurementList", &query)
        .await
        .json();
    assert_eq!(rows(&list).len(), of_step.len());
    let statuses = client
        .query("/api/internal/App/StepStatusList", &query)
        .await
        .json();
    let failed = rows(&statuses)
        .iter()
        .filter(|row| row["failCount"] == 1 && row["status"] == "Failed")
        .count();
    assert_eq!(
        failed,
        of_step
            .iter()
            .filter(|(_, step)| step["status"] == "F")
            .count()
    );
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::common::encode(value)))
        .collect();
    let posted = post(
        &mut client,
        &format!("/api/internal/App/MeasurementList?{}", query.join("&")),
        month(),
    )
    .await;
    assert_eq!(rows(&posted).len(), of_step.len());

    // An empty filter is of what failed most in the last seven days.
    let recent = post(&mut client, "/api/App/Measurements", json!({})).await;
    assert!(rows(&recent).iter().any(|row| row["status"] == "Failed"));
}

#[tokio::test]
async fn repairs_of_the_factory() {
    let (_sim, mut client, reports) = factory().await;
    let mut expected: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    for repair in reports.iter().filter(|report| report["type"] == "R") {
        let failure = &repair["subUnits"][0]["failures"][0];
        let test = tests(&reports)
            .find(|test| test["id"] == repair["uur"]["refUUT"])
            .unwrap();
        let (path, _) = steps(test)
            .into_iter()
            .find(|(_, step)| step["id"] == failure["refStepId"])
            .unwrap();
        let key = (
            text(failure, "code").to_owned(),
            path,
            text(test, "machineName").to_owned(),
        );
        *expected.entry(key).or_default() += 1;
    }
    let body = json!({ "dateFrom": "2000-01-01", "dimensions": "repairCode;referencedStepPath;testStationName;repairCount" });
    let answered = post(&mut client, "/api/App/DynamicRepair", body).await;
    let got: BTreeMap<_, _> = rows(&answered)
        .iter()
        .map(|row| {
            let key = ["repairCode", "referencedStepPath", "testStationName"]
                .map(|name| text(row, name).to_owned());
            (
                <(String, String, String)>::from(key),
                row["repairCount"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(got, expected);
    let top = post(&mut client, "/api/App/DynamicRepair", json!({})).await;
    assert_eq!(top[0].as_object().map(Map::len), Some(4), "{top}");
    let types = post(
        &mut client,
        "/api/App/DynamicRepair?dimensions=repairType",
        json!({}),
    )
    .await;
    assert!(!rows(&types).is_empty());

    let of = |report: &&Value| {
        report["type"] == "R" && report["pn"] == "DEMO-BOX-300" && report["rev"] == "1.0"
    };
    for (code, filter) in [
        (None, ""),
        (Some(90), "&testOperationCode=90"),
        (Some(0), "&repairOperationCode=0"),
    ] {
        let history = client
            .get(&format!(
                "/api/App/RelatedRepairHistory?partNumber=DEMO-BOX-300&revision=1.0{filter}"
            ))
            .await
            .json();
        let expected: Vec<&Value> = reports
            .iter()
            .filter(of)
            .filter(|report| code.is_none_or(|code| report["uur"]["processCode"] == code))
            .collect();
        let got: Vec<&Value> = rows(&history)
            .iter()
            .rev()
            .map(|row| &row["reportId"])
            .collect();
        assert_eq!(
            got,
            expected
                .iter()
                .map(|report| &report["id"])
                .collect::<Vec<_>>(),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn equipment_by_hand() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    // Monday: two tests of 30 minutes and one of an hour, of which one fails; the shortest takes 30 minutes.
    for (n, (result, minutes)) in [("P", 30.0), ("F", 30.0), ("P", 60.0)]
        .into_iter()
        .enumerate()
    {
        let mut report = report(
            &id(n),
            &format!("S{n}"),
            result,
            &format!("2026-01-05T1{n}:00:00Z"),
        );
        report["uut"]["execTime"] = json!(minutes * 60.0);
        assert_eq!(client.post("/api/Report/WSJF", &report).await.status, 200);
    }
    let route = "/api/App/OeeAnalysis?availableTime=8,24,24,24,24,0,0";
    let body =
        json!({ "dateFrom": "2026-01-05T00:00:00", "dateTo": "2026-01-05T23:59:59.999999999" });
    let oee = post(&mut client, route, body.clone()).await;
    // 120 of 480 minutes, 90 of 120 minutes, 2 of 3 units.
    for (name, expected) in [
        ("availability", 25.0),
        ("performance", 75.0),
        ("quality", 200.0 / 3.0),
        ("oee", 12.5),
        ("totalTime", 1440.0),
        ("runTime", 120.0),
        ("downTime", 360.0),
        ("plannedProductionTime", 480.0),
        ("totalCount", 3.0),
        ("goodCount", 2.0),
        ("rejectCount", 1.0),
        ("idealCycleTime", 30.0),
        ("actualCycleTime", 40.0),
    ] {
        assert!(near(&oee[name], expected), "{name} {oee}");
    }
    let target = post(
        &mut client,
        &format!("{route}&targetOutput=12"),
        body.clone(),
    )
    .await;
    assert!(near(&target["performance"], 25.0));
    let long = post(
        &mut client,
        &format!("{route}&minExecutionTime=3000"),
        body.clone(),
    )
    .await;
    assert_eq!(long["totalCount"], 1);
    // The second and third began half an hour after the one before had ended.
    let connected = post(
        &mut client,
        &format!("{route}&maxConnectionTime=1800"),
        body,
    )
    .await;
    assert_eq!(connected["totalCount"], 2);
}

#[tokio::test]
async fn ways_of_units_by_hand() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    // S1: 60, 60 again, 100. S2: 60, 100, back to 60, 100.
    let ways = [
        ("S1", 60, "F"),
        ("S1", 60, "P"),
        ("S1", 100, "P"),
        ("S2", 60, "P"),
        ("S2", 100, "F"),
        ("S2", 60, "P"),
        ("S2", 100, "P"),
    ];
    for (n, (serial, code, result)) in ways.into_iter().enumerate() {
        let mut report = report(&id(n), serial, result, &format!("2026-01-05T10:{n:02}:00Z"));
        report["processCode"] = json!(code);
        assert_eq!(client.post("/api/Report/WSJF", &report).await.status, 200);
    }
    let flow = post(&mut client, "/api/internal/UnitFlow", json!({})).await;
    let (nodes, links, units) = (&flow["nodes"], &flow["links"], &flow["units"]);
    assert_eq!(flow["totalUnits"], 2);
    let node = |code: i64| {
        rows(nodes)
            .iter()
            .find(|node| node["processCode"] == code)
            .unwrap()
    };
    for code in [60, 100] {
        assert_eq!(
            (
                &node(code)["unitCount"],
                &node(code)["passCount"],
                &node(code)["yield"]
            ),
            (&json!(2), &json!(2), &json!(100.0))
        );
    }
    let link = |from: i64, to: i64| {
        rows(links)
            .iter()
            .find(|link| link["source"] == node(from)["id"] && link["target"] == node(to)["id"])
            .unwrap()
    };
    for (from, to, count, passed, time) in [(60, 100, 3, 2, 60.0), (100, 60, 1, 1, 60.0)] {
        let link = link(from, to);
        assert_eq!(
            (&link["unitCount"], &link["passCount"], &link["avgTime"]),
            (&json!(count), &json!(passed), &json!(time))
        );
    }
    let unit = |id: i64, source: i64| {
        rows(units)
            .iter()
            .find(|unit| unit["unitId"] == id && unit["source"] == node(source)["id"])
            .unwrap()
    };
    let second = unit(2, 60);
    assert_eq!(
        (&second["orders"], &second["resultHistories"]),
        (&json!([1, 3]), &json!(["Failed", "Passed"]))
    );
    assert_eq!(
        (&second["isOld"], &second["isLast"], &second["hasRetest"]),
        (&json!(true), &json!(true), &json!(false))
    );
    assert_eq!(
        (&unit(1, 60)["hasRetest"], &unit(2, 100)["isLast"]),
        (&json!(true), &json!(false))
    );

    let serials = post(&mut client, "/api/internal/UnitFlow/SN", json!([2, 9])).await;
    assert_eq!(
        serials,
        json!([{ "unitId": 2, "serialNumber": "S2", "partNumber": "PART-0001" }])
    );
    let one = post(
        &mut client,
        "/api/internal/UnitFlow/SN",
        json!({ "serialNumbers": ["S1"] }),
    )
    .await;
    assert_eq!(
        (&one["totalUnits"], one["links"].as_array().map(Vec::len)),
        (&json!(1), Some(1))
    );
    let split = post(
        &mut client,
        "/api/internal/UnitFlow/SplitBy",
        json!({ "splitBy": "operator" }),
    )
    .await;
    assert!(text(&split["nodes"][0], "name").ends_with(" me"));
    let mut reversed = rows(units).clone();
    reversed.reverse();
    let ordered = post(
        &mut client,
        "/api/internal/UnitFlow/UnitOrder",
        Value::Array(reversed),
    )
    .await;
    let ids: Vec<i64> = rows(&ordered)
        .iter()
        .map(|unit| unit["unitId"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted() && ordered[1]["orders"] == json!([1, 3]));
    for (part, list) in [("Nodes", nodes), ("Links", links), ("Units", units)] {
        let answered = client
            .query(
                &format!("/api/internal/UnitFlow/{part}"),
                &[("filter", "{}")],
            )
            .await
            .json();
        assert_eq!(&answered, list);
    }
}

#[tokio::test]
async fn what_did_not_pass_is_in_the_log_and_certificates_are_exported() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    four_units(&mut client).await;
    let route = "/api/internal/Trigger/GetAlarmAndNotificationLogs";
    let logs = post(&mut client, route, json!({})).await;
    assert_eq!(
        (
            rows(&logs).len(),
            &logs[0]["reportGuid"],
            &logs[0]["calculationsString"]
        ),
        (6, &json!(id(8)), &Value::Null)
    );
    let one = post(
        &mut client,
        &format!("{route}?includeTypes=1;2&includeCalculationString=true"),
        json!({ "topCount": 1 }),
    )
    .await;
    assert_eq!(
        (rows(&one).len(), &one[0]["calculationsString"]),
        (1, &json!("result = Failed"))
    );
    assert_eq!(
        post(&mut client, &format!("{route}?includeTypes=3"), json!({})).await,
        json!([])
    );
    for path in [
        "/api/App/Levels",
        "/api/App/ProductGroups?includeFilters=true",
    ] {
        assert_eq!(client.get(path).await.json(), json!([]));
    }

    let queued = "/api/Export/Certificate?headerDataOnly=true&email=a@b.c&numericFormat=decimal&asIndividualFiles=";
    assert_eq!(client.get("/api/Export/List").await.json(), json!([]));
    for (each, files) in [(true, 3), (false, 1)] {
        let filter = json!({ "status": "Passed", "dimensions": "asset;miscInfo" });
        let export = post(&mut client, &format!("{queued}{each}"), filter).await;
        let name = text(&export, "exportFileName");
        for path in [
            format!("/api/Export/{name}"),
            format!("/api/Export/{name}.zip"),
        ] {
            let file = client.get(&path).await;
            assert_eq!(file.headers["content-type"], "application/zip");
            let mut archive =
                zip::ZipArchive::new(std::io::Cursor::new(file.body.to_vec())).unwrap();
            assert_eq!(archive.len(), files);
            let document = std::io::read_to_string(archive.by_index(0).unwrap()).unwrap();
            assert_eq!(document.matches("Result Passed").count(), 3 / files);
        }
    }
    assert_eq!(rows(&client.get("/api/Export/List").await.json()).len(), 2);
    assert_eq!(client.get("/api/Export/none").await.status, 404);
    // Another token has exports of its own.
    let name = client.get("/api/Export/List").await.json()[0]
        .as_str()
        .unwrap()
        .to_owned();
    sim.replace_token("b3RoZXI=");
    let headers = [("Authorization", "Basic b3RoZXI=")];
    let theirs = client
        .try_send(
            http::Method::GET,
            &format!("/api/Export/{name}"),
            &headers,
            "",
        )
        .await
        .unwrap();
    assert_eq!(theirs.status, 404);
}
