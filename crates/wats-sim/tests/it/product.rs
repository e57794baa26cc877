//! Version, processes, products.

use crate::common::{AWKWARD, Client, encode, start};
use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

#[tokio::test]
async fn version_and_processes() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    assert!(client.get("/api/App/Version").await.json().is_string());

    let codes = |reply: Value| -> Vec<i64> {
        reply
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["code"].as_i64().unwrap())
            .collect()
    };
    let all = client.get("/api/app/processes").await.json();
    let repair = all
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["code"] == 500)
        .unwrap();
    assert_eq!(repair["isRepairOperation"], true);
    let group = &repair["repairOperation"]["failCodes"][0];
    assert_eq!(group["failCodes"][0]["description"], "Burned Component");
    assert_eq!(
        codes(all),
        [10, 30, 50, 60, 70, 90, 100, 500, 510, 700, 710]
    );

    let route = "/api/App/Processes";
    let only = client
        .query(route, &[("includeRepairOperations", "true")])
        .await
        .json();
    assert_eq!(codes(only), [500, 510]);
    let options = [
        ("includeTestOperations", "True"),
        ("includeInactiveProcesses", "true"),
    ];
    let tests = client.query(route, &options).await.json();
    assert_eq!(codes(tests), [10, 30, 50, 60, 70, 90, 100, 150]);
    let reply = client
        .query(route, &[("includeWipOperations", "maybe")])
        .await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("includeWipOperations"));

    sim.put_process(json!({"code": 120, "name": "New", "isTestOperation": true, "state": 1}));
    assert!(codes(client.get(route).await.json()).contains(&120));
}

#[tokio::test]
async fn a_product_is_inserted_updated_and_renamed() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    assert_eq!(client.get("/api/Product/P1").await.status, 404);
    assert!(
        client
            .get("/api/Product/P1")
            .await
            .message()
            .contains("'P1'")
    );

    let new = json!({
        "partNumber": "P1", "name": "One", "nonSerial": true, "made_up": 1,
        "revisions": [{"revision": "A", "name": "first"}],
    });
    let saved = client.put("/api/Product", &new).await.json();
    let id = saved["productId"].as_str().unwrap().to_owned();
    assert_eq!(
        (&saved["name"], &saved["state"]),
        (&json!("One"), &json!(1))
    );
    assert_eq!(saved["revisions"][0]["PartNumber"], "P1");
    assert_eq!(saved["revisions"][0]["productId"], json!(id));
    assert!(
        saved.get("made_up").is_none(),
        "the server has no such member"
    );
    assert_eq!(client.get("/api/Product/P1").await.json(), saved);
    assert_eq!(sim.product("P1"), Some(saved.clone()));

    // Names bind whatever their case; absent and null members stay.
    let change = json!({"ProductId": id, "NAME": "Uno", "nonSerial": null});
    let changed = client.put("/api/Product", &change).await.json();
    assert_eq!(
        (&changed["name"], &changed["nonSerial"]),
        (&json!("Uno"), &json!(true))
    );
    assert_eq!(changed["revisions"], saved["revisions"]);

    // The same save without id is the same product: repeating it does no harm.
    let again = client.put("/api/Product", &new).await.json();
    assert_eq!(again, saved);

    let renamed = json!({"productId": id, "partNumber": "P2"});
    assert_eq!(
        client.put("/api/Product", &renamed).await.json()["productId"],
        json!(id)
    );
    assert_eq!(client.get("/api/Product/P1").await.status, 404);
    assert_eq!(client.get("/api/Product/P2").await.json()["name"], "One");
}

#[tokio::test]
async fn bad_products_are_refused_with_the_reason() {
    let sim = start(Simulator::builder().products(2).max_products(2)).await;
    let mut client = Client::h1(&sim).await;
    let id = sim.product("PART-0000").unwrap()["productId"].clone();
    for (body, status, reason) in [
        (json!([]), 400, "object"),
        (json!({}), 400, "partNumber is required"),
        (json!({"partNumber": ""}), 400, "partNumber"),
        (
            json!({"partNumber": "X", "state": 2}),
            400,
            "state must be 0 or 1",
        ),
        (
            json!({"partNumber": "X", "name": 1}),
            400,
            "name must be a text",
        ),
        (
            json!({"partNumber": "X", "productId": "7"}),
            400,
            "productId must be a guid",
        ),
        (
            json!({"productId": "33a2d408-3fc8-480b-b554-6866c77fd91c"}),
            404,
            "no product",
        ),
        (
            json!({"productId": id, "partNumber": "PART-0001"}),
            409,
            "already",
        ),
        (
            json!({"partNumber": "X", "revisions": [{}]}),
            400,
            "revision is required",
        ),
        (json!({"partNumber": "X"}), 507, "at most 2"),
    ] {
        let reply = client.put("/api/Product", &body).await;
        assert_eq!(reply.status, status, "{body}");
        assert!(
            reply.message().contains(reason),
            "{body}: {}",
            reply.message()
        );
    }
    let reply = client
        .send(Method::PUT, "/api/Product", "{\"partNumber\": ")
        .await;
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("not JSON"));
}

#[tokio::test]
async fn many_products_are_saved_together_or_not_at_all() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for route in ["/api/Products", "/api/Product/Products"] {
        let both = json!([{"partNumber": "A"}, {"partNumber": "B", "name": route}]);
        let saved = client.put(route, &both).await.json();
        assert_eq!(saved[1]["name"], route);
        assert_eq!(sim.product("B").unwrap(), saved[1]);
    }
    let reply = client
        .put(
            "/api/Products",
            &json!([{"partNumber": "C"}, {"name": "?"}]),
        )
        .await;
    assert_eq!(reply.status, 400);
    assert!(
        reply.message().contains("[1]: partNumber is required"),
        "{}",
        reply.message()
    );
    assert_eq!(sim.product("C"), None);
    assert_eq!(client.put("/api/Products", &json!({})).await.status, 400);
}

