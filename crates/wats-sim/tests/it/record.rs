//! Recording a server (here another simulator) and replaying what it answered.
#![cfg(feature = "record")]

use std::path::PathBuf;

use bytes::Bytes;
use http::Method;
use serde_json::json;
use wats_sim::{Error, Fault, Simulator};

use crate::common::{Client, Reply, report, start};

const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

fn file(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&file);
    file
}

/// What a client does, and what it hears.
async fn session(sim: &Simulator) -> Vec<(u16, String, Bytes)> {
    let mut client = Client::h1(sim).await;
    let report = report(ID, "S1", "P", "2026-01-30T22:01:41Z").to_string();
    let mut heard = Vec::new();
    for (method, path, body) in [
        (Method::GET, "/api/App/Version", ""),
        (
            Method::GET,
            "/api/Report/Query/Header?$top=5&$filter=result%20eq%20'Passed'",
            "",
        ),
        (Method::POST, "/api/Report/WSJF", &report),
        (
            Method::GET,
            "/api/Report/Query/Header?$top=5&$filter=result%20eq%20'Passed'",
            "",
        ),
        (
            Method::GET,
            "/api/Report/Attachments/33a2d408-3fc8-480b-b554-6866c77fd91c",
            "",
        ),
        (Method::GET, "/api/Product/None", ""),
    ] {
        let Reply {
            status,
            headers,
            body,
            ..
        } = client.send(method, path, body.to_owned()).await;
        heard.push((
            status.as_u16(),
            headers["content-type"].to_str().unwrap().to_owned(),
            body,
        ));
    }
    heard
}

#[tokio::test]
async fn what_was_recorded_is_replayed() {
    let archive = file("session.archive");
    let real = start(Simulator::builder().token("real")).await;
    let recorder = start(
        Simulator::builder()
            .record(real.base_url(), &archive)
            .token("other"),
    )
    .await;
    // The client's own token goes to the real server.
    assert_eq!(
        Client::h1(&recorder)
            .await
            .get("/api/Product/Query")
            .await
            .status,
        401
    );
    real.replace_token(wats_sim::DEFAULT_TOKEN);
    let heard = session(&recorder).await;
    assert!(real.report(ID).is_some() && recorder.report(ID).is_none());
    assert_eq!(
        heard.iter().map(|(status, ..)| *status).collect::<Vec<_>>(),
        [200, 200, 200, 200, 200, 404]
    );

    let kept = std::fs::read_to_string(&archive).unwrap();
    assert!(
        !kept.contains(wats_sim::DEFAULT_TOKEN) && !kept.contains("127.0.0.1"),
        "{kept}"
    );
    // A recorder that was killed leaves half a line.
    std::fs::write(&archive, format!("{kept}{{\"method\":\"GE")).unwrap();

    let replay = start(Simulator::builder().replay(&archive)).await;
    assert_eq!(session(&replay).await, heard);
    let mut client = Client::h1(&replay).await;
    // Alike in spite of case, order of options, spaces and order of members; the last answer goes on.
    let again = client
        .get("/API/report/query/header?$filter=result%20eq%20'Passed'&$top=5")
        .await;
    assert_eq!(again.body, heard[3].2);
    let spaced =
        serde_json::to_string_pretty(&report(ID, "S1", "P", "2026-01-30T22:01:41Z")).unwrap();
    assert_eq!(
        client
            .send(Method::POST, "/api/Report/WSJF", spaced)
            .await
            .status,
        200
    );
    assert_eq!(client.get("/api/App/Version?x=1").await.status, 404);
    // Faults go with it.
    replay.inject(Fault::status(503));
    assert_eq!(client.get("/api/App/Version").await.status, 503);
}

#[tokio::test]
async fn what_cannot_be_recorded_or_replayed_says_so() {
    let archive = file("other.archive");
    let refused = async |builder: wats_sim::Builder| match builder.start().await {
        Err(error @ Error::Archive { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(
        refused(Simulator::builder().record("factory", &archive))
            .await
            .contains("not a URL")
    );
    assert!(
        refused(Simulator::builder().replay(&archive))
            .await
            .contains("other.archive")
    );
    std::fs::write(&archive, json!({ "format": "other" }).to_string()).unwrap();
    for builder in [
        Simulator::builder().replay(&archive),
        Simulator::builder().record("http://127.0.0.1:1", &archive),
    ] {
        assert!(
            refused(builder)
                .await
                .contains("no archive of this version")
        );
    }

    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let recorder =
        start(Simulator::builder().record(format!("http://{gone}"), file("gone.archive"))).await;
    let reply = Client::h1(&recorder).await.get("/api/App/Version").await;
    assert_eq!(reply.status, 502);
    assert!(
        reply.message().contains("did not answer"),
        "{}",
        reply.message()
    );
}
