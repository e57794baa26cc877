//! The routes and their answers against the server's own description, where it is at hand.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::schema::{self, Described};
use crate::common::{Client, report, start};

/// Internal operations that no client uses.
const LEFT_OUT: &[&str] = &["GET /api/internal/Trigger/GetAlarmAndNotificationLogs"];

/// Called and checked by the tests of serial numbers, which have some.
const ELSEWHERE: &[&str] = &["POST /api/internal/Production/GetAndReserveNewSerialNumbers"];

#[test]
fn every_operation_has_a_route() {
    let same = |template: &str| schema::normal(template);
    let routes: BTreeSet<String> = Simulator::routes()
        .iter()
        .map(|(method, template)| format!("{method} {}", same(template)))
        .collect();
    let described = schema::described();
    for Described {
        method, template, ..
    } in &described
    {
        let name = format!("{method} {template}");
        assert!(
            routes.contains(&format!("{method} {}", same(template)))
                || LEFT_OUT.contains(&name.as_str()),
            "{name}"
        );
    }
    let public = described
        .iter()
        .filter(|one| !one.template.contains("/internal/"))
        .count();
    assert!(described.is_empty() || public == 126, "{public}");
}

#[test]
fn an_answer_of_another_shape_is_noticed() {
    if schema::described().is_empty() {
        eprintln!("skipped: the description is not there");
        return;
    }
    for (method, path, body) in [
        (
            "GET",
            "/api/Product/Query?$top=1",
            json!([{ "partNumber": 7 }]),
        ),
        ("GET", "/api/App/Version", json!({})),
        ("POST", "/api/Report/WSJF", json!({ "Report_ID": "x" })),
        (
            "GET",
            "/api/RootCause/Ticket",
            json!({ "ticketId": "x", "status": "open" }),
        ),
    ] {
        let checked =
            std::panic::catch_unwind(|| schema::check(method, path, body.to_string().as_bytes()));
        assert!(checked.is_err(), "{method} {path}");
    }
}

/// Calls of all operations whose answers have a schema; the client checks each answer.
struct Caller {
    client: Client,
    called: BTreeSet<String>,
    refused: Vec<String>,
}

