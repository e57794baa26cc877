//! Assets: saved, listed, deleted, used by reports, with files.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{AWKWARD, Client, Reply, encode, report, start};

/// Saves a type with these members and an asset of it; the asset's id.
pub(crate) async fn asset(client: &mut Client, number: &str, kind: Value) -> String {
    let kind = client.put("/api/Asset/Types", &kind).await.json();
    let asset = json!({ "serialNumber": number, "typeId": kind["typeId"] });
    let asset = client.put("/api/Asset", &asset).await.json();
    asset["assetId"].as_str().unwrap().to_owned()
}

pub(crate) async fn send(
    client: &mut Client,
    method: Method,
    path: &str,
    query: &[(&str, &str)],
) -> Reply {
    let pairs: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    client
        .send(
            method,
            &format!("/api/Asset/{path}?{}", pairs.join("&")),
            "",
        )
        .await
}

pub(crate) fn names(list: &Value, name: &str) -> Vec<String> {
    let text = |row: &Value| {
        row[name]
            .as_str()
            .map_or_else(|| row[name].to_string(), str::to_owned)
    };
    list.as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn an_asset_is_saved_read_listed_and_deleted() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let id = asset(
        &mut client,
        AWKWARD,
        json!({ "typeName": "Fixture", "icon": "x" }),
    )
    .await;
    let kind = client.get("/api/Asset/Types").await.json()[0].clone();
    let change = json!({
        "ASSETID": id, "serialNumber": AWKWARD, "typeId": kind["typeId"], "assetName": "One", "state": 1,
        "totalCount": 99, "lastCalibrationDate": "2020-01-01T00:00:00Z", "tags": [{ "key": "a b", "value": "<x>" }],
    });
    client.put("/api/Asset", &change).await;
    let read = client
        .get(&format!("/api/Asset/{}", encode(AWKWARD)))
        .await
        .json();
    assert_eq!(read, client.get(&format!("/api/Asset/{id}")).await.json());
    assert_eq!(
        (&read["assetName"], &read["state"], &read["totalCount"]),
        (&json!("One"), &json!(1), &json!(0))
    );
    assert_eq!(
        (&read["lastCalibrationDate"], &read["assetType"]),
        (&Value::Null, &kind)
    );
    let changed = |entry: &&Value| entry["type"] == 2;
    let log: Vec<&Value> = read["assetLog"]
        .as_array()
        .unwrap()
        .iter()
        .filter(changed)
        .collect();
    assert_eq!(
        log.iter()
            .map(|entry| entry["property"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["assetName", "state", "tags"]
    );

    let child =
        json!({ "serialNumber": "C", "typeId": kind["typeId"], "parentSerialNumber": AWKWARD });
    let child = client.put("/api/Asset", &child).await.json();
    let grandchild =
        json!({ "serialNumber": "G", "typeId": kind["typeId"], "parentAssetId": child["assetId"] });
    client.put("/api/Asset", &grandchild).await;
    let loops =
        json!({ "serialNumber": AWKWARD, "typeId": kind["typeId"], "parentSerialNumber": "G" });
    assert_eq!(client.put("/api/Asset", &loops).await.status, 400);
    for (level, found) in [("0", vec!["C", "G"]), ("1", vec!["C"])] {
        let sub = send(
            &mut client,
            Method::GET,
            "SubAssets",
            &[("id", &id), ("level", level)],
        )
        .await;
        assert_eq!(names(&sub.json(), "serialNumber"), found);
    }
    let options = [("$filter", "state eq 1 and typeName eq 'x'")];
    assert_eq!(client.query("/api/Asset", &options).await.status, 400);
    let options = [
        ("$filter", "state eq 0"),
        ("$orderby", "serialNumber desc"),
        ("$top", "1"),
    ];
    let listed = client.query("/api/Asset", &options).await.json();
    assert_eq!(
        (
            names(&listed, "serialNumber"),
            &listed[0]["parentSerialNumber"]
        ),
        (vec!["G".to_owned()], &json!("C"))
    );
    let whole = client
        .query("/api/Asset", &[("$filter", "state eq 1")])
        .await
        .json();
    assert_eq!(
        whole[0]["xmlData"],
        "<AssetInfo><a_x0020_b>&lt;x&gt;</a_x0020_b></AssetInfo>"
    );

    // Those that belong to a deleted one belong to its parent.
    let deleted = client
        .send(Method::DELETE, "/api/Asset?serialNumber=C", "")
        .await;
    assert_eq!(deleted.status, 200);
    assert_eq!(
        client.get("/api/Asset/G").await.json()["parentAssetId"],
        json!(id)
    );
    assert_eq!(client.get("/api/Asset/C").await.status, 404);
    let log = client
        .query("/api/Asset/Log", &[("$filter", "serialNumber eq 'C'")])
        .await;
    assert_eq!(log.json(), json!([]));
    let log = client.get("/api/Asset/Log?$top=1").await.json();
    assert_eq!(
        (&log[0]["property"], &log[0]["serialNumber"]),
        (&json!("parentAssetId"), &json!("G"))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let id = asset(&mut client, "A", json!({ "typeName": "T" })).await;
    asset(&mut client, "B", json!({ "typeName": "T" })).await;
    let kind = client.get("/api/Asset/A").await.json()["typeId"].clone();
    for (body, status) in [
        (json!({ "typeId": kind }), 400),
        (json!({ "serialNumber": "X" }), 400),
        (
            json!({ "serialNumber": "X", "typeId": "00000000-0000-0000-0000-000000000001" }),
            400,
        ),
        (
            json!({ "serialNumber": "X", "typeId": kind, "state": 7 }),
            400,
        ),
        (
            json!({ "serialNumber": "X", "typeId": kind, "parentAssetId": "no" }),
            400,
        ),
        (
            json!({ "serialNumber": "X", "typeId": kind, "tags": [{ "value": "v" }] }),
            400,
        ),
        (
            json!({ "serialNumber": "X", "typeId": kind, "assetId": "no" }),
            404,
        ),
        (
            json!({ "serialNumber": "B", "typeId": kind, "assetId": id }),
            409,
        ),
    ] {
        assert_eq!(
            client.put("/api/Asset", &body).await.status,
            status,
            "{body}"
        );
    }
    for (body, status) in [
        (json!({}), 400),
        (json!({ "typeName": "U", "alarmThreshold": -1 }), 400),
        (json!({ "typeName": "U", "typeId": id }), 404),
    ] {
        assert_eq!(
            client.put("/api/Asset/Types", &body).await.status,
            status,
            "{body}"
        );
    }
    for (method, path, query, status) in [
        (
            Method::PUT,
            "State",
            vec![("id", "no"), ("state", "1")],
            404,
        ),
        (Method::PUT, "State", vec![("id", &*id)], 400),
        (
            Method::PUT,
            "State",
            vec![("id", &*id), ("state", "7")],
            400,
        ),
        (Method::PUT, "Count", vec![("id", &*id)], 400),
        (
            Method::PUT,
            "Count",
            vec![("id", &*id), ("incrementBy", "-1")],
            400,
        ),
        (
            Method::PUT,
            "Count",
            vec![("id", &*id), ("incrementBy", "1"), ("totalCount", "1")],
            400,
        ),
        (
            Method::PUT,
            "Count",
            vec![("id", &*id), ("incrementBy", "3000000000")],
            400,
        ),
        (Method::GET, "Status", vec![], 400),
        (Method::GET, "SubAssets", vec![("serialNumber", "no")], 404),
        (
            Method::POST,
            "Calibration",
            vec![("id", &*id), ("dateTime", "soon")],
            400,
        ),
        (Method::POST, "Message", vec![("id", &*id)], 400),
    ] {
        assert_eq!(
            send(&mut client, method, path, &query).await.status,
            status,
            "{path} {query:?}"
        );
    }
    assert_eq!(client.get("/api/Asset/A").await.json()["totalCount"], 0);
}

#[tokio::test]
async fn reports_count_the_use_of_their_assets_once() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    asset(
        &mut client,
        "FIX-1",
        json!({ "typeName": "T", "totalCountLimit": 4 }),
    )
    .await;
    let ids = [
        "33a2d408-3fc8-480b-b554-6866c77fd91c",
        "33a2d408-3fc8-480b-b554-6866c77fd91d",
    ];
    let mut total = 0;
    for (place, (id, uses)) in [(ids[0], 3), (ids[0], 3), (ids[1], 2)]
        .into_iter()
        .enumerate()
    {
        let mut report = report(id, "S", "P", "2026-01-30T22:01:41Z");
        report["assets"] =
            json!([{ "assetSN": "FIX-1", "usageCount": uses }, { "assetSN": "none" }]);
        assert_eq!(client.post("/api/Report/WSJF", &report).await.status, 200);
        if place != 1 {
            total += uses;
        }
        let asset = client.get("/api/Asset/FIX-1").await.json();
        assert_eq!(
            (&asset["totalCount"], &asset["runningCount"]),
            (&json!(total), &json!(total))
        );
        assert!(asset["lastSeenDate"].is_string());
    }
    // Each header keeps how it was.
    let options = [("$expand", "assets"), ("$orderby", "uuid")];
    let headers = client
        .query("/api/Report/Query/Header", &options)
        .await
        .json();
    let count = |place: usize, name: &str| headers[place]["assets"][0][name].clone();
    assert_eq!(
        (count(0, "totalCount"), count(0, "totalCountExceeded")),
        (json!(3), json!(0))
    );
    assert_eq!(
        (count(1, "totalCount"), count(1, "totalCountExceeded")),
        (json!(5), json!(1))
    );
    assert_eq!(count(1, "runningCountExceeded"), Value::Null);
    let unknown = json!({
        "serialNumber": "none", "runningCount": null, "runningCountExceeded": null, "totalCount": null,
        "totalCountExceeded": null, "daysSinceMaintenance": null, "maintenanceDaysOverdue": null,
        "daysSinceCalibration": null, "calibrationDaysOverdue": null,
    });
    assert_eq!(headers[0]["assets"][1], unknown);
}

#[tokio::test]
async fn files_are_kept_by_name() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let id = asset(&mut client, "A", json!({ "typeName": "T" })).await;
    let file = format!("/api/internal/Blob/Asset?assetId={id}&filename=");
    for (name, data) in [("a.txt", "one"), ("a.txt", "two"), ("b.bin", "\u{1}")] {
        assert_eq!(
            client
                .send(Method::POST, &format!("{file}{name}"), data)
                .await
                .status,
            200
        );
    }
    assert_eq!(client.get(&format!("{file}a.txt")).await.body, "two");
    let list = format!("/api/internal/Blob/Asset/List/{id}");
    assert_eq!(client.get(&list).await.json(), json!(["a.txt", "b.bin"]));
    let delete = format!("/api/internal/Blob/Assets?assetId={id}");
    client
        .send(
            Method::DELETE,
            &delete,
            json!(["a.txt", "none"]).to_string(),
        )
        .await;
    assert_eq!(client.get(&list).await.json(), json!(["b.bin"]));
    assert_eq!(client.send(Method::DELETE, &delete, "").await.status, 400);
    for path in [
        format!("{file}a.txt"),
        format!("{file}"),
        "/api/internal/Blob/Asset/List/no".to_owned(),
    ] {
        assert!(client.get(&path).await.status.is_client_error(), "{path}");
    }
}
