//! The log of alarms, and exports of certificates.

use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::analytics::{four_units, id, post, rows, text};
use crate::common::{Client, start};

#[tokio::test]
async fn what_did_not_pass_is_in_the_log_and_certificates_are_exported() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    four_units(&mut client).await;
    let route = "/api/internal/Trigger/GetAlarmAndNotificationLogs";
    let logs = post(&mut client, route, json!({})).await;
    assert_eq!(
        (
            rows(&logs).len(),
            &logs[0]["reportGuid"],
            &logs[0]["calculationsString"]
        ),
        (6, &json!(id(8)), &Value::Null)
    );
    let one = post(
        &mut client,
        &format!("{route}?includeTypes=1;2&includeCalculationString=true"),
        json!({ "topCount": 1 }),
    )
    .await;
    assert_eq!(
        (rows(&one).len(), &one[0]["calculationsString"]),
        (1, &json!("result = Failed"))
    );
    assert_eq!(
        post(&mut client, &format!("{route}?includeTypes=3"), json!({})).await,
        json!([])
    );
    for path in [
        "/api/App/Levels",
        "/api/App/ProductGroups?includeFilters=true",
    ] {
        assert_eq!(client.get(path).await.json(), json!([]));
    }

    let queued = "/api/Export/Certificate?headerDataOnly=true&email=a@b.c&numericFormat=decimal&asIndividualFiles=";
    assert_eq!(client.get("/api/Export/List").await.json(), json!([]));
    for (each, files) in [(true, 3), (false, 1)] {
        let filter = json!({ "status": "Passed", "dimensions": "asset;miscInfo" });
        let export = post(&mut client, &format!("{queued}{each}"), filter).await;
        let name = text(&export, "exportFileName");
        for path in [
            format!("/api/Export/{name}"),
            format!("/api/Export/{name}.zip"),
        ] {
            let file = client.get(&path).await;
            assert_eq!(file.headers["content-type"], "application/zip");
            let mut archive =
                zip::ZipArchive::new(std::io::Cursor::new(file.body.to_vec())).unwrap();
            assert_eq!(archive.len(), files);
            let document = std::io::read_to_string(archive.by_index(0).unwrap()).unwrap();
            assert_eq!(document.matches("Result Passed").count(), 3 / files);
        }
    }
    assert_eq!(rows(&client.get("/api/Export/List").await.json()).len(), 2);
    assert_eq!(client.get("/api/Export/none").await.status, 404);
    // Another token has exports of its own.
    let name = client.get("/api/Export/List").await.json()[0]
        .as_str()
        .unwrap()
        .to_owned();
    sim.replace_token("b3RoZXI=");
    let headers = [("Authorization", "Basic b3RoZXI=")];
    let theirs = client
        .try_send(
            http::Method::GET,
            &format!("/api/Export/{name}"),
            &headers,
            "",
        )
        .await
        .unwrap();
    assert_eq!(theirs.status, 404);
}
