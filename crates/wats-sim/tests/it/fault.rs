//! Failures on purpose, as a client meets them.

use std::time::{Duration, Instant};

use crate::common::{Client, report, start};
use http::Method;
use wats_sim::{Fault, Simulator};

const VERSION: &str = "/api/App/Version";
const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

#[tokio::test]
async fn scripted_answers_come_in_order_and_for_their_route() {
    let sim = start(Simulator::builder().products(1)).await;
    let mut client = Client::h1(&sim).await;
    sim.inject(Fault::status(500).route("GET", "/api/Product/{partNumber}"));
    sim.inject(Fault::status(503).header("Retry-After", "1").times(2));
    sim.inject(
        Fault::status(200)
            .content_type("text/html")
            .body("<html>login</html>"),
    );
    assert_eq!(sim.pending_faults(), 4);

    let reply = client.get(VERSION).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let reply = client.get("/api/Product/PART-0000").await;
    assert_eq!(
        (reply.status.as_u16(), reply.message().as_str()),
        (500, "An error has occurred.")
    );
    assert_eq!(client.get("/api/Product/PART-0000").await.status, 503);
    let reply = client.get(VERSION).await;
    assert_eq!(reply.headers["content-type"], "text/html");
    assert_eq!(reply.body, "<html>login</html>");
    assert_eq!(sim.pending_faults(), 0);
    assert_eq!(client.get("/api/Product/PART-0000").await.status, 200);

    sim.inject(Fault::status(500));
    sim.clear_faults();
    assert_eq!(client.get(VERSION).await.status, 200);
}

#[tokio::test]
async fn a_fault_http_does_not_allow_says_so() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for fault in [
        Fault::status(42),
        Fault::status(100),
        Fault::status(503).header("bad name", "x"),
        Fault::status(503).header("x", "line\nbreak"),
        Fault::status(503).content_type("\0"),
    ] {
        sim.inject(fault);
        let reply = client.get(VERSION).await;
        assert_eq!(reply.status, 500);
        assert!(
            reply.message().starts_with("The injected fault has"),
            "{}",
            reply.message()
        );
    }
}

#[tokio::test]
async fn a_delay_delays_and_then_answers() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.inject(Fault::delay(Duration::from_millis(50)));
    let begun = Instant::now();
    assert_eq!(client.get(VERSION).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_connection_is_closed_before_the_request_is_processed() {
    for http2 in [false, true] {
        let sim = start(Simulator::builder()).await;
        let mut client = if http2 {
            Client::h2(&sim).await
        } else {
            Client::h1(&sim).await
        };
        sim.inject(Fault::drop_before_response());
        let body = report(ID, "S", "P", "2026-01-01T00:00:00Z").to_string();
        let sent = client
            .try_send(Method::POST, "/api/Report/WSJF", &[], body)
            .await;
        assert!(sent.is_err());
        assert!(sim.report(ID).is_none());
        assert!(
            client
                .try_send(Method::GET, VERSION, &[], "")
                .await
                .is_err(),
            "the line is dead"
        );
        assert_eq!(Client::h1(&sim).await.get(VERSION).await.status, 200);
        sim.shutdown().await;
        let counters = sim.counters();
        assert_eq!((counters.total_requests(), counters.statuses.len()), (2, 1));
        assert_eq!(counters.connections_live, 0);
    }
}

#[tokio::test]
async fn a_request_is_processed_and_its_answer_lost() {
    for http2 in [false, true] {
        let sim = start(Simulator::builder()).await;
        let mut client = if http2 {
            Client::h2(&sim).await
        } else {
            Client::h1(&sim).await
        };
        sim.inject(Fault::store_then_drop().route("POST", "/api/Report/WSJF"));
        let body = report(ID, "S", "P", "2026-01-01T00:00:00Z");
        let sent = client
            .try_send(Method::POST, "/api/Report/WSJF", &[], body.to_string())
            .await;
        assert!(sent.is_err());
        assert_eq!(sim.report(ID), Some(body.clone()));

        let mut client = Client::h1(&sim).await;
        assert_eq!(client.post("/api/Report/WSJF", &body).await.status, 200);
        let header = client.get("/api/Report/Query/Header").await.json()[0].clone();
        assert_eq!(header["receiveCount"], 2);
    }
}

#[tokio::test]
async fn a_body_breaks_off() {
    for http2 in [false, true] {
        let sim = start(Simulator::builder().products(50)).await;
        let mut client = if http2 {
            Client::h2(&sim).await
        } else {
            Client::h1(&sim).await
        };
        sim.inject(Fault::truncate_body(100));
        let sent = client
            .try_send(Method::GET, "/api/Product/Query", &[], "")
            .await;
        assert!(sent.is_err(), "http2: {http2}");
    }
}

#[tokio::test]
async fn the_bytes_before_the_break_do_arrive() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sim = start(Simulator::builder().products(50)).await;
    sim.inject(Fault::truncate_body(100));
    let address = sim.base_url().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/Product/Query HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {}\r\n\r\n",
        sim.token()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 100);
    let announced: usize = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        })
        .unwrap();
    assert!(announced > 1000, "{head}");
}

