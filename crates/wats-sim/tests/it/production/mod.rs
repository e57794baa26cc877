//! Production: here units that are saved, reported and moved, batches, workflows; `relations`, `verify`, `numbers`.

mod numbers;
mod relations;
mod verify;

use crate::common::{AWKWARD, Client, encode, report, start};
use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

const WSJF: &str = "/api/Report/WSJF";
const UNITS: &str = "/api/Production/Units";
const PUBLIC: &str = "/api/Production";
const INTERNAL: &str = "/api/internal/Production";

/// A unit by its numbers, as the query of most operations names it.
fn named<'a>(serial: &'a str, part: &'a str) -> [(&'static str, &'a str); 2] {
    [("serialNumber", serial), ("partNumber", part)]
}

fn path(route: &str, options: &[(&str, &str)]) -> String {
    let options = options.iter();
    let options: Vec<_> = options
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("{route}?{}", options.join("&"))
}

async fn unit(client: &mut Client, serial: &str, part: &str) -> Value {
    let path = format!("{PUBLIC}/Unit/{}/{}", encode(serial), encode(part));
    client.get(&path).await.json()
}

async fn internal(client: &mut Client, name: &str, serial: &str, part: &str) -> Value {
    let path = path(&format!("{INTERNAL}/{name}"), &named(serial, part));
    client.get(&path).await.json()
}

async fn post_report(client: &mut Client, change: impl FnOnce(&mut Value)) {
    let mut body = report(
        &uuid::Uuid::new_v4().to_string(),
        "S",
        "P",
        "2026-01-30T10:00:00Z",
    );
    body["subUnits"] = json!([]);
    change(&mut body);
    if body.get("root").is_some() {
        body["root"]["status"] = body["result"].clone();
    }
    let reply = client.post(WSJF, &body).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
}

/// Makes a repair of a test report.
fn repair(body: &mut Value) {
    body["type"] = json!("R");
    body["processCode"] = json!(500);
    body["uur"] = json!({ "user": "fixer", "processCode": 1 });
    body["subUnits"] = json!([{ "pn": "PART-0001", "sn": "S", "rev": "A", "idx": 0 }]);
    for gone in ["root", "uut"] {
        body.as_object_mut().unwrap().remove(gone);
    }
}

