//! Which requests a fault meets, what a store-and-forward client may meet, and what is counted meanwhile.

use std::time::Duration;

use http::Method;
use serde_json::json;
use wats_sim::{Access, DEFAULT_TOKEN, Fault, Simulator};

use crate::common::{Client, report, start};

const WSJF: &str = "/api/Report/WSJF";
const VERSION: &str = "/api/App/Version";
const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

/// The status of a request with a token.
async fn with(client: &mut Client, token: &str, path: &str) -> u16 {
    let authorization = format!("Basic {token}");
    let headers = [("Authorization", authorization.as_str())];
    let reply = client.try_send(Method::GET, path, &headers, "").await;
    reply.unwrap().status.as_u16()
}

#[tokio::test]
async fn one_token_is_refused_from_a_request_on_until_there_is_a_new_one() {
    let sim = start(Simulator::builder().access(Access::new("other"))).await;
    let mut client = Client::h1(&sim).await;
    sim.inject(Fault::status(401).token(DEFAULT_TOKEN).skip(2).always());
    let mut statuses = Vec::new();
    for token in [
        DEFAULT_TOKEN,
        "other",
        DEFAULT_TOKEN,
        DEFAULT_TOKEN,
        "other",
        DEFAULT_TOKEN,
    ] {
        statuses.push(with(&mut client, token, VERSION).await);
    }
    assert_eq!(statuses, [200, 200, 200, 401, 200, 401]);
    sim.grant(Access::new("new"));
    assert_eq!(with(&mut client, "new", VERSION).await, 200);
}

#[tokio::test]
async fn one_report_of_many_fails() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.inject(Fault::status(500).containing(ID).always());
    for (id, status) in [
        ("00000000-0000-4000-8000-000000000001", 200),
        (ID, 500),
        ("00000000-0000-4000-8000-000000000002", 200),
        (ID, 500),
    ] {
        let report = report(id, "S", "P", "2026-01-01T00:00:00Z");
        assert_eq!(client.post(WSJF, &report).await.status, status, "{id}");
    }
    // In the path, too.
    assert_eq!(
        client.get(&format!("/api/Report/Wsjf/{ID}")).await.status,
        500
    );
}

