//! How a client is configured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use serde_json::json;
use wats_domains::{CacheOptions, Wats, WatsBuilder};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Client, ErrorKind, RetryConfig, Timeouts};

const VERSION: &str = "/api/App/Version";

fn server() -> MockTransport {
    MockTransport::new().on(Method::GET, VERSION, [MockAnswer::json("2025.3")])
}

fn builder(server: &MockTransport) -> WatsBuilder {
    let server = server.clone();
    Wats::builder()
        .http(|client| client.transport(server))
        .base_url("http://mock")
        .token("dTpw")
}

/// What a client calls itself to a server that reads one request.
fn user_agent(builder: WatsBuilder) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let head: Vec<String> = stream
            .by_ref()
            .lines()
            .map(Result::unwrap)
            .take_while(|line| !line.is_empty())
            .collect();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n\"2025.3\"";
        stream.get_mut().write_all(answer).unwrap();
        head
    });
    let wats = builder.base_url(address).token("dTpw").build().unwrap();
    assert_eq!(wats.version().wait().unwrap(), "2025.3");
    let head = server.join().unwrap().join("\n").to_lowercase();
    let name = head.split("user-agent: ").nth(1).unwrap();
    name.lines().next().unwrap().to_owned()
}

#[test]
fn it_says_what_it_is_unless_it_is_given_another_name() {
    let own = user_agent(Wats::builder());
    assert!(own.starts_with("wats-rust/0."), "{own}");
    let named = Wats::builder().http(|client| client.user_agent("station/2.1"));
    assert_eq!(user_agent(named), "station/2.1");
}

#[test]
fn options_of_the_transport_add_up_and_the_last_one_counts() {
    let seconds = |n| Timeouts::default().total(Duration::from_secs(n));
    let wats = builder(&server())
        .timeouts(seconds(5))
        .http(|client| client.timeouts(seconds(6)))
        .http(|client| client.redirects(1))
        .build()
        .unwrap();
    assert_eq!(wats.http().timeouts().total, Some(Duration::from_secs(6)));
    let wats = builder(&server())
        .http(|client| client.timeouts(seconds(6)))
        .timeouts(seconds(5))
        .build()
        .unwrap();
    assert_eq!(wats.http().timeouts().total, Some(Duration::from_secs(5)));
    assert_eq!(wats.http().base_url(), "http://mock");
}

#[tokio::test]
async fn each_named_option_reaches_the_transport() {
    let broken = MockTransport::new().on(Method::GET, VERSION, [MockAnswer::status(503)]);
    let wats = builder(&broken)
        .retry(RetryConfig::never())
        .rate_limit(None)
        .build()
        .unwrap();
    let error = wats.version().await.unwrap_err();
    assert_eq!((error.attempts(), broken.requests().len()), (1, 1));

    let list = MockAnswer::json(&json!([]));
    let lists = MockTransport::new().on(Method::GET, "/api/App/Processes", [list]);
    let wats = builder(&lists).cache(CacheOptions::off()).build().unwrap();
    for _ in 0..3 {
        wats.process().list().await.unwrap();
    }
    assert_eq!(lists.requests().len(), 3);
}

#[test]
fn what_is_missing_or_wrong_is_told_by_name() {
    for (builder, words) in [
        (Wats::builder().token("dTpw"), "no base URL"),
        (Wats::builder().base_url("http://mock"), "no token"),
        (
            builder(&server()).timeouts(Timeouts::default().total(Duration::ZERO)),
            "Timeouts::total",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn it_stands_on_a_transport_that_was_made_elsewhere() {
    let server = server();
    let client = Client::builder()
        .transport(server.clone())
        .base_url("http://mock")
        .token("dTpw")
        .build()
        .unwrap();
    assert_eq!(Wats::from(client).version().await.unwrap(), "2025.3");
}