impl Caller {
    async fn call(&mut self, method: Method, path: &str, body: Value) -> Value {
        let sent = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = self.client.send(method.clone(), path, sent).await;
        if reply.status != 200 {
            self.refused
                .push(format!("{method} {path}: {:?}", reply.body));
        }
        self.called.extend(schema::operation(method.as_str(), path));
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    async fn put(&mut self, path: &str, body: Value) -> Value {
        self.call(Method::PUT, path, body).await
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}

#[tokio::test]
async fn every_answer_that_has_a_schema_keeps_it() {
    let sim = start(Simulator::builder().seed_demo().gzip(false)).await;
    let mut caller = Caller {
        client: Client::h1(&sim).await,
        called: BTreeSet::new(),
        refused: Vec::new(),
    };
    let id = "33a2d408-3fc8-480b-b554-6866c77fd91c";

    for path in [
        "/api/App/Version",
        "/api/SystemStatus",
        "/api/App/CommonUserSettings?UserName=demo",
        "/api/internal/Client/Ping",
        "/api/internal/Client/ServerInfo",
    ] {
        caller.get(path).await;
    }
    caller
        .post(
            "/api/internal/Client/Update",
            json!({ "name": "STATION-1" }),
        )
        .await;
    of_products(&mut caller).await;
    of_reports(&mut caller, id).await;
    of_production(&mut caller).await;
    of_assets(&mut caller).await;
    of_software(&mut caller).await;
    of_tickets(&mut caller).await;
    of_inspections(&mut caller).await;

    assert!(caller.refused.is_empty(), "{:#?}", caller.refused);
    let left: Vec<_> = schema::names()
        .into_iter()
        .filter(|name| !caller.called.contains(name) && !ELSEWHERE.contains(&name.as_str()))
        .collect();
    assert!(left.is_empty(), "not called: {left:#?}");
}

async fn of_products(caller: &mut Caller) {
    caller
        .put(
            "/api/Product",
            json!({ "partNumber": "P1", "revisions": [{ "revision": "A" }] }),
        )
        .await;
    caller
        .put(
            "/api/Product/Revision",
            json!({ "partNumber": "P1", "revision": "B" }),
        )
        .await;
    for path in [
        "/api/Product/P1",
        "/api/Product/P1/B",
        "/api/Product/Query?$top=5",
        "/api/internal/Process/GetProcesses",
    ] {
        caller.get(path).await;
    }
    let processes = caller.get("/api/internal/Process/GetProcesses").await;
    let process = processes[0]
        .get("ProcessID")
        .or(processes[0].get("processID"))
        .cloned()
        .unwrap_or_default();
    caller
        .get(&format!(
            "/api/internal/Process/GetProcess/{}",
            process.as_str().unwrap_or_default()
        ))
        .await;
    let barcode = json!({ "pattern": "^SN[0-9]+$", "serialNumber": "[0-9]+" });
    caller
        .put("/api/BarcodeIdentifiers/BarcodeIdentifier", barcode)
        .await;
    caller
        .get("/api/BarcodeIdentifiers/BarcodeIdentifiers")
        .await;
    caller
        .get("/api/BarcodeIdentifiers/IdentifyBarcode?code=SN7")
        .await;
}

async fn of_reports(caller: &mut Caller, id: &str) {
    caller
        .post(
            "/api/Report/WSJF",
            report(id, "S1", "F", "2026-01-30T22:01:41Z"),
        )
        .await;
    let xml = caller
        .client
        .get(&format!("/api/Report/Wsxf/{id}"))
        .await
        .body;
    caller
        .client
        .send(Method::POST, "/api/Report/WSXF", xml)
        .await;
    caller.called.insert("POST /api/Report/WSXF".to_owned());
    for path in [
        "/api/Report/Query/Header?$top=100&$expand=subUnits,miscInfo,assets,attachments".to_owned(),
        "/api/Report/Query/HeaderByMiscInfo?description=Text".to_owned(),
        format!("/api/internal/Report/GetReportState/{id}"),
    ] {
        caller.get(&path).await;
    }
}

async fn of_production(caller: &mut Caller) {
    for path in [
        "/api/Production/SerialNumbers/Types",
        "/api/Production/Units/Changes?maxCount=10",
        "/api/Production/UnitVerification?serialNumber=S1",
        "/api/internal/Mes/GetUnitPhases",
        "/api/internal/Production/GetSites",
    ] {
        caller.get(path).await;
    }
}

async fn of_assets(caller: &mut Caller) {
    let kind = text(
        &caller
            .put("/api/Asset/Types", json!({ "typeName": "Fixture" }))
            .await,
        "typeId",
    );
    let asset = caller
        .put(
            "/api/Asset",
            json!({ "serialNumber": "FIX-9", "typeId": kind, "assetName": "Nine" }),
        )
        .await;
    for path in [
        "/api/Asset".to_owned(),
        "/api/Asset/Types".to_owned(),
        "/api/Asset/Log".to_owned(),
        format!("/api/internal/Blob/Asset/List/{}", text(&asset, "assetId")),
    ] {
        caller.get(&path).await;
    }
}

async fn of_software(caller: &mut Caller) {
    let package = caller
        .post(
            "/api/Software/Package",
            json!({ "name": "Tester", "tags": [{ "key": "line", "value": "7" }] }),
        )
        .await;
    let id = text(&package, "packageId");
    for status in ["Pending", "Released"] {
        caller
            .post(
                &format!("/api/Software/PackageStatus/{id}?status={status}"),
                Value::Null,
            )
            .await;
    }
    for path in [
        format!("/api/Software/Package/{id}"),
        "/api/Software/PackageByName?name=Tester&status=Released".to_owned(),
        format!("/api/Software/PackageFiles/{id}"),
        "/api/Software/Packages".to_owned(),
        "/api/Software/PackagesByTag?tag=line%3D7&status=Released".to_owned(),
        "/api/Software/VirtualFolders".to_owned(),
        format!("/api/internal/Software/GetAvailablePackages?installedPackages={id}"),
        format!("/api/internal/Software/GetPackage?packageId={id}"),
        "/api/internal/Software/GetPackageByName?packageName=Tester&status=Released".to_owned(),
        "/api/internal/Software/GetPackageHistory?tags=//*[line[.=%277%27]]&status=Released&allVersions=true"
            .to_owned(),
        "/api/internal/Software/GetPackagesByTag?tags=//*[line[.=%277%27]]&status=Released".to_owned(),
        format!(
            "/api/internal/Software/GetRevokedPackages?installedPackages={id}&includeRevokedOnly=true"
        ),
    ] {
        caller.get(&path).await;
    }
}

async fn of_tickets(caller: &mut Caller) {
    let ticket = caller
        .post("/api/RootCause/Ticket", json!({ "subject": "Cold joint" }))
        .await;
    let id = text(&ticket, "ticketId");
    caller
        .get(&format!("/api/RootCause/Ticket?ticketId={id}"))
        .await;
    caller.get("/api/RootCause/Tickets?status=1&view=2").await;
    caller
        .put(
            "/api/RootCause/Ticket",
            json!({ "ticketId": id, "status": 8 }),
        )
        .await;
    let form = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nabc\r\n--x--";
    let headers = [("Content-Type", "multipart/form-data; boundary=x")];
    let attached = caller
        .client
        .try_send(Method::POST, "/api/RootCause/Attachment", &headers, form)
        .await
        .unwrap();
    assert_eq!(attached.status, 200);
    caller
        .called
        .insert("POST /api/RootCause/Attachment".to_owned());
    caller
        .post("/api/RootCause/ArchiveTickets", json!([id]))
        .await;
}

async fn of_inspections(caller: &mut Caller) {
    const API: &str = "/api/internal/ManualInspection";
    let definition = caller
        .post(&format!("{API}/PostDefinition"), json!({ "name": "Look" }))
        .await;
    let id = text(&definition, "TestSequenceDefinitionId");
    for path in ["GetDefinitionCopy", "GetRelationConflictsNew"] {
        caller.get(&format!("{API}/{path}/{id}")).await;
    }
    caller
        .get(&format!(
            "{API}/GetTestSequenceDefinitions?isGlobalDefinitions=true"
        ))
        .await;
    caller
        .put(
            &format!("{API}/PutDefinitionNew"),
            json!({ "id": id, "name": "Look twice" }),
        )
        .await;
}
