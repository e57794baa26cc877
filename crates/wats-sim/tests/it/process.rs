//! Processes and repair operations by their ids.

use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, start};

const LIST: &str = "/api/internal/Process/GetProcesses";

#[tokio::test]
async fn processes_have_ids_by_which_they_are_found() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let list = client.get(LIST).await.json();
    let list = list.as_array().unwrap();
    let public = client
        .get("/api/App/Processes?includeInactiveProcesses=true")
        .await
        .json();
    assert_eq!(list.len(), public.as_array().unwrap().len());
    for (internal, public) in list.iter().zip(public.as_array().unwrap()) {
        for (name, of) in [
            ("Code", "code"),
            ("Name", "name"),
            ("State", "state"),
            ("IsWIPOperation", "isWipOperation"),
        ] {
            assert_eq!(internal[name], public[of]);
        }
        let one = client
            .get(&format!(
                "/api/internal/Process/GetProcess/{}",
                id(internal)
            ))
            .await
            .json();
        assert_eq!(&one, internal);
    }
    assert_eq!(
        (&list[1]["Code"], &list[1]["Name"]),
        (&json!(30), &json!("ICT test"))
    );
    for (id, status) in [("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 404), ("500", 400)] {
        assert_eq!(
            client
                .get(&format!("/api/internal/Process/GetProcess/{id}"))
                .await
                .status,
            status
        );
        assert_eq!(
            client
                .get(&format!("/api/internal/Process/GetRepairOperation/{id}"))
                .await
                .status,
            status
        );
    }
}

fn id(process: &Value) -> &str {
    process["ProcessID"].as_str().unwrap()
}

#[tokio::test]
async fn repair_operations_tell_what_they_ask_for() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.put_process(json!({ "code": 520, "name": "Odd", "isRepairOperation": true, "repairOperation": { "failCodes": [1, {}] } }));
    let all = client
        .get("/api/internal/Process/GetRepairOperations")
        .await
        .json();
    assert_eq!(
        all.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["500", "510", "520"]
    );
    let repair = &all["500"];
    assert_eq!(
        (
            &repair["UUTRequired"],
            &repair["VendorRequired"],
            &repair["CompRefMask"]
        ),
        (&json!(1), &json!(2), &json!("^[A-Z]+[0-9]+$"))
    );
    let code = &repair["Categories"][0]["Failcodes"][0];
    assert_eq!(
        (
            &code["Description"],
            &code["FailureType"],
            &code["ImageConstraint"]
        ),
        (&json!("Burned Component"), &json!(4), &json!("1"))
    );
    assert_eq!(all["520"]["Categories"][1]["Failcodes"], json!([]));

    let list = client.get(LIST).await.json();
    let of = |code: i64| {
        id(list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["Code"] == code)
            .unwrap())
    };
    for (path, status) in [
        (of(500).to_owned(), 200),
        (format!("{}?processCode=500", of(500)), 200),
        (format!("{}?processCode=510", of(500)), 404),
        (format!("{}?processCode=x", of(500)), 400),
        (of(100).to_owned(), 404),
    ] {
        let reply = client
            .get(&format!("/api/internal/Process/GetRepairOperation/{path}"))
            .await;
        assert_eq!(reply.status, status, "{path}");
        if status == 200 {
            assert_eq!(&reply.json(), repair);
        }
    }
}
