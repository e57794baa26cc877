//! Manual inspections: definitions, what they are for, inspections.
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a panic is the failing test; a table of cases is one test"
)]

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, start};

const API: &str = "/api/internal/ManualInspection";
const NONE: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

async fn create(client: &mut Client, body: Value) -> String {
    let definition = client
        .post(&format!("{API}/PostDefinition"), &body)
        .await
        .json();
    definition["TestSequenceDefinitionId"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn put(client: &mut Client, path: &str, body: Value) -> (u16, Value) {
    let reply = client.put(&format!("{API}/{path}"), &body).await;
    (reply.status.as_u16(), reply.json())
}

async fn get(client: &mut Client, path: &str) -> Value {
    client.get(&format!("{API}/{path}")).await.json()
}

async fn go(client: &mut Client, id: &str, status: i64) -> u16 {
    put(
        client,
        "PutDefinitionNew",
        json!({ "id": id, "status": status }),
    )
    .await
    .0
}

fn each(list: &Value, name: &str) -> Value {
    list.as_array()
        .unwrap()
        .iter()
        .map(|row| row[name].clone())
        .collect()
}

#[tokio::test]
async fn a_definition_is_made_changed_released_and_copied() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let body = json!({ "name": "Solder", "IsGlobal": true, "Version": 9, "Status": 2 });
    let path =
        format!("{API}/PostDefinition?createDefaultXaml=true&returnAsProductionManagerEntity=true");
    let mut entity = client.post(&path, &body).await.json();
    let id = entity["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&entity["version"], &entity["status"], &entity["isGlobal"]),
        (&json!(1), &json!(0), &json!(true))
    );
    // What is read can be changed and sent back.
    entity["description"] = json!("new");
    let (_, changed) = put(&mut client, "PutDefinitionNew", entity).await;
    assert_eq!(
        (&changed["Description"], &changed["Name"]),
        (&json!("new"), &json!("Solder"))
    );
    assert_eq!(
        get(
            &mut client,
            &format!("GetTestSequenceDefinition?definitionId={id}")
        )
        .await,
        changed
    );
    for (global, found) in [("true", json!([id])), ("false", json!([]))] {
        let list = get(
            &mut client,
            &format!("GetTestSequenceDefinitions?isGlobalDefinitions={global}"),
        )
        .await;
        assert_eq!(each(&list, "TestSequenceDefinitionId"), found);
    }

    let xaml = format!("GetTestSequenceDefinitionXaml?definitionId={id}");
    assert!(
        get(&mut client, &xaml).await["Definition"]
            .as_str()
            .unwrap()
            .starts_with("<Sequence")
    );
    let save = format!("PutTestSequenceDefinitionXaml?definitionId={id}&username=ada");
    assert_eq!(put(&mut client, &save, json!("<A/>")).await.0, 200);
    assert_eq!(get(&mut client, &xaml).await["Definition"], "<A/>");
    assert_eq!(
        get(&mut client, &format!("GetWatswwfContent/{id}")).await,
        "<A/>"
    );
    assert_eq!(
        get(
            &mut client,
            &format!("GetTestSequenceDefinition?definitionId={id}")
        )
        .await["ModifiedBy"],
        "ada"
    );

    let relation = json!({ "TestSequenceDefinitionId": id, "EntityName": "Product", "EntityKey": "partNumber", "EntityValue": "P" });
    client.post(&format!("{API}/PostRelation"), &relation).await;
    let copy = get(&mut client, &format!("GetDefinitionCopy/{id}")).await;
    let copied = copy["TestSequenceDefinitionId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        (
            &copy["Version"],
            &copy["Description"],
            &copy["Relations"][0]["EntityValue"]
        ),
        (&json!(2), &json!("new"), &json!("P"))
    );
    assert_ne!(copied, id);
    assert_eq!(
        get(&mut client, &format!("GetWatswwfContent/{copied}")).await,
        "<A/>"
    );

    for (id, to, status) in [
        (&id, 2, 400),
        (&id, 1, 200),
        (&id, 0, 200),
        (&id, 1, 200),
        (&id, 3, 400),
        (&id, 2, 200),
        (&id, 0, 400),
        (&copied, 1, 200),
        (&copied, 2, 200),
    ] {
        assert_eq!(go(&mut client, id, to).await, status, "{id} to {to}");
    }
    // The released one of the same name is out of use now.
    let first = get(
        &mut client,
        &format!("GetTestSequenceDefinition?definitionId={id}"),
    )
    .await;
    assert_eq!(
        (&first["Status"], first["Revoked"].is_string()),
        (&json!(3), true)
    );
    for (path, body, status) in [
        (
            "PutDefinitionNew",
            json!({ "id": copied, "description": "x" }),
            400,
        ),
        ("PutDefinitionNew", json!({ "description": "x" }), 400),
        ("PutDefinitionNew", json!({ "id": NONE }), 404),
        (
            &*format!("PutTestSequenceDefinitionXaml?definitionId={copied}"),
            json!("<B/>"),
            400,
        ),
        (
            &*format!("PutTestSequenceDefinitionXaml?definitionId={copied}"),
            json!({}),
            400,
        ),
    ] {
        assert_eq!(
            put(&mut client, path, body.clone()).await.0,
            status,
            "{path} {body}"
        );
    }
    assert_eq!(
        client
            .post(&format!("{API}/PostDefinition"), &json!({}))
            .await
            .status,
        400
    );
    for (path, status) in [
        (
            format!("GetTestSequenceDefinition?definitionId={NONE}"),
            404,
        ),
        ("GetTestSequenceDefinitions".to_owned(), 400),
        (format!("GetDefinitionCopy/{NONE}"), 404),
        ("GetDefinitionCopy/x".to_owned(), 400),
    ] {
        assert_eq!(
            client.get(&format!("{API}/{path}")).await.status,
            status,
            "{path}"
        );
    }
}

