//! Units that are part of others.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use super::{INTERNAL, UNITS, call, internal, named, post_report, unit};
use crate::common::{Client, start};

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

#[tokio::test]
async fn the_box_build_says_what_may_be_built_in() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let unit_of = |serial: &str, part: &str, revision: &str, phase: i64| json!({ "serialNumber": serial, "partNumber": part, "revision": revision, "unitPhaseId": phase });
    let units = json!([
        unit_of("X", "BOX", "1", 2),
        unit_of("a", "BOARD", "1.0", 16),
        unit_of("b", "BOARD", "1.1", 1024),
        unit_of("c", "BOARD", "2.0", 16),
    ]);
    client.put(UNITS, &units).await;
    let of = |part: &str, revision: &str| {
        let product = sim.product(part).unwrap();
        let mut revisions = product["revisions"].as_array().unwrap().clone().into_iter();
        revisions.find(|one| one["revision"] == revision).unwrap()["productRevisionId"].clone()
    };
    let relation = json!({
        "ParentProductRevisionId": of("BOX", "1"), "ProductRevisionId": of("BOARD", "1.0"),
        "Quantity": 2, "RevisionMask": "1.%",
    });
    let route = "/api/internal/Product/PostProductRevisionRelation";
    assert_eq!(client.post(route, &relation).await.status, 200);
    let check = "/api/Production/CheckChildUnits";
    let checked = call(&mut client, Method::GET, check, &pair("X", "")[..2], 200).await;
    assert_eq!(checked["missing"][0]["found"], 0);

    let add = "/api/Production/AddChildUnit";
    for (child, status) in [("a", 200), ("b", 409), ("c", 409)] {
        call(&mut client, Method::POST, add, &pair("X", child), status).await;
    }
    // A revision may be finished in another phase.
    let revision = json!({
        "partNumber": "BOARD", "revision": "1.1",
        "xmlData": "<Root><PhaseFinalized Value=\"In Storage\" /></Root>",
    });
    assert_eq!(
        client.put("/api/Product/Revision", &revision).await.status,
        200
    );
    call(&mut client, Method::POST, add, &pair("X", "b"), 200).await;
    let checked = call(&mut client, Method::GET, check, &pair("X", "")[..2], 200).await;
    assert_eq!(
        (&checked["valid"], &checked["missing"]),
        (&json!(true), &json!([]))
    );
    // There are as many as there may be.
    client
        .put(UNITS, &json!([unit_of("d", "BOARD", "1.0", 16)]))
        .await;
    call(&mut client, Method::POST, add, &pair("X", "d"), 409).await;
    let mut options = pair("X", "")[..2].to_vec();
    let route = format!("{INTERNAL}/CheckChildUnits");
    call(&mut client, Method::GET, &route, &options, 400).await;
    options.push(("CultureCode", "en-US"));
    assert_eq!(
        call(&mut client, Method::GET, &route, &options, 200).await,
        checked
    );
}
