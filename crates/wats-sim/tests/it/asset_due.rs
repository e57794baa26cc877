//! Assets: counted, calibrated, maintained, and what is due then.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::asset::{asset, names, send};
use crate::common::{Client, start};

#[tokio::test]
async fn counts_and_dates_tell_what_is_due() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let kind = json!({
        "typeName": "T", "runningCountLimit": 10, "totalCountLimit": 100, "calibrationInterval": 2.0,
        "warningThreshold": 80, "alarmThreshold": 100,
    });
    let id = asset(&mut client, "A", kind).await;
    let of = [("serialNumber", "A")];
    let with = |name, value| [("id", id.as_str()), (name, value)];
    for (method, path, query, due) in [
        // running count, over, total count, alarm
        (Method::GET, "Status", of.to_vec(), (0, 0, 0, 0)),
        (
            Method::PUT,
            "Count",
            with("incrementBy", "7").to_vec(),
            (7, 0, 7, 0),
        ),
        (
            Method::PUT,
            "Count",
            with("totalCount", "8").to_vec(),
            (8, 0, 8, 1),
        ),
        (
            Method::PUT,
            "Count",
            with("totalCount", "8").to_vec(),
            (8, 0, 8, 1),
        ),
        (
            Method::PUT,
            "Count",
            with("incrementBy", "4").to_vec(),
            (12, 2, 12, 2),
        ),
    ] {
        let status = send(&mut client, method, path, &query).await.json();
        let number = |name: &str| status[name].as_i64().unwrap();
        let found = (
            number("runningCount"),
            number("runningCountExceeded"),
            number("totalCount"),
            number("alarmState"),
        );
        assert_eq!(found, due, "{query:?}");
        assert_eq!(status["message"] == "", due.3 == 0);
    }
    send(
        &mut client,
        Method::POST,
        "ResetRunningCount",
        &with("comment", "clean"),
    )
    .await;
    let three_days_ago =
        (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(72)).to_string();
    for path in ["Calibration", "Maintenance"] {
        send(
            &mut client,
            Method::POST,
            path,
            &with("dateTime", &three_days_ago),
        )
        .await;
    }
    client
        .post(
            &format!("/api/Asset/Message?id={id}"),
            &json!({ "content": "hello" }),
        )
        .await;
    send(&mut client, Method::PUT, "State", &with("state", "4")).await;
    let status = send(&mut client, Method::GET, "Status", &of).await.json();
    let days = |name: &str| (status[name].as_f64().unwrap() * 100.0).round() / 100.0;
    assert_eq!(
        (
            days("daysSinceCalibration"),
            days("calibrationDaysOverdue"),
            days("daysSinceMaintenance")
        ),
        (3.0, 1.0, 3.0)
    );
    assert_eq!(
        (&status["maintenanceDaysOverdue"], &status["alarmState"]),
        (&Value::Null, &json!(2))
    );
    let read = client.get("/api/Asset/A").await.json();
    let next: jiff::Timestamp = read["nextCalibrationDate"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let last: jiff::Timestamp = three_days_ago.parse().unwrap();
    assert_eq!(next, last + jiff::SignedDuration::from_hours(48));
    let log = client
        .query("/api/Asset/Log", &[("$orderby", "logId")])
        .await
        .json();
    assert_eq!(
        names(&log, "type"),
        ["1", "2", "2", "2", "2", "3", "4", "5", "0", "6"]
    );
    assert_eq!(
        (&log[5]["comment"], &log[8]["comment"]),
        (&json!("clean"), &json!("hello"))
    );
}

#[tokio::test]
async fn children_are_counted_only_when_asked_for() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    asset(&mut client, "A", json!({ "typeName": "T" })).await;
    let kind = client.get("/api/Asset/A").await.json()["typeId"].clone();
    for (number, parent) in [("B", "A"), ("C", "B")] {
        let child = json!({ "serialNumber": number, "typeId": kind, "parentSerialNumber": parent });
        client.put("/api/Asset", &child).await;
    }
    for with in ["false", "true"] {
        let query = [
            ("serialNumber", "A"),
            ("incrementBy", "2"),
            ("incrementChildren", with),
        ];
        send(&mut client, Method::PUT, "Count", &query).await;
    }
    let listed = client
        .query("/api/Asset", &[("$orderby", "serialNumber")])
        .await
        .json();
    assert_eq!(names(&listed, "totalCount"), ["4", "2", "2"]);
}

#[tokio::test]
async fn others_say_when_the_next_calibration_is_due_until_the_next_one() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let kind = json!({ "typeName": "T", "calibrationInterval": 100.0 });
    asset(&mut client, "A", kind).await;
    let of = |name, value| vec![("serialNumber", "A"), (name, value)];
    let ago =
        |hours| (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string();
    let (from, to, today) = (ago(72), ago(24), ago(0));
    let told = [("serialNumber", "A"), ("fromDate", &from), ("toDate", &to)];
    for (path, query, status, next, alarm) in [
        ("Calibration/External", told.to_vec(), 200, json!(to), 2),
        ("Calibration/External", of("toDate", &to), 400, json!(to), 2),
        ("Maintenance/External", told.to_vec(), 200, json!(to), 2),
        ("Maintenance", of("dateTime", &today), 200, json!(to), 2),
        ("Calibration", of("dateTime", &today), 200, Value::Null, 0),
    ] {
        assert_eq!(
            send(&mut client, Method::POST, path, &query).await.status,
            status,
            "{path}"
        );
        let read = client.get("/api/Asset/A").await.json();
        if next.is_string() {
            assert_eq!(read["nextCalibrationDate"], next, "{path}");
        }
        let due = send(&mut client, Method::GET, "Status", &[("serialNumber", "A")])
            .await
            .json();
        assert_eq!(due["alarmState"], alarm, "{path}");
    }
    for (path, name, count, status) in [
        ("SetTotalCount", "totalCount", "9", 200),
        ("SetRunningCount", "runningCount", "4", 200),
        ("SetTotalCount", "totalCount", "7", 200),
        ("SetTotalCount", "totalCount", "-1", 400),
        ("SetRunningCount", "totalCount", "1", 400),
    ] {
        let reply = send(&mut client, Method::PUT, path, &of(name, count)).await;
        assert_eq!(reply.status, status, "{path} {count}");
    }
    let read = client.get("/api/Asset/A").await.json();
    assert_eq!(
        (&read["totalCount"], &read["runningCount"]),
        (&json!(7), &json!(4))
    );
}
