//! Steps and repairs of the demo factory, against calculations of their own.
#![allow(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a panic in a helper is the failing test, and a calculation of its own takes its lines"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use wats_sim::Simulator;

use crate::analytics::{near, post, rows, text};
use crate::common::{Client, encode, report, start};
use crate::factory::{factory, month, steps, tests};

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

    let path = format!("?measurementPaths={}", encode(STEP));
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
    // Of all days, as the query below: another window may have another worst step.
    let worst = post(&mut client, "/api/internal/App/TopFailed", all).await[0].clone();
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
        .map(|(name, value)| format!("{name}={}", encode(value)))
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
async fn loops_and_steps_with_several_values() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut test = report(
        "33a2d408-3fc8-480b-b554-6866c77fd91c",
        "S",
        "P",
        "2026-01-05T10:00:00Z",
    );
    let value = |name: &str, value: f64, operator: &str| json!({ "name": name, "compOp": operator, "lowLimit": 1.0, "unit": "V", "value": value, "status": "P" });
    let turn = |index: Value, count: Value| {
        json!({ "name": "Turn", "group": "M", "status": "P", "stepType": "ET_NLT",
        "loop": { "idx": index, "num": count }, "numericMeas": [value("", 7.0, "LOG")] })
    };
    test["root"]["steps"] = json!([
        { "name": "Rails", "group": "M", "status": "P", "stepType": "ET_MNLT", "numericMeas": [value("A", 3.0, "GE"), value("B", 0.5, "LE")] },
        turn(Value::Null, json!(2)), turn(json!(0), Value::Null), turn(json!(1), Value::Null),
    ]);
    assert_eq!(client.post("/api/Report/WSJF", &test).await.status, 200);
    let body = json!({ "partNumber": "PART-0001", "testOperation": "*", "dateFrom": "2026-01-01" });
    let path = |path: &str| format!("/api/App/Measurements?measurementPaths={}", encode(path));
    for (named, expected) in [
        ("Main¶Rails¶¶A", vec![3.0]),
        ("Main¶Rails¶¶A;Main¶Rails¶¶B", vec![3.0, 0.5]),
        ("Main¶Rails", vec![]),
        ("Main¶Turn", vec![7.0, 7.0]),
    ] {
        let list = post(&mut client, &path(named), body.clone()).await;
        let got: Vec<f64> = rows(&list)
            .iter()
            .map(|row| row["value"].as_f64().unwrap())
            .collect();
        assert_eq!(got, expected, "{named}");
    }
    let analysis = post(&mut client, "/api/App/TestStepAnalysis", body).await;
    let of = |name: &str| {
        rows(&analysis)
            .iter()
            .filter(|row| row["stepName"] == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("Turn")[0]["stepCount"],
        2,
        "the step that sums up its loop is no run"
    );
    let names: Vec<_> = of("Rails").iter().map(|row| &row["measureName"]).collect();
    assert_eq!(names, ["A", "B"]);
    // One value has no spread, so it has no capability.
    assert_eq!(
        (&of("Rails")[0]["cpk"], &of("Rails")[0]["avg"]),
        (&Value::Null, &json!(3.0))
    );
}