/// A call with options only, which must be answered with this status.
async fn call(
    client: &mut Client,
    method: Method,
    route: &str,
    options: &[(&str, &str)],
    status: u16,
) -> Value {
    let reply = client.send(method, &path(route, options), "").await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(reply.status, status, "{route} {options:?}: {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[tokio::test]
async fn units_are_saved_one_by_one_and_read_with_their_product() {
    let sim = start(Simulator::builder().products(1)).await;
    let mut client = Client::h1(&sim).await;
    let units = json!([
        { "serialNumber": AWKWARD, "partNumber": "PART-0000", "revision": "A", "processCode": 100,
          "unitPhaseId": 16, "tags": [{ "key": "a", "value": "1", "change": 1 }], "made_up": 1 },
        { "serialNumber": AWKWARD, "PARTNUMBER": "PART-0000", "currentLocation": "here", "revision": null },
        { "serialNumber": "S2", "partNumber": "PART-0000", "revision": "new", "parentSerialNumber": AWKWARD },
        { "serialNumber": "S3" },
        { "serialNumber": "S3", "partNumber": "P", "unitPhaseId": 3 },
        { "serialNumber": "S3", "partNumber": "P", "serialDate": "yesterday" },
        { "serialNumber": "S3", "partNumber": "P", "parentSerialNumber": "none" },
        { "serialNumber": "S2", "partNumber": "PART-0000", "parentSerialNumber": "S2" },
        "S3",
    ]);
    let counters = client.put(UNITS, &units).await.json();
    let expected = json!({ "insertCount": 2, "updateCount": 1, "errorCount": 6 });
    assert_eq!(counters, expected);

    let read = unit(&mut client, AWKWARD, "PART-0000").await;
    for (name, expected) in [
        ("serialNumber", json!(AWKWARD)),
        ("revision", json!("A")),
        ("currentLocation", json!("here")),
        ("unitPhaseId", json!(16)),
        ("unitPhase", json!("Finalized")),
        ("processCode", json!("100")),
        ("parentSerialNumber", Value::Null),
        ("tags", json!([{ "key": "a", "value": "1", "change": 0 }])),
    ] {
        assert_eq!(read[name], expected, "{name}");
    }
    assert_eq!(read["product"], sim.product("PART-0000").unwrap());
    assert_eq!(read["productRevision"]["name"], "First revision");
    assert_eq!(read["subUnits"][0]["serialNumber"], "S2");
    assert_eq!(read["subUnits"][0]["parentSerialNumber"], AWKWARD);
    // A revision that was not known is now.
    let revision = client.get("/api/Product/PART-0000/new").await;
    assert_eq!(revision.status, 200);
    for missing in ["S/none", "none/PART-0000"] {
        let reply = client.get(&format!("{PUBLIC}/Unit/{missing}")).await;
        assert_eq!(reply.status, 404);
        assert!(reply.message().contains("none"));
    }
}

#[tokio::test]
async fn reports_move_a_unit_in_the_order_of_their_starts() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    post_report(&mut client, |_| ()).await;
    let read = unit(&mut client, "S", "PART-0001").await;
    assert_eq!(
        (
            &read["unitPhase"],
            &read["processCode"],
            &read["lastResult"]
        ),
        (&json!("Under production"), &json!("100"), &json!("Passed"))
    );
    assert_eq!(
        (&read["revision"], &read["batchNumber"]),
        (&json!("A"), &json!("B1"))
    );
    post_report(&mut client, |body| {
        body["start"] = json!("2026-01-30T12:00:00Z");
        body["rev"] = json!("B");
        body["result"] = json!("F");
        body["processCode"] = json!(10);
    })
    .await;
    // One that began before comes too late to say anything.
    post_report(&mut client, |body| {
        body["start"] = json!("2026-01-30T11:00:00Z")
    })
    .await;
    let read = unit(&mut client, "S", "PART-0001").await;
    assert_eq!(
        (&read["revision"], &read["processCode"], &read["lastResult"]),
        (&json!("B"), &json!("10"), &json!("Failed"))
    );
    assert_eq!(read["productRevision"]["revision"], "B");

    // A repair, and a test after it; what people set stays.
    for (is_repair, phase) in [(true, "Repaired"), (false, "Under production")] {
        post_report(&mut client, |body| {
            if is_repair {
                repair(body);
            }
            body["start"] = json!("2026-01-30T13:00:00Z");
        })
        .await;
        assert_eq!(
            unit(&mut client, "S", "PART-0001").await["unitPhase"],
            phase
        );
    }
    let mut options = named("S", "PART-0001").to_vec();
    options.push(("phase", "32"));
    call(
        &mut client,
        Method::PUT,
        "/api/Production/SetUnitPhase",
        &options,
        200,
    )
    .await;
    post_report(&mut client, |body| {
        body["start"] = json!("2026-01-30T14:00:00Z")
    })
    .await;
    assert_eq!(
        unit(&mut client, "S", "PART-0001").await["unitPhase"],
        "Scrapped"
    );
}

#[tokio::test]
async fn phase_and_process_are_set_and_remembered() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.put_process(json!({ "code": 7, "name": "Only here", "isWipOperation": true }));
    let mut new = named("S", "P").to_vec();
    new.extend([("revision", "A"), ("batchNumber", "B")]);
    let route = format!("{INTERNAL}/CreateUnit");
    let made = call(&mut client, Method::POST, &route, &new, 200).await;
    assert_eq!(
        (
            &made["SerialNumber"],
            &made["BatchSN"],
            &made["UnitPhaseId"]
        ),
        (&json!("S"), &json!("B"), &json!(1))
    );
    assert_eq!(made["Product"]["PartNumber"], "P");
    assert_eq!(made["ProductRevision"]["Revision"], "A");
    call(&mut client, Method::POST, &route, &new, 409).await;
    call(&mut client, Method::POST, &route, &new[..2], 400).await;

    let phases = client.get("/api/internal/Mes/GetUnitPhases").await.json();
    let ids: Vec<i64> = (phases.as_array().unwrap().iter())
        .map(|phase| phase["UnitPhaseId"].as_i64().unwrap())
        .collect();
    let expected: Vec<i64> = (0..12)
        .map(|bit| 1 << bit)
        .chain([4098, 4100, 4104])
        .collect();
    assert_eq!(ids, expected);
    for (phase, status) in [
        ("1024", 200),
        ("IN STORAGE", 200),
        ("Repair_Service", 200),
        ("3", 400),
    ] {
        let mut options = named("S", "P").to_vec();
        options.push(("phase", phase));
        call(
            &mut client,
            Method::PUT,
            "/api/Production/SetUnitPhase",
            &options,
            status,
        )
        .await;
    }
    for (name, serial, status) in [
        ("only here", "S", 200),
        ("none", "S", 404),
        ("only here", "T", 404),
        ("", "S", 400),
    ] {
        let mut options = named(serial, "P").to_vec();
        options.push(("processName", name));
        call(
            &mut client,
            Method::PUT,
            "/api/Production/SetUnitProcess",
            &options,
            status,
        )
        .await;
    }
    assert_eq!(
        internal(&mut client, "GetUnitPhase", "S", "P").await,
        json!(8)
    );
    assert_eq!(
        internal(&mut client, "GetUnitProcess", "S", "").await,
        json!("Only here")
    );
    let history = internal(&mut client, "GetUnitStateHistory", "S", "P").await;
    let service = "Service repair";
    assert_eq!(
        history["phases"],
        json!([service, service, "In storage", "Unknown"])
    );
    assert_eq!(history["processes"], json!(["Only here", null, null, null]));
    assert_eq!(history["dateTimes"].as_array().unwrap().len(), 4);

    // Phases that changed are told until they are handled; the process is no such change.
    let changes = client
        .get("/api/Production/Units/Changes?maxCount=9")
        .await
        .json();
    let phases: Vec<_> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["newUnitPhaseId"])
        .collect();
    assert_eq!(phases, [1024, 8]);
    assert_eq!(changes[0]["unitSerialNumber"], "S");
    let first = client
        .get("/api/Production/Units/Changes?maxCount=1")
        .await
        .json();
    assert_eq!(first.as_array().unwrap().len(), 1);
    let route = format!("/api/Production/Units/Changes/{}", changes[0]["id"]);
    call(&mut client, Method::DELETE, &route, &[], 200).await;
    call(&mut client, Method::DELETE, &route, &[], 404).await;
    let left = client
        .get("/api/Production/Units/Changes?maxCount=9")
        .await
        .json();
    assert_eq!(left, json!([changes[1]]));
    for options in [vec![], vec![("maxCount", "-1")], vec![("maxCount", "x")]] {
        call(
            &mut client,
            Method::GET,
            "/api/Production/Units/Changes",
            &options,
            400,
        )
        .await;
    }
}

