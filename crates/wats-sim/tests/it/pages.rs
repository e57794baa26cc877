//! What is for those who run the server: the pages, and the routes that steer it.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use wats_sim::Simulator;

use crate::common::{Client, report, start};

const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

/// A page as a browser asks for it: without a token.
async fn page(sim: &Simulator, path: &str) -> String {
    let reply = Client::h1(sim)
        .await
        .try_send(Method::GET, path, &[("Authorization", "")], Bytes::new())
        .await
        .unwrap();
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap()),
        "{path}"
    );
    String::from_utf8(reply.body.to_vec()).unwrap()
}

#[tokio::test]
async fn the_status_page_shows_what_happens_and_no_markup_of_others() {
    let sim = start(Simulator::builder().gzip(false)).await;
    let empty = page(&sim, "/").await;
    assert!(empty.contains("none yet"), "{empty}");

    let mut client = Client::h1(&sim).await;
    client
        .post(
            "/api/Report/WSJF",
            &report(ID, "<script>alert(1)</script>", "F", "2026-01-30T22:01:41Z"),
        )
        .await;
    client.get("/api/Product/%3Cb%3E?x='&y=%3Ci%3E").await;
    client.get("/api/Nothing").await;
    sim.inject(wats_sim::Fault::status(503).route("GET", "/<u>").always());
    let shown = page(&sim, "/").await;
    for part in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "status 503; GET /&lt;u&gt;; without end",
        "GET /api/Product/{partNumber}",
        "GET (unknown route)",
        "&#39;",
        &format!("/simulator/report/{ID}"),
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("<script>") && !shown.contains("<u>") && !shown.contains("<i>"));

    let steps = page(&sim, &format!("/simulator/report/{ID}")).await;
    assert!(
        steps.contains("Rail") && steps.contains("5.0 V") && !steps.contains("<script>"),
        "{steps}"
    );
    // Looking is not counted.
    assert_eq!(sim.counters().total_requests(), 3);
}

#[tokio::test]
async fn programs_of_any_language_steer_faults_counters_and_clock() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let faults = json!([{ "action": "status", "status": 503, "route": "GET /api/App/Version" }, { "action": "delay", "delay": "1ms" }]);
    let listed = client.post("/simulator/faults", &faults).await.json();
    assert_eq!(
        listed,
        json!([
            "status 503; GET /api/App/Version; 1 to come",
            "delay, 1ms later; every route; 1 to come"
        ])
    );
    assert_eq!(client.get("/api/App/Version").await.status, 503);
    for wrong in [
        json!({ "action": "burn" }),
        json!([{ "action": "reset" }, 7]),
        json!({ "action": "status", "status": 503, "x": 1 }),
    ] {
        assert_eq!(
            client.post("/simulator/faults", &wrong).await.status,
            400,
            "{wrong}"
        );
    }
    assert_eq!(
        client
            .get("/simulator/faults")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        client
            .send(Method::DELETE, "/simulator/faults", "")
            .await
            .status,
        200
    );
    assert_eq!(client.get("/api/App/Version").await.status, 200);

    let seen = client.get("/simulator/counters").await.json();
    assert_eq!(seen["requests"], json!({ "GET /api/App/Version": 2 }));
    let requests = client.get("/simulator/requests").await.json();
    let statuses: Vec<&Value> = requests
        .as_array()
        .unwrap()
        .iter()
        .map(|request| &request["status"])
        .collect();
    assert_eq!(statuses, [&json!(200), &json!(503)]);
    assert_eq!(
        client
            .send(Method::DELETE, "/simulator/counters", "")
            .await
            .status,
        200
    );
    assert_eq!(sim.counters().total_requests(), 0);

    let year = 365 * 24 * 3_600_000_i64;
    let now = client
        .put("/simulator/clock", &json!({ "skewMs": year }))
        .await
        .json();
    let now: jiff::Timestamp = now["now"].as_str().unwrap().parse().unwrap();
    assert!(now > jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 364));
    assert_eq!(
        client
            .put("/simulator/clock", &json!({ "skewMs": "1" }))
            .await
            .status,
        400
    );

    // What changes needs the token.
    for (method, path) in [
        (Method::POST, "/simulator/faults"),
        (Method::DELETE, "/simulator/counters"),
        (Method::PUT, "/simulator/clock"),
    ] {
        let refused = client
            .try_send(method, path, &[("Authorization", "Basic x")], "{}")
            .await
            .unwrap();
        assert_eq!(refused.status, 401, "{path}");
    }
}

/// Path and status.
type Heard = (String, Option<u16>);

#[tokio::test]
async fn a_listener_hears_of_each_request() {
    let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
    let ears = Arc::clone(&heard);
    let sim = start(Simulator::builder().on_request(move |request| {
        ears.lock()
            .unwrap()
            .push((request.path.clone(), request.status));
    }))
    .await;
    let mut client = Client::h1(&sim).await;
    client.get("/api/App/Version?x=1").await;
    let long = format!("/api/{}", "x".repeat(1000));
    client.get(&long).await;
    sim.inject(wats_sim::Fault::drop_before_response());
    let _ = client
        .try_send(Method::GET, "/api/App/Version", &[], "")
        .await;
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard[0], ("/api/App/Version?x=1".to_owned(), Some(200)));
    assert_eq!((heard[1].0.chars().count(), heard[1].1), (301, Some(404)));
    assert_eq!(heard[2], ("/api/App/Version".to_owned(), None));
}
