//! Barcode identifiers: the parts of a code by regular expressions.

use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, start};

const ONE: &str = "/api/BarcodeIdentifiers/BarcodeIdentifier";
const LIST: &str = "/api/BarcodeIdentifiers/BarcodeIdentifiers";

async fn parts(client: &mut Client, code: &str) -> [Value; 5] {
    let found = client
        .query("/api/BarcodeIdentifiers/IdentifyBarcode", &[("code", code)])
        .await
        .json();
    [
        "serialNumber",
        "partNumber",
        "revision",
        "batchNumber",
        "process",
    ]
    .map(|name| found[name].clone())
}

fn five(parts: [&str; 5]) -> [Value; 5] {
    parts.map(|part| {
        if part.is_empty() {
            Value::Null
        } else {
            json!(part)
        }
    })
}

#[tokio::test]
async fn the_first_identifier_that_fits_takes_the_parts_out() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    assert_eq!(
        parts(&mut client, "S/P/A//10/x").await,
        five(["S", "P", "A", "", "10"])
    );
    let wide = json!({ "pattern": "^S", "serialNumber": "S(\\d+)", "partNumber": "P\\w+", "process": "none" });
    let wide = client.put(ONE, &wide).await.json();
    assert_eq!(
        (&wide["id"], &wide["order"], &wide["description"]),
        (&json!(1), &json!(1), &Value::Null)
    );
    let found = client
        .query(
            "/api/BarcodeIdentifiers/IdentifyBarcode",
            &[("code", "S12 PX")],
        )
        .await
        .json();
    assert_eq!((&found["id"], &found["pattern"]), (&json!(1), &json!("^S")));
    assert_eq!(
        parts(&mut client, "S12 PX").await,
        five(["12", "PX", "", "", ""])
    );
    // A later one is tried first if its order says so.
    let strict = json!({ "pattern": "^S\\d+$", "serialNumber": ".*", "order": 0 });
    client.put(ONE, &strict).await;
    assert_eq!(
        parts(&mut client, "S12").await,
        five(["S12", "", "", "", ""])
    );
    let list = client.get(LIST).await.json();
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["id"], &list[1]),
        (2, &json!(2), &wide)
    );

    let changed = client
        .put(ONE, &json!({ "id": 1, "pattern": "^T" }))
        .await
        .json();
    assert_eq!(
        (&changed["pattern"], &changed["serialNumber"]),
        (&json!("^T"), &json!("S(\\d+)"))
    );
    for status in [200, 404] {
        assert_eq!(
            client
                .send(Method::DELETE, &format!("{ONE}/2"), "")
                .await
                .status,
            status
        );
    }
    assert_eq!(
        parts(&mut client, "S12").await,
        five(["S12", "", "", "", ""])
    );
}

#[tokio::test]
async fn what_cannot_be_matched_in_bounds_is_refused() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for (body, status) in [
        (json!({}), 400),
        (json!({ "pattern": "" }), 400),
        (json!({ "pattern": "(" }), 400),
        (json!({ "pattern": "a", "serialNumber": "(?=x)" }), 400),
        (json!({ "pattern": "a{1000}{1000}" }), 400),
        (json!({ "pattern": "a".repeat(1001) }), 400),
        (json!({ "pattern": "a", "order": "first" }), 400),
        (json!({ "pattern": "a", "id": 7 }), 404),
    ] {
        assert_eq!(client.put(ONE, &body).await.status, status, "{body}");
    }
    assert_eq!(client.get(LIST).await.json(), json!([]));
    assert_eq!(
        client
            .get("/api/BarcodeIdentifiers/IdentifyBarcode")
            .await
            .status,
        400
    );
    let long = [("code", "x".repeat(10_001))];
    let long: Vec<_> = long
        .iter()
        .map(|(name, code)| (*name, code.as_str()))
        .collect();
    assert_eq!(
        client
            .query("/api/BarcodeIdentifiers/IdentifyBarcode", &long)
            .await
            .status,
        400
    );
    assert_eq!(
        client
            .send(Method::DELETE, &format!("{ONE}/x"), "")
            .await
            .status,
        400
    );
}
