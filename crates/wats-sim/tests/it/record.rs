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
    session_of(Client::h1(sim).await).await
}

async fn session_of(mut client: Client) -> Vec<(u16, String, Bytes)> {
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
async fn a_server_behind_tls_is_recorded_for_clients_of_any_protocol() {
    let archive = file("tls.archive");
    let real = start(Simulator::builder().tls(true)).await;
    let recorder = start(
        Simulator::builder()
            .record(real.base_url(), &archive)
            .record_ca(real.ca_certificate_pem().unwrap())
            .tls(true),
    )
    .await;
    let client = Client::tls(&recorder, &[b"h2"]).await;
    let heard = session_of(client).await;
    assert!(real.report(ID).is_some());
    assert_eq!(real.counters().requests_to("GET /api/App/Version"), 1);
    assert_eq!(recorder.counters().http_versions["HTTP/2"], 6);
    let replay = start(Simulator::builder().replay(&archive)).await;
    for client in [Client::h1(&replay).await, Client::h2(&replay).await] {
        // The second time round, the answer that came last stays.
        let mut again = session_of(client).await;
        again[1] = heard[1].clone();
        assert_eq!(again, heard);
    }

    // An authority that did not sign the certificate is not trusted.
    let other = start(Simulator::builder().tls(true)).await;
    let wary = start(
        Simulator::builder()
            .record(real.base_url(), file("wary.archive"))
            .record_ca(other.ca_certificate_pem().unwrap()),
    )
    .await;
    let reply = Client::h1(&wary).await.get("/api/App/Version").await;
    assert_eq!(reply.status, 502, "{}", reply.message());
}

#[tokio::test]
async fn what_gives_access_is_in_no_archive_wherever_it_stands() {
    let archive = file("secret.archive");
    let real = start(Simulator::builder()).await;
    let recorder = start(Simulator::builder().record(real.base_url(), &archive)).await;
    let mut client = Client::h1(&recorder).await;
    let token = wats_sim::DEFAULT_TOKEN;
    let packed = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let origin = real.base_url().to_owned();
    for fault in [
        // A server that packs unasked, one that shows the token, and one that sends elsewhere.
        Fault::status(200)
            .header("Content-Encoding", "gzip")
            .body(packed(r#"{"apiKey":"hidden1","a":1}"#)),
        Fault::status(403).body(format!(r#"{{"Message":"not for Basic {token}"}}"#)),
        Fault::status(301)
            .header("Location", format!("{origin}/api/x"))
            .header("Set-Cookie", "s=hidden2"),
        Fault::status(200)
            .header("Content-Encoding", "br")
            .body(&b"\x0b\x02\x80"[..]),
    ] {
        real.inject(fault);
    }
    let path = "/api/d?apiKey=hidden3&b=1";
    let unpacked = client.get(path).await;
    assert_eq!(unpacked.json(), json!({ "apiKey": "hidden1", "a": 1 }));
    assert!(client.get("/api/a").await.message().contains(token));
    assert_eq!(client.get("/api/b").await.headers["location"], "/api/x");
    let reply = client.get("/api/c").await;
    assert!(
        reply.status == 502 && reply.message().contains("br"),
        "{}",
        reply.message()
    );

    let kept = std::fs::read_to_string(&archive).unwrap();
    for secret in ["hidden", token, origin.trim_start_matches("http://")] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
    let replay = start(Simulator::builder().replay(&archive)).await;
    let mut client = Client::h1(&replay).await;
    let other_key = client.get("/api/d?b=1&apiKey=another").await;
    assert_eq!(other_key.json(), json!({ "apiKey": "scrubbed", "a": 1 }));
    assert_eq!(client.get("/api/d?b=2&apiKey=x").await.status, 404);
}

#[tokio::test]
async fn forms_bytes_and_an_archive_that_goes_on() {
    let archive = file("on.archive");
    let real = start(Simulator::builder()).await;
    let recorder = || Simulator::builder().record(real.base_url(), &archive);
    let image = Bytes::from_static(b"\x89PNG\xff\xfe\0");
    let form = |boundary: &str| {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\r\n"
        );
        [
            head.as_bytes(),
            &image,
            format!("\r\n--{boundary}--\r\n").as_bytes(),
        ]
        .concat()
    };
    let upload = async |sim: &Simulator, boundary: &str| {
        let kind = format!("multipart/form-data; boundary=\"{boundary}\"");
        let path = "/api/RootCause/Attachment";
        let headers = [("Content-Type", kind.as_str())];
        let mut client = Client::h1(sim).await;
        let reply = client
            .try_send(Method::POST, path, &headers, form(boundary))
            .await;
        reply.unwrap()
    };
    let first = start(recorder()).await;
    let uploaded = upload(&first, "abc").await;
    assert_eq!(uploaded.status, 200);
    let id = uploaded.json().as_str().unwrap().to_owned();
    let shown = format!("/api/RootCause/Attachment?attachmentId={id}");
    assert_eq!(Client::h1(&first).await.get(&shown).await.body, image);
    first.shutdown().await;
    // Killed in the middle of a line, and begun again.
    let kept = std::fs::read_to_string(&archive).unwrap();
    std::fs::write(&archive, format!("{kept}{{\"method\":\"GE")).unwrap();
    let second = start(recorder()).await;
    assert_eq!(
        Client::h1(&second)
            .await
            .get("/api/App/Version")
            .await
            .status,
        200
    );

    let replay = start(Simulator::builder().replay(&archive)).await;
    let again = upload(&replay, "another-boundary").await;
    assert_eq!(again.body, uploaded.body);
    let mut client = Client::h1(&replay).await;
    assert_eq!(client.get(&shown).await.body, image);
    assert_eq!(client.get("/api/App/Version").await.status, 200);
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