/// Sends a request over a socket of its own and reads until the end.
async fn raw(sim: &Simulator, head: &str) -> std::io::Result<Vec<u8>> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = sim.base_url().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let token = sim.token();
    let request =
        format!("GET {VERSION} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n{head}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_drop_is_an_end() {
    let sim = start(Simulator::builder()).await;
    sim.inject(Fault::reset());
    let broken = raw(&sim, "").await.unwrap_err();
    assert_eq!(broken.kind(), std::io::ErrorKind::ConnectionReset);
    sim.inject(Fault::drop_before_response());
    assert_eq!(raw(&sim, "").await.unwrap(), b"");

    for http2 in [false, true] {
        let mut client = if http2 {
            Client::h2(&sim).await
        } else {
            Client::h1(&sim).await
        };
        sim.inject(Fault::store_then_reset());
        let body = report(ID, "S", "P", "2026-01-01T00:00:00Z").to_string();
        assert!(
            client
                .try_send(Method::POST, "/api/Report/WSJF", &[], body)
                .await
                .is_err()
        );
        assert!(sim.report(ID).is_some());
    }
}

#[tokio::test]
async fn gzip_that_is_announced_and_damaged() {
    use std::io::Read as _;
    let sim = start(Simulator::builder().products(1)).await;
    sim.inject(Fault::corrupt_gzip());
    let reply = Client::h1(&sim).await.get("/api/Product/PART-0000").await;
    assert_eq!(
        (reply.status.as_u16(), &reply.headers["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    let mut plain = Vec::new();
    assert!(
        flate2::read::GzDecoder::new(reply.body.as_ref())
            .read_to_end(&mut plain)
            .is_err()
    );
}

#[tokio::test]
async fn a_connection_goes_away_after_its_answer() {
    let sim = start(Simulator::builder()).await;
    sim.inject(Fault::go_away());
    let answer = String::from_utf8(raw(&sim, "").await.unwrap()).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200")
            && answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );

    sim.inject(Fault::go_away());
    let mut client = Client::h2(&sim).await;
    assert_eq!(client.get(VERSION).await.status, 200);
    // The client has been told, or is told while it tries.
    while client.try_send(Method::GET, VERSION, &[], "").await.is_ok() {}
    assert_eq!(Client::h2(&sim).await.get(VERSION).await.status, 200);
}

#[tokio::test]
async fn a_wrong_clock_shows_and_decides_what_is_in_the_future() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    let hour = jiff::SignedDuration::from_hours(1);
    let now = jiff::Timestamp::now();
    for (skew, states) in [(-hour, ["P", "E"]), (hour * 2, ["P", "P"])] {
        sim.set_clock_skew(skew);
        for (n, (start, state)) in [now - hour * 2, now + hour]
            .into_iter()
            .zip(states)
            .enumerate()
        {
            let id = format!("00000000-0000-4000-8000-{n:012}");
            let reply = client
                .post(
                    "/api/Report/WSJF",
                    &report(&id, "S", "P", &start.to_string()),
                )
                .await;
            assert_eq!(
                sim.report_state(&id).as_deref(),
                Some(state),
                "{skew:?} {start}"
            );
            let date = reply.headers["date"].to_str().unwrap();
            let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
            assert!(
                (date.duration_since(now) - skew).abs() < jiff::SignedDuration::from_mins(10),
                "{date}"
            );
        }
    }
}

#[tokio::test]
async fn a_wrong_clock_is_in_all_that_is_signed_with_a_time() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    sim.set_clock_skew(jiff::SignedDuration::from_hours(24 * 365 * 10));
    let year = |text: &str| text.get(..4).unwrap().parse::<i16>().unwrap();
    let then = jiff::Timestamp::now().strftime("%Y").to_string();
    let then = year(&then) + 9;
    let ticket = client
        .post(
            "/api/RootCause/Ticket",
            &serde_json::json!({ "subject": "x" }),
        )
        .await
        .json();
    let user = client
        .post(
            "/api/SCIM/v2/Users",
            &serde_json::json!({ "userName": "u" }),
        )
        .await
        .json();
    let body = report(ID, "S", "P", "2026-01-01T00:00:00Z");
    client.post("/api/Report/WSJF", &body).await;
    let unit = client.get("/api/Production/Unit/S/PART-0001").await.json();
    for (name, time) in [
        ("createdUtc", &ticket["createdUtc"]),
        ("updatedUtc", &ticket["updatedUtc"]),
        ("created", &user["meta"]["created"]),
        ("serialDate", &unit["serialDate"]),
    ] {
        assert!(year(time.as_str().unwrap()) >= then, "{name}: {time}");
    }
}
