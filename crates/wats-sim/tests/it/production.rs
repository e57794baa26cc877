//! Units: saved, reported, moved, built into one another, verified; batches; workflows.

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
          "unitPhaseId": 16, "tags": [{ "key": "a", "value": "1" }], "made_up": 1 },
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
        ("tags", json!([{ "key": "a", "value": "1" }])),
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
async fn sub_units_of_a_report_are_child_units() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let sub = |serial: &str| json!({ "partType": "PCBA", "pn": "SUB", "rev": "C", "sn": serial });
    for serial in ["S", "T"] {
        post_report(&mut client, |body| {
            body["sn"] = json!(serial);
            body["subUnits"] = json!([sub("1"), sub(&format!("of {serial}"))]);
        })
        .await;
    }
    let of = |unit: &Value| {
        let units = unit["subUnits"].as_array().unwrap().iter();
        let units = units.map(|unit| unit["serialNumber"].as_str().unwrap().to_owned());
        units.collect::<Vec<_>>()
    };
    // The last report says where the one that both name is.
    assert_eq!(of(&unit(&mut client, "S", "PART-0001").await), ["of S"]);
    assert_eq!(
        of(&unit(&mut client, "T", "PART-0001").await),
        ["1", "of T"]
    );
    let child = unit(&mut client, "1", "SUB").await;
    assert_eq!(
        (
            &child["parentSerialNumber"],
            &child["revision"],
            &child["unitPhaseId"]
        ),
        (&json!("T"), &json!("C"), &json!(1))
    );
    // No unit becomes part of itself by way of others.
    post_report(&mut client, |body| {
        body["sn"] = json!("1");
        body["pn"] = json!("SUB");
        body["subUnits"] = json!([{ "partType": "x", "pn": "PART-0001", "rev": "A", "sn": "T" }]);
    })
    .await;
    let tree = internal(&mut client, "GetUnitHierarchy", "1", "SUB").await;
    assert_eq!(
        (&tree["SerialNumber"], &tree["Level"]),
        (&json!("T"), &json!(0))
    );
    assert_eq!(tree["Children"][0]["Level"], 1);
    assert_eq!(tree["Children"][0]["ParentUnitId"], tree["UnitId"]);
    let rows = internal(&mut client, "GetUnitInfo", "1", "SUB").await;
    let serials: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["SerialNumber"])
        .collect();
    assert_eq!(serials, ["1", "T", "of T"]);
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

fn pair<'a>(parent: &'a str, child: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("parentSerialNumber", parent),
        ("parentPartNumber", "BOX"),
        ("childSerialNumber", child),
        ("childPartNumber", "BOARD"),
    ]
}

#[tokio::test]
async fn a_child_is_added_if_it_is_free_finished_and_of_the_right_kind() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let unit_of = |serial: &str, part: &str, revision: &str, phase: i64| json!({ "serialNumber": serial, "partNumber": part, "revision": revision, "unitPhaseId": phase });
    let units = json!([
        unit_of("X", "BOX", "1", 2),
        unit_of("Y", "BOX", "1", 2),
        unit_of("a", "BOARD", "1.0", 16),
        unit_of("b", "BOARD", "1.1", 16),
        unit_of("c", "BOARD", "2.0", 16),
        unit_of("raw", "BOARD", "1.0", 2),
    ]);
    client.put(UNITS, &units).await;
    let (add, remove) = (
        "/api/Production/AddChildUnit",
        "/api/Production/RemoveChildUnit",
    );
    // Without a box build nothing is right, unless the call says what is.
    call(&mut client, Method::POST, add, &pair("X", "a"), 409).await;
    for (child, checks, status) in [
        (
            "a",
            [("checkPartNumber", ""), ("checkRevision", "1.0")],
            400,
        ),
        (
            "a",
            [("checkPartNumber", "OTHER"), ("checkRevision", "1.0")],
            409,
        ),
        (
            "a",
            [("checkPartNumber", "BOARD"), ("checkRevision", "1.1")],
            409,
        ),
        (
            "a",
            [("checkPartNumber", "BOARD"), ("checkRevision", "1.0")],
            200,
        ),
        (
            "a",
            [("checkPartNumber", "BOARD"), ("checkRevision", "1.0")],
            409,
        ),
        (
            "b",
            [("checkPartNumber", "BOARD"), ("checkRevision", "")],
            200,
        ),
        (
            "raw",
            [("checkPartNumber", "BOARD"), ("checkRevision", "")],
            409,
        ),
        (
            "none",
            [("checkPartNumber", "BOARD"), ("checkRevision", "")],
            404,
        ),
    ] {
        let options = [pair("X", child), checks.to_vec()].concat();
        call(&mut client, Method::POST, add, &options, status).await;
    }
    let whole = unit(&mut client, "X", "BOX").await;
    assert_eq!(whole["subUnits"].as_array().unwrap().len(), 2);
    let changes = client
        .get("/api/Production/Units/Changes?maxCount=9")
        .await
        .json();
    assert_eq!(changes[0]["newParentSerialNumber"], "X");
    let checked = call(
        &mut client,
        Method::GET,
        "/api/Production/CheckChildUnits",
        &pair("X", "")[..2],
        200,
    )
    .await;
    assert_eq!(
        (&checked["valid"], &checked["units"][1]["valid"]),
        (&json!(false), &json!(false))
    );

    call(&mut client, Method::POST, remove, &pair("Y", "a"), 404).await;
    call(&mut client, Method::POST, remove, &pair("X", "a"), 200).await;
    call(&mut client, Method::POST, remove, &pair("X", "a"), 404).await;
    call(&mut client, Method::POST, remove, &pair("X", "a")[..3], 400).await;
    assert_eq!(
        unit(&mut client, "a", "BOARD").await["parentSerialNumber"],
        Value::Null
    );

    // The internal ones name the parent differently, and may leave the phase alone.
    let mut options = named("X", "BOX").to_vec();
    options.extend([
        ("childSerialNumber", "raw"),
        ("childPartNumber", ""),
        ("checkPartNumber", "BOARD"),
        ("checkRevision", "1.%"),
    ]);
    let route = format!("{INTERNAL}/AddChildUnit");
    call(&mut client, Method::POST, &route, &options, 400).await;
    options.extend([("cultureCode", "en-US"), ("checkPhase", "false")]);
    call(&mut client, Method::POST, &route, &options, 200).await;
    let route = format!("{INTERNAL}/RemoveChildUnit");
    call(&mut client, Method::POST, &route, &options[..4], 200).await;
    let route = format!("{INTERNAL}/RemoveAllChildUnits");
    call(&mut client, Method::POST, &route, &named("X", "BOX"), 200).await;
    assert_eq!(unit(&mut client, "X", "BOX").await["subUnits"], json!([]));
    assert_eq!(
        unit(&mut client, "b", "BOARD").await["parentSerialNumber"],
        Value::Null
    );
}

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