#[tokio::test]
async fn revisions() {
    let sim = start(Simulator::builder().products(1)).await;
    let mut client = Client::h1(&sim).await;
    let b = client.get("/api/Product/PART-0000/B").await.json();
    assert_eq!(
        (&b["revision"], &b["PartNumber"]),
        (&json!("B"), &json!("PART-0000"))
    );
    assert_eq!(client.get("/api/Product/PART-0000/b").await.status, 404);
    assert_eq!(client.get("/api/Product/NONE/B").await.status, 404);

    let product = sim.product("PART-0000").unwrap();
    let new = json!({"productId": product["productId"], "revision": "C", "name": "third"});
    let saved = client.put("/api/Product/Revision", &new).await.json();
    assert_eq!(client.get("/api/Product/PART-0000/C").await.json(), saved);
    let change = json!({"productRevisionId": saved["productRevisionId"], "state": 0});
    let changed = client.put("/api/Product/Revision", &change).await.json();
    assert_eq!(
        (&changed["name"], &changed["state"]),
        (&json!("third"), &json!(0))
    );

    for route in ["/api/Products/Revisions", "/api/Product/Revisions"] {
        let many = json!([
            {"partNumber": "PART-0000", "revision": "D", "description": route},
            {"PartNumber": "PART-0000", "revision": "E"},
        ]);
        assert_eq!(
            client.put(route, &many).await.json()[0]["description"],
            route
        );
    }
    assert_eq!(
        sim.product("PART-0000").unwrap()["revisions"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let stray = json!([{"partNumber": "PART-0000", "revision": "F"}, {"partNumber": "NONE"}]);
    assert_eq!(
        client.put("/api/Products/Revisions", &stray).await.status,
        404
    );
    assert_eq!(client.get("/api/Product/PART-0000/F").await.status, 404);
    assert_eq!(
        client
            .put("/api/Product/Revision", &json!({"revision": "X"}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn products_are_queried() {
    let sim = start(Simulator::builder().products(1203)).await;
    let mut client = Client::h1(&sim).await;
    let route = "/api/Product/Query";
    let rows = client.get(route).await.json();
    assert_eq!(rows.as_array().unwrap().len(), 1000);
    let names: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        names,
        ["category", "name", "nonSerial", "partNumber", "state"]
    );

    let filtered = client
        .query(route, &[("$filter", "state eq 1")])
        .await
        .json();
    assert_eq!(
        filtered.as_array().unwrap().len(),
        1203,
        "no default with a filter"
    );
    let options = [
        (
            "$filter",
            "Category eq 'PCBA' and partNumber in ('PART-0003','PART-0004','PART-0006')",
        ),
        ("$orderby", "partNumber desc"),
    ];
    let rows = client.query(route, &options).await.json();
    let numbers: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["partNumber"].clone())
        .collect();
    assert_eq!(numbers, ["PART-0006", "PART-0003"]);
    let rows = client
        .query(route, &[("$top", "2"), ("$skip", "1202")])
        .await
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 1);

    for (name, value, reason) in [
        ("$filter", "partNumber eq 'x", "(at character 14)"),
        (
            "$filter",
            "productId eq 'x'",
            "no property named 'productId'",
        ),
        ("$orderby", "productId", "cannot order by 'productId'"),
        ("$top", "-1", "'-1'"),
        ("$top", "100001", "100000"),
        ("$count", "true", "Count"),
    ] {
        let reply = client.query(route, &[(name, value)]).await;
        assert_eq!(reply.status, 400, "{name}={value}");
        assert!(reply.message().contains(reason), "{}", reply.message());
    }
}

#[tokio::test]
async fn an_awkward_part_number_arrives_as_it_is() {
    let sim = start(Simulator::builder().products(3)).await;
    let mut client = Client::h1(&sim).await;
    let saved = client
        .put(
            "/api/Product",
            &json!({"partNumber": AWKWARD, "revisions": [{"revision": "1/2"}]}),
        )
        .await
        .json();
    assert_eq!(saved["partNumber"], AWKWARD);
    assert!(sim.product(AWKWARD).is_some());
    let path = format!("/api/Product/{}", encode(AWKWARD));
    assert_eq!(client.get(&path).await.json(), saved);
    assert_eq!(
        client.get(&format!("{path}/1%2F2")).await.json()["revision"],
        "1/2"
    );
    let filter = format!("partNumber eq '{}'", AWKWARD.replace('\'', "''"));
    let rows = client
        .query("/api/Product/Query", &[("$filter", &filter)])
        .await
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["partNumber"], AWKWARD);
}

#[tokio::test]
async fn products_are_put_directly() {
    let sim = start(Simulator::builder()).await;
    assert!(sim.put_product(json!({"partNumber": "X", "extra": {"kept": true}})));
    let product = sim.product("X").unwrap();
    assert_eq!(product["extra"]["kept"], true);
    assert!(product["productId"].is_string());
    assert!(sim.put_product(json!({"partNumber": "X", "name": "n"})));
    assert_eq!(sim.product("X").unwrap()["productId"], product["productId"]);
    assert!(!sim.put_product(json!({"name": "no number"})));
    assert!(!sim.put_product(json!(5)));
}