#[tokio::test]
async fn every_third_report_is_stored_and_its_answer_lost() {
    let sim = start(Simulator::builder()).await;
    sim.inject(
        Fault::store_then_reset()
            .route("POST", WSJF)
            .every(3)
            .always(),
    );
    let mut lost = Vec::new();
    for n in 1..=7 {
        let id = format!("00000000-0000-4000-8000-00000000000{n}");
        let body = report(&id, "S", "P", "2026-01-01T00:00:00Z").to_string();
        let mut client = Client::h1(&sim).await;
        let sent = client.try_send(Method::POST, WSJF, &[], body.clone()).await;
        if sent.is_err() {
            lost.push(n);
        }
        assert!(sim.report(&id).is_some() && sim.receive_count(&id) == 1);
    }
    assert_eq!(lost, [3, 6]);
    // The client cannot know, and sends again.
    let id = "00000000-0000-4000-8000-000000000003";
    let again = report(id, "S", "P", "2026-01-01T00:00:00Z");
    Client::h1(&sim).await.post(WSJF, &again).await;
    assert_eq!((sim.receive_count(id), sim.receive_count(ID)), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_processed_or_quarantined_some_time_after_its_answer() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let minute = Duration::from_secs(60);
    let (late, bad) = (ID, "00000000-0000-4000-8000-000000000002");
    sim.inject(Fault::process_later(minute).containing(late));
    sim.inject(Fault::quarantine_later(minute / 2, "Its unit is unknown.").containing(bad));
    for id in [late, bad] {
        let report = report(id, "S", "P", "2026-01-01T00:00:00Z");
        assert_eq!(client.post(WSJF, &report).await.status, 200);
    }
    let states = || [late, bad].map(|id| sim.report_state(id).unwrap());
    assert_eq!(states(), ["R", "R"]);
    assert!(sim.report(late).is_none());
    // Holding and releasing others does not hurry these.
    sim.hold_reports();
    sim.release_reports();
    assert_eq!(states(), ["R", "R"]);
    tokio::time::advance(minute / 2).await;
    assert_eq!(states(), ["R", "E"]);
    tokio::time::advance(minute / 2).await;
    let read = client.get(&format!("/api/Report/Wsjf/{late}")).await;
    assert_eq!(read.status, 200);
    assert_eq!(states(), ["P", "E"]);
    let unit = client.get("/api/Production/Unit/S/PART-0001").await;
    assert_eq!(unit.status, 200, "and its effects with it");
}

#[tokio::test]
async fn a_login_page_stands_before_everything() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let page = "<html><form action=\"/login\">Welcome to the guest network</form></html>";
    let portal = json!({ "action": "status", "status": 200, "content-type": "text/html", "body": page, "always": true });
    client.post("/simulator/faults", &portal).await;
    for path in [VERSION, "/api/Product/None", "/api/None"] {
        let reply = client.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.headers["content-type"]),
            (200, &"text/html".parse().unwrap())
        );
        assert_eq!(reply.body, page);
    }
    client.send(Method::DELETE, "/simulator/faults", "").await;
    assert_eq!(client.get("/api/None").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_limit_counts_over_clients_and_the_fullest_minute_is_known() {
    let minute = Duration::from_secs(60);
    let sim = start(Simulator::builder().rate_limit(3, minute)).await;
    let (mut one, mut two) = (Client::h1(&sim).await, Client::h2(&sim).await);
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(one.get(VERSION).await.status.as_u16());
        statuses.push(two.get(VERSION).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    tokio::time::advance(minute * 3 / 4).await;
    assert_eq!(one.get(VERSION).await.headers["retry-after"], "15");
    tokio::time::advance(minute / 2).await;
    assert_eq!(two.get(VERSION).await.status, 200);
    // Refused ones came, too: 4 at once, one after 45 s, one after 75 s.
    let most = |seconds| sim.most_requests_within(Duration::from_secs(seconds), DEFAULT_TOKEN);
    assert_eq!([30, 45, 46, 60, 76].map(most), [4, 4, 5, 5, 6]);
    assert_eq!(sim.most_requests_within(minute, "other"), 0);
    let peaks = one.get("/simulator/peaks?seconds=46").await.json();
    assert_eq!(peaks, json!([{ "user": "demo", "requests": 6, "most": 5 }]));
    assert_eq!(one.get("/simulator/peaks?seconds=-1").await.status, 400);
    sim.reset_counters();
    assert_eq!(most(60), 0);
}

#[tokio::test]
async fn tokens_come_and_go_by_http_and_the_first_one_always_steers() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let tokens = "/simulator/tokens";
    let grant = json!({ "token": "bmV3OngxMjM=", "readOnly": true, "only": ["/api/App"], "validFor": "1h", "rateLimit": "2/1h" });
    assert_eq!(client.post(tokens, &grant).await.status, 200);
    let mut statuses = Vec::new();
    for path in [VERSION, "/api/Product/Query", VERSION] {
        statuses.push(with(&mut client, "bmV3OngxMjM=", path).await);
    }
    assert_eq!(statuses, [200, 403, 429]);
    for wrong in [
        json!({}),
        json!({ "token": "x", "validFor": "soon" }),
        json!({ "token": "x", "rateLimit": "many" }),
        json!({ "token": "x", "colour": "red" }),
    ] {
        assert_eq!(client.post(tokens, &wrong).await.status, 400, "{wrong}");
    }
    let revoke = |token: &str| format!("{tokens}?token={token}");
    let mut gone = Vec::new();
    for token in [DEFAULT_TOKEN, DEFAULT_TOKEN] {
        gone.push(
            client
                .send(Method::DELETE, &revoke(token), "")
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(gone, [200, 404]);
    assert_eq!(client.get(VERSION).await.status, 401);
    let again = json!({ "token": DEFAULT_TOKEN });
    assert_eq!(client.post(tokens, &again).await.status, 200);
    assert_eq!(client.get(VERSION).await.status, 200);
}