#[tokio::test]
async fn relations_tell_what_a_definition_is_for_and_conflict() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let mut ids = Vec::new();
    for (name, sites) in [
        ("A", json!([{ "SiteCode": "X" }])),
        ("B", json!([])),
        ("C", json!([{ "SiteCode": "Y" }])),
    ] {
        let id = create(&mut client, json!({ "Name": name })).await;
        let relation = json!({
            "TestSequenceDefinitionId": id, "EntitySchema": "Product", "EntityName": "Product", "EntityKey": "PartNumber",
            "EntityValue": "P", "TestSequenceSiteRelations": sites,
        });
        let made = client
            .post(&format!("{API}/PostRelation"), &relation)
            .await
            .json();
        let listed = get(&mut client, &format!("GetRelations/{id}")).await;
        assert_eq!(listed, json!([made]));
        ids.push((id, made));
    }
    // A and C are for other sites; B is for all.
    let names = |list: Value| each(&list, "Name");
    for (place, others) in [(0, json!(["B"])), (2, json!(["B"]))] {
        let path = format!("GetRelationConflicts/{}", ids[place].0);
        assert_eq!(names(get(&mut client, &path).await), others);
    }
    let found = get(
        &mut client,
        &format!("GetRelationConflictsNew/{}", ids[1].0),
    )
    .await;
    let mut found: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["A", "C"]);

    let mut relation = ids[1].1.clone();
    relation["EntityValue"] = json!("Q");
    assert_eq!(
        put(&mut client, "PutRelation", relation.clone()).await,
        (200, relation.clone())
    );
    assert_eq!(
        get(&mut client, &format!("GetRelationConflicts/{}", ids[0].0)).await,
        json!([])
    );
    for (part, found) in [("P", json!([])), ("Q", json!(["B"]))] {
        let path = format!("GetSequences?serialNumber=S&partNumber={part}&revision=&batchNumber=");
        assert_eq!(
            names(get(&mut client, &path).await),
            json!([]),
            "none is released"
        );
        assert_eq!(
            names(get(&mut client, &format!("{path}&status=1")).await),
            json!([])
        );
        go(&mut client, &ids[1].0, 1).await;
        assert_eq!(
            names(get(&mut client, &format!("{path}&status=1")).await),
            found
        );
        go(&mut client, &ids[1].0, 0).await;
    }
    let id = relation["TestSequenceRelationId"].clone();
    for (path, body, status) in [
        ("DeleteRelationNew", json!([id, NONE]), 404),
        ("DeleteRelationNew", json!({}), 400),
        (
            "PutRelation",
            json!({ "TestSequenceRelationId": NONE }),
            404,
        ),
        ("PutRelation", json!({}), 400),
        ("DeleteRelationNew", json!([id]), 200),
    ] {
        assert_eq!(
            put(&mut client, path, body.clone()).await.0,
            status,
            "{path} {body}"
        );
    }
    assert_eq!(
        get(&mut client, &format!("GetRelations/{}", ids[1].0)).await,
        json!([])
    );
    for body in [
        json!({ "EntityName": "x" }),
        json!({ "TestSequenceDefinitionId": ids[0].0 }),
    ] {
        assert_eq!(
            client
                .post(&format!("{API}/PostRelation"), &body)
                .await
                .status,
            400
        );
    }
    assert_eq!(
        client
            .get(&format!("{API}/GetSequences?serialNumber=S&partNumber=P"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn inspections_are_stored_step_by_step_until_they_are_submitted() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let id = create(&mut client, json!({ "Name": "A" })).await;
    let step = |number: i64, result: i64| json!({ "definitionId": id, "id": number, "name": "look", "result": result });
    assert_eq!(
        put(&mut client, "PutSequence", json!([step(1, 0)])).await.0,
        400,
        "a draft is not in use"
    );
    go(&mut client, &id, 1).await;
    let mut counts = Vec::new();
    for (query, steps, answered) in [
        ("", vec![step(1, 0), step(2, 0)], json!([1, 2])),
        (
            "?returnRootSequence=true",
            vec![step(3, 1)],
            json!([1, 2, 3]),
        ),
        (
            "?submit=true&returnRootSequence=true",
            vec![step(1, 2)],
            json!([1, 2, 3]),
        ),
        ("?returnRootSequence=true", vec![step(7, 2)], json!([7])),
    ] {
        let (status, answer) = put(&mut client, &format!("PutSequence{query}"), json!(steps)).await;
        assert_eq!((status, each(&answer, "id")), (200, answered));
        counts.push(get(&mut client, &format!("GetInstancesCount/{id}")).await);
    }
    assert_eq!(counts, [1, 1, 1, 2]);
    assert_eq!(
        put(&mut client, "PutStringTest", step(8, 1)).await.1["id"],
        8
    );
    assert_eq!(
        get(&mut client, &format!("GetMiDetailsNew/{NONE}")).await,
        Value::Null
    );
    for body in [
        json!([]),
        json!([{ "id": 1 }]),
        json!([{ "definitionId": id }]),
        json!([step(1, 7)]),
        json!([step(1, 1), { "definitionId": NONE, "id": 2 }]),
    ] {
        assert_eq!(
            put(&mut client, "PutSequence", body.clone()).await.0,
            400,
            "{body}"
        );
    }
    for (regex, value, valid) in [
        ("^[A-Z]{2}\\d+$", "AB12", true),
        ("^[A-Z]{2}\\d+$", "A1", false),
        ("", "x", true),
    ] {
        let info = json!({ "name": "n", "regex": regex, "value": value });
        assert_eq!(
            put(&mut client, "ValidateMiscInfo", info).await.1["isValid"],
            valid
        );
    }
    for regex in ["(", "a{1000}{1000}", &"x".repeat(20_000)] {
        let reply = client
            .send(
                Method::PUT,
                &format!("{API}/ValidateMiscInfo"),
                json!({ "regex": regex }).to_string(),
            )
            .await;
        assert_eq!(reply.status, 400);
    }
}