#[tokio::test]
async fn a_serial_number_of_several_units_needs_a_part_number() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let units = json!([{ "serialNumber": "S", "partNumber": "P" }, { "serialNumber": "S", "partNumber": "Q" }]);
    client.put(UNITS, &units).await;
    let route = format!("{INTERNAL}/GetUnit");
    call(
        &mut client,
        Method::GET,
        &route,
        &[("serialNumber", "S")],
        409,
    )
    .await;
    let one = call(&mut client, Method::GET, &route, &named("S", "Q"), 200).await;
    assert_eq!(one["SerialNumber"], "S");
    call(
        &mut client,
        Method::GET,
        &route,
        &[("serialNumber", "T")],
        404,
    )
    .await;
    call(
        &mut client,
        Method::GET,
        &format!("{INTERNAL}/GetUnitInfo"),
        &named("S", "R"),
        404,
    )
    .await;
}

#[tokio::test]
async fn batches_are_all_saved_or_none() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let route = "/api/Production/Batches";
    let good = json!([{ "batchNumber": "A", "batchSize": 5 }, { "BatchNumber": "B", "batchSize": 0, "x": 1 }]);
    let saved = client.put(route, &good).await;
    assert_eq!(
        saved.json()[1],
        json!({ "batchNumber": "B", "batchSize": 0 })
    );
    for bad in [
        json!({ "batchNumber": "C" }),
        json!({ "batchNumber": "", "batchSize": 1 }),
        json!(1),
    ] {
        let list = json!([{ "batchNumber": "A", "batchSize": 9 }, bad]);
        assert_eq!(client.put(route, &list).await.status, 400);
    }
    assert_eq!(sim.batch("A").unwrap()["batchSize"], 5);
}

