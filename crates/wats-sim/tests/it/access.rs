//! Tokens: expiry, revocation, rights, and a rate limit of their own.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use wats_sim::{Access, Simulator};

use crate::common::{Client, report, start};

/// The answer to a request with this token.
async fn ask(
    sim: &Simulator,
    token: &str,
    method: Method,
    path: &str,
    body: String,
) -> crate::common::Reply {
    let authorization = format!("Basic {token}");
    let headers = [("Authorization", authorization.as_str())];
    Client::h1(sim)
        .await
        .try_send(method, path, &headers, Bytes::from(body))
        .await
        .unwrap()
}

async fn status(sim: &Simulator, token: &str, path: &str) -> u16 {
    ask(sim, token, Method::GET, path, String::new())
        .await
        .status
        .as_u16()
}

const VERSION: &str = "/api/App/Version";

#[tokio::test]
async fn each_token_may_do_what_it_was_given() {
    let builder = Simulator::builder()
        .products(1)
        .access(Access::new("reader").read_only())
        .access(Access::new("line").only("/api/Report"));
    let sim = start(builder).await;
    let report = report(
        "33a2d408-3fc8-480b-b554-6866c77fd91c",
        "S1",
        "P",
        "2026-01-30T22:01:41Z",
    )
    .to_string();
    for (token, method, path, expected) in [
        ("reader", Method::GET, "/api/Product/PART-0000", 200),
        ("reader", Method::POST, "/api/Report/WSJF", 403),
        ("line", Method::POST, "/api/report/wsjf", 200),
        ("line", Method::GET, "/api/Product/PART-0000", 403),
        (sim.token(), Method::GET, "/api/Product/PART-0000", 200),
        ("nobody", Method::GET, VERSION, 401),
    ] {
        let reply = ask(&sim, token, method.clone(), path, report.clone()).await;
        assert_eq!(reply.status.as_u16(), expected, "{token} {method} {path}");
        if expected == 403 {
            assert!(
                reply.message().contains("no right to"),
                "{}",
                reply.message()
            );
        }
    }
    assert_eq!(sim.counters().requests_to("POST /api/Report/WSJF"), 2);
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_are_granted_and_revoked() {
    let sim = start(Simulator::builder()).await;
    sim.grant(Access::new("hour").valid_for(Duration::from_secs(3600)));
    assert_eq!(status(&sim, "hour", VERSION).await, 200);
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(status(&sim, "hour", VERSION).await, 401);
    sim.grant(Access::new("hour"));
    assert_eq!(status(&sim, "hour", VERSION).await, 200);
    assert!(sim.revoke("hour") && !sim.revoke("hour"));
    assert_eq!(status(&sim, "hour", VERSION).await, 401);
    assert_eq!(status(&sim, sim.token(), VERSION).await, 200);
}

#[tokio::test(start_paused = true)]
async fn each_token_has_a_budget_of_its_own() {
    let minute = Duration::from_secs(60);
    let builder = Simulator::builder()
        .rate_limit(2, minute)
        .access(Access::new("a"))
        .access(Access::new("b").rate_limit(1, minute));
    let sim = start(builder).await;
    let mut seen = Vec::new();
    for token in ["a", "b", "a", "b", "a", sim.token()] {
        seen.push(status(&sim, token, VERSION).await);
    }
    assert_eq!(seen, [200, 200, 200, 429, 429, 200]);
    let refused = ask(&sim, "a", Method::GET, VERSION, json!(null).to_string()).await;
    assert_eq!(refused.headers["retry-after"], "60");
    tokio::time::advance(minute).await;
    assert_eq!(status(&sim, "b", VERSION).await, 200);
}
