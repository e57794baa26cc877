//! What users of other servers for tests stumbled over: heads and bodies as they also come, ends, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wats_sim::Simulator;

use crate::common::{Client, report, start};

const ID: &str = "33a2d408-3fc8-480b-b554-6866c77fd91c";

/// A connection on which bytes are written as they are.
struct Raw(TcpStream);

impl Raw {
    async fn open(sim: &Simulator) -> Self {
        let address = sim.base_url().trim_start_matches("http://").to_owned();
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next head, in lower case.
    async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = self.0.read_u8().await;
            head.push(byte.unwrap_or_else(|error| {
                panic!("{error} after {:?}", String::from_utf8_lossy(&head))
            }));
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    }

    /// The next head and the body that it tells of.
    async fn answer(&mut self) -> (u16, String) {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).await.unwrap();
        (
            head.get(9..12).unwrap().parse().unwrap(),
            String::from_utf8(body).unwrap(),
        )
    }
}

fn head(method: &str, path: &str, more: &str) -> String {
    let token = wats_sim::DEFAULT_TOKEN;
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n{more}\r\n")
}

#[tokio::test]
async fn head_and_options_have_no_body_that_spoils_the_next_answer() {
    let sim = start(Simulator::builder()).await;
    let mut raw = Raw::open(&sim).await;
    raw.send(&head("HEAD", "/api/App/Version", "")).await;
    let refused = raw.head().await;
    assert!(
        refused.starts_with("http/1.1 405") && refused.contains("allow: get"),
        "{refused}"
    );
    raw.send(&head("OPTIONS", "/api/App/Version", "")).await;
    assert_eq!(raw.answer().await.0, 405);
    raw.send(&head("GET", "/api/App/Version", "")).await;
    assert_eq!(raw.answer().await.0, 200);
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_answered() {
    let sim = start(Simulator::builder().max_body(10_000)).await;
    let mut raw = Raw::open(&sim).await;
    let body = report(ID, "S", "P", "2026-01-01T00:00:00Z").to_string();
    let length = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    raw.send(&head("POST", "/api/Report/WSJF", &length)).await;
    assert!(raw.head().await.starts_with("http/1.1 100"));
    raw.send(&body).await;
    assert_eq!(raw.answer().await.0, 200);
    let length = "Expect: 100-continue\r\nContent-Length: 1000000\r\n";
    raw.send(&head("POST", "/api/Report/WSJF", length)).await;
    assert_eq!(raw.answer().await.0, 413, "and nothing was sent");
}

#[tokio::test]
async fn who_sends_too_much_still_hears_so() {
    let sim = start(Simulator::builder().max_body(1000)).await;
    // Far more than the buffers of a connection hold.
    let much = "x".repeat(16 << 20);
    for (framing, body) in [
        (format!("Content-Length: {}\r\n", much.len()), much.clone()),
        (
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("{:x}\r\n{much}\r\n0\r\n\r\n", much.len()),
        ),
    ] {
        let mut raw = Raw::open(&sim).await;
        raw.send(&head("POST", "/api/Report/WSJF", &framing)).await;
        raw.send(&body).await;
        let (status, body) = raw.answer().await;
        assert!(status == 413 && body.contains("1000 bytes"), "{body}");
        raw.send(&head("GET", "/api/App/Version", "")).await;
        assert_eq!(raw.answer().await.0, 200, "the connection lives on");
    }
}

#[tokio::test]
async fn a_body_may_come_in_pieces_and_a_head_byte_by_byte() {
    let sim = start(Simulator::builder()).await;
    let body = report(ID, "S", "P", "2026-01-01T00:00:00Z").to_string();
    let mut raw = Raw::open(&sim).await;
    let head = head(
        "POST",
        "/api/Report/WSJF",
        "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n",
    );
    for byte in head.chars() {
        raw.send(&byte.to_string()).await;
        tokio::task::yield_now().await;
    }
    for piece in body.as_bytes().chunks(100) {
        let piece = std::str::from_utf8(piece).unwrap_or("").to_owned();
        raw.send(&format!("{:x};part=1\r\n{piece}\r\n", piece.len()))
            .await;
    }
    raw.send("0\r\nX-Sum: 1\r\n\r\n").await;
    assert_eq!(raw.answer().await.0, 200);
    assert_eq!(sim.report_bytes(ID).unwrap(), body);
}

#[tokio::test]
async fn of_options_that_come_twice_the_first_counts() {
    let sim = start(Simulator::builder()).await;
    let mut client = Client::h1(&sim).await;
    for n in 0..3 {
        let id = format!("00000000-0000-4000-8000-00000000000{n}");
        let report = report(&id, &format!("S{n}"), "P", "2026-01-01T00:00:00Z");
        client.post("/api/Report/WSJF", &report).await;
    }
    let rows = client
        .get("/api/Report/Query/Header?%24TOP=1&$top=3")
        .await
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn half_a_head_holds_nobody_up() {
    let sim = start(Simulator::builder()).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut raw = Raw::open(&sim).await;
        raw.send("GET /api/App/Version HTTP/1.1\r\nHost: ").await;
        slow.push(raw);
    }
    let mut client = Client::h1(&sim).await;
    assert_eq!(client.get("/api/App/Version").await.status, 200);
    sim.shutdown().await;
    assert_eq!(sim.counters().connections_live, 0);
}

#[tokio::test]
async fn it_listens_where_it_is_told_to() {
    let everywhere = start(Simulator::builder().host(Ipv4Addr::UNSPECIFIED.into())).await;
    assert!(everywhere.base_url().starts_with("http://127.0.0.1:"));
    assert_eq!(
        Client::h1(&everywhere)
            .await
            .get("/api/App/Version")
            .await
            .status,
        200
    );
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("SKIPPED: this machine has no IPv6");
        return;
    }
    let v6 = start(
        Simulator::builder()
            .host(IpAddr::V6(Ipv6Addr::LOCALHOST))
            .tls(true),
    )
    .await;
    assert!(
        v6.base_url().starts_with("https://[::1]:"),
        "{}",
        v6.base_url()
    );
    let mut client = Client::tls(&v6, &[b"h2"]).await;
    assert_eq!(client.get("/api/App/Version").await.status, 200);
}