#[tokio::test]
async fn a_test_of_a_workflow_begins_and_ends_once() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    client
        .put(UNITS, &json!([{ "serialNumber": "S", "partNumber": "P" }]))
        .await;
    for (name, more, expected) in [
        ("EndTest", vec![], false),
        ("StartTest", vec![("status", "0")], false),
        ("StartTest", vec![("operatorName", "Ada")], true),
        ("StartTest", vec![], false),
        ("EndTest", vec![("passed", "false")], true),
        ("StartTest", vec![("status", "2")], true),
        ("EndTest", vec![], true),
        ("StartTest", vec![], false),
    ] {
        let options = [named("S", "P").to_vec(), more].concat();
        let route = format!("/api/Workflow/{name}");
        let done = call(&mut client, Method::GET, &route, &options, 200).await;
        assert_eq!(done, json!(expected), "{name} {options:?}");
    }
    for (options, status) in [
        (named("T", "P").to_vec(), 404),
        (vec![("serialNumber", "S")], 400),
        (
            [named("S", "P").to_vec(), vec![("status", "4")]].concat(),
            400,
        ),
    ] {
        call(
            &mut client,
            Method::GET,
            "/api/Workflow/StartTest",
            &options,
            status,
        )
        .await;
    }
}

#[tokio::test]
async fn what_clients_ask_beyond_the_descriptions_is_answered() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let route = "/api/Production/Unit";
    let unit_of = |serial: &str, more: Value| {
        let mut unit = json!({ "serialNumber": serial, "partNumber": "P", "revision": "A" });
        unit.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        unit
    };
    for (body, status) in [
        (unit_of("S", json!({ "unitPhaseId": 16 })), 200),
        (unit_of("S", json!({})), 409),
        (unit_of("T", json!({ "revision": null })), 400),
        (unit_of("T", json!({ "parentSerialNumber": "S" })), 400),
        (unit_of("T", json!({})), 200),
    ] {
        assert_eq!(client.post(route, &body).await.status, status, "{body}");
    }
    let batch = client
        .put(
            "/api/Production/Batch",
            &json!({ "batchNumber": "B", "batchSize": 2 }),
        )
        .await;
    assert_eq!(batch.json(), json!({ "batchNumber": "B", "batchSize": 2 }));
    for (query, expected) in [("", 1), ("?batchId=B", 1), ("?batchId=C", 0)] {
        let batches = client
            .get(&format!("/api/Production/Batches{query}"))
            .await
            .json();
        assert_eq!(batches.as_array().unwrap().len(), expected);
    }
    for (body, status) in [
        (
            unit_of("S", json!({ "batchNumber": "B", "unitPhaseId": 2 })),
            200,
        ),
        (unit_of("S", json!({ "batchNumber": "C" })), 400),
        (unit_of("U", json!({})), 404),
    ] {
        assert_eq!(client.put(route, &body).await.status, status, "{body}");
    }
    let mut options = named("S", "P").to_vec();
    options.extend([("key", "Site"), ("value", "a<b")]);
    call(
        &mut client,
        Method::PUT,
        "/api/Production/UnitTag",
        &options,
        200,
    )
    .await;
    let read = unit(&mut client, "S", "P").await;
    assert_eq!(
        (&read["batchNumber"], &read["unitPhaseId"]),
        (&json!("B"), &json!(16))
    );
    assert_eq!(
        read["tags"],
        json!([{ "key": "Site", "value": "a<b", "change": 0 }])
    );

    let child = unit_of("T", json!({ "parentSerialNumber": "S" }));
    client.put(UNITS, &json!([child])).await;
    for (filter, expected) in [
        ("partNumber eq 'P'", vec!["S", "T"]),
        ("unitPhaseId eq 16", vec!["S"]),
        ("subUnits/any(s: s/serialNumber eq 'T')", vec!["S"]),
        ("batchNumber eq 'C'", vec![]),
    ] {
        let options = [("$filter", filter), ("$orderby", "serialNumber")];
        let rows = client
            .query("/api/Production/Unit/Query", &options)
            .await
            .json();
        let found: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["serialNumber"])
            .collect();
        assert_eq!(found, expected, "{filter}");
    }
    let wrong = client
        .query("/api/Production/Unit/Query", &[("$top", "1001")])
        .await;
    assert_eq!(wrong.status, 400);
    for (serial, status) in [("S", 409), ("T", 200), ("T", 404), ("S", 200)] {
        call(
            &mut client,
            Method::DELETE,
            route,
            &named(serial, "P"),
            status,
        )
        .await;
    }
    let none = internal(&mut client, "GetUnit", "S", "").await;
    assert!(none["Message"].is_string());
}
