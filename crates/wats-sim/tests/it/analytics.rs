//! Statistics by hand, for a few reports; what is refused.
#![allow(
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a panic in a helper is the failing test, and a calculation of its own takes its lines"
)]

use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, report, start};

pub(crate) fn id(n: usize) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

pub(crate) fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

pub(crate) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {row}"))
}

pub(crate) fn near(left: &Value, right: f64) -> bool {
    left.as_f64()
        .is_some_and(|left| (left - right).abs() <= 1e-6 * right.abs().max(1.0))
}

pub(crate) async fn post(client: &mut Client, path: &str, body: Value) -> Value {
    let reply = client.post(path, &body).await;
    assert_eq!(reply.status, 200, "{path} {body}: {:?}", reply.body);
    reply.json()
}

/// Four units: one passes at once, one at the second, one at the third run, one never.
pub(crate) async fn four_units(client: &mut Client) {
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

#[tokio::test]
async fn groups_and_levels_choose_reports() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let begin = (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(60)).to_string();
    for (n, (part, station)) in [("PCB-1", "ST1"), ("PCB-9", "ST1"), ("BOX-1", "ST2")]
        .into_iter()
        .enumerate()
    {
        let mut report = report(&id(n), &format!("S{n}"), "P", &begin);
        (report["pn"], report["machineName"]) = (json!(part), json!(station));
        assert_eq!(client.post("/api/Report/WSJF", &report).await.status, 200);
    }
    let group = post(
        &mut client,
        "/api/Product/ProductGroup",
        json!({ "name": "Boards" }),
    )
    .await;
    for filter in ["PCB%25", "PCB-9&exclude=true"] {
        post(
            &mut client,
            &format!("/api/Product/ProductGroupFilter?productGroup=Boards&partNumber={filter}"),
            json!(null),
        )
        .await;
    }
    let level = post(
        &mut client,
        "/api/SystemManager/Level",
        json!(["Factory", "Hall"]),
    )
    .await;
    let clients = client
        .get("/api/SystemManager/Client?name=ST2")
        .await
        .json();
    let moved = json!({ "clientId": clients["clientId"], "clientGroupId": level });
    assert_eq!(
        client.put("/api/SystemManager/Client", &moved).await.status,
        200
    );

    let groups = client
        .get("/api/App/ProductGroups?includeFilters=true")
        .await
        .json();
    assert_eq!(
        (
            &groups[0]["productGroupName"],
            groups[0]["filters"].as_array().map(Vec::len)
        ),
        (&json!("Boards"), Some(2))
    );
    let levels = client.get("/api/App/Levels").await.json();
    assert_eq!(
        rows(&levels)
            .iter()
            .map(|level| text(level, "levelName"))
            .collect::<Vec<_>>(),
        ["Factory", "Hall"]
    );
    let parts = |list: &Value| {
        rows(list)
            .iter()
            .map(|row| text(row, "partNumber").to_owned())
            .collect::<Vec<_>>()
    };
    for (filter, expected) in [
        (json!({ "productGroup": "Boards" }), vec!["PCB-1"]),
        (
            json!({ "productGroup": group["id"].to_string() }),
            vec!["PCB-1"],
        ),
        (
            json!({ "productGroup": "!Boards", "level": "" }),
            vec!["BOX-1", "PCB-9"],
        ),
        (json!({ "level": "Hall" }), vec!["BOX-1"]),
        (
            json!({ "level": level.to_string(), "productGroup": "Boards" }),
            vec![],
        ),
    ] {
        assert_eq!(
            parts(&post(&mut client, "/api/App/VolumeYield", filter.clone()).await),
            expected,
            "{filter}"
        );
    }
    let by_query = client
        .get(&format!(
            "/api/App/HighVolume?days=1&productGroupId=&levelId={level}"
        ))
        .await
        .json();
    assert_eq!(parts(&by_query), ["BOX-1"]);
    let by_group = post(&mut client, "/api/App/HighVolumeByProductGroup", json!({})).await;
    let named: Vec<_> = rows(&by_group)
        .iter()
        .map(|row| (&row["productGroup"], &row["unitCount"]))
        .collect();
    assert_eq!(
        named,
        [(&json!(null), &json!(2)), (&json!("Boards"), &json!(1))]
    );
    let path = "/api/App/DynamicYield?dimensions=level;productName;unitCount";
    let by_level = post(&mut client, path, json!({})).await;
    assert_eq!(by_level.as_array().map(Vec::len), Some(2), "{by_level}");
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
