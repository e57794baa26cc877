//! Redirects: by choice, of GET and HEAD only, and without credentials to strangers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use crate::common::*;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use wats_http::{Call, ErrorKind, PoolConfig, TlsConfig};

fn to(status: u16, location: &str) -> Response<Full<Bytes>> {
    let answer = Response::builder()
        .status(status)
        .header("location", location);
    answer.body(Full::default()).unwrap()
}

#[tokio::test]
async fn without_the_choice_a_redirect_is_an_error_that_names_its_target() {
    let server = Server::start(Speaks::Plain, |_| async { to(302, "/elsewhere") }).await;
    let client = client(&server.url()).build().unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert!(error.to_string().contains("/elsewhere"), "{error}");
}

fn wire(status: u16, location: &[u8], kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    [
        format!("HTTP/1.1 {status} X\r\nlocation: ").as_bytes(),
        location,
        format!("\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes(),
    ]
    .concat()
}

#[tokio::test]
async fn the_target_is_named_whatever_comes_along() {
    let target = b"https://wats.example/there";
    for (kind, body) in [
        ("text/html", "<html>moved</html>"),
        ("application/json", r#"{"Message":"moved, see there"}"#),
        (
            "application/problem+json",
            r#"{"title":"Moved","status":301}"#,
        ),
        ("text/plain", "moved"),
        ("application/octet-stream", ""),
    ] {
        for status in [300, 301, 302, 303, 305, 307, 308] {
            let url = answering(wire(status, target, kind, body)).await;
            let client = client(&url).build().unwrap();
            let error = client.execute(Call::new(&GET)).await.unwrap_err();
            let told = error.to_string();
            assert!(told.contains("https://wats.example/there"), "{told}");
            let words = error.server_message();
            assert_eq!(words.is_some(), body.starts_with('{'), "{words:?}");
        }
    }
}

#[tokio::test]
async fn an_address_in_raw_bytes_is_followed_and_named() {
    for (raw, path) in [
        ("/caf\u{e9}?x=\u{20ac}".as_bytes(), "/caf%C3%A9?x=%E2%82%AC"),
        (b"/caf\xe9", "/caf%E9"),
        (b" /blank ", "/blank"),
    ] {
        let raw = raw.to_vec();
        let server = move |target: String| {
            let moved = wire(302, &raw, "text/plain", "");
            let arrived = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-here: yes\r\n\r\n".to_vec();
            match &*target {
                "/get" => moved,
                found if found == path => arrived,
                other => panic!("{other}"),
            }
        };
        let url = by_target(server).await;
        let followed = client(&url).redirects(1).build().unwrap();
        let answer = followed.execute(Call::new(&GET)).await.unwrap();
        assert!(answer.headers().contains_key("x-here"));
        let named = client(&url).build().unwrap();
        let error = named.execute(Call::new(&GET)).await.unwrap_err();
        assert!(error.to_string().contains("redirects to /"), "{error}");
    }
}

/// A server that answers by what stands in the first line, and closes.
async fn by_target(answer: impl Fn(String) -> Vec<u8> + Send + 'static) -> String {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let (mut first, mut line) = (String::new(), String::new());
            stream.read_line(&mut first).await.unwrap();
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await.unwrap();
            }
            let target = first.split(' ').nth(1).unwrap_or_default();
            let wire = answer(target.to_owned());
            stream.write_all(&wire).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    url
}

#[tokio::test]
async fn a_status_of_its_class_that_is_no_redirect_is_not_advised_as_one() {
    for (status, location, message, advice) in [
        (304, "", "304", "leave out If-None-Match"),
        (304, "/x", "304", "leave out If-None-Match"),
        (300, "", "300", "several answers"),
        (305, "", "305", "ProxyConfig"),
        (302, "", "names no address", "set the base URL"),
        (
            302,
            "https://u:hunter2@h.example/x",
            "https://h.example/x",
            "base URL",
        ),
    ] {
        for most in [0, 3] {
            let url = answering(wire(status, location.as_bytes(), "text/html", "")).await;
            let client = client(&url).redirects(most).build().unwrap();
            let error = client.execute(Call::new(&GET)).await.unwrap_err();
            let told = format!("{error:#}");
            assert_eq!(error.status().map(|s| s.as_u16()), Some(status));
            assert!(told.contains(message) && told.contains(advice), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
            assert_eq!(
                status == 304,
                !told.contains("redirect") && !told.contains("several") && !told.contains("Proxy"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn a_post_is_never_redirected_and_never_turns_into_a_get() {
    for status in [301, 302, 303, 307, 308] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        let server = Server::start(Speaks::Plain, move |request| {
            noted.lock().unwrap().push(request.method().clone());
            async move { to(status, "/get") }
        })
        .await;
        let client = client(&server.url()).redirects(5).build().unwrap();
        let call = Call::new(&POST).body("x", "text/plain");
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.status().map(|s| s.as_u16()), Some(status));
        assert_eq!(*seen.lock().unwrap(), [http::Method::POST], "{status}");
    }
}

#[tokio::test]
async fn within_the_origin_a_get_is_followed_with_its_headers_on_the_same_connection() {
    let server = Server::start(Speaks::Plain, |request| async move {
        assert_eq!(request.headers()["authorization"], format!("Basic {TOKEN}"));
        match request.uri().path() {
            "/get" => to(301, "item/1?x=%2F"),
            "/item/1" => ok(request.uri().query().unwrap_or_default().to_owned()),
            _ => to(404, "/"),
        }
    })
    .await;
    let client = client(&server.url()).redirects(1).build().unwrap();
    let answer = client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!((&answer.body()[..], answer.attempts()), (&b"x=%2F"[..], 1));
    assert_eq!(server.opened(), 1);
}

#[tokio::test]
async fn loops_end_and_bad_targets_are_refused() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let server = Server::start(Speaks::Plain, move |request| {
        counted.fetch_add(1, SeqCst);
        async move {
            match request.uri().path() {
                "/get" => to(302, "/get"),
                _ => to(302, "http://user:pass@127.0.0.1/"),
            }
        }
    })
    .await;
    let client = client(&server.url()).redirects(3).build().unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert!(
        error.to_string().contains("more than 3 redirects"),
        "{error}"
    );
    assert_eq!(asked.load(SeqCst), 1 + 3);
    let error = client
        .execute(Call::new(&ITEM).path("id", 1))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("user name"), "{error}");
    until_free(&client).await;
}

#[tokio::test]
async fn another_origin_gets_neither_token_nor_cookie_nor_client_certificate_and_the_cap_holds() {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let noted = seen.clone();
    let stranger = Server::start(Speaks::MutualTls, move |request| {
        noted.lock().unwrap().push(request.headers().clone());
        async { ok("from the store") }
    })
    .await;
    let open_stranger = {
        let noted = seen.clone();
        Server::start(Speaks::TlsHttp1Only, move |request| {
            noted.lock().unwrap().push(request.headers().clone());
            async { ok("from the store") }
        })
        .await
    };
    let (wants, takes) = (stranger.url(), open_stranger.url());
    let own = Server::start(Speaks::TlsHttp1Only, move |request| {
        let target = if request.uri().path() == "/get" {
            &takes
        } else {
            &wants
        };
        let answer = to(307, &format!("{target}/blob?sig=1"));
        async move { answer }
    })
    .await;
    let mine = authority().issue(&["station-7"]);
    let tls = [&own, &stranger, &open_stranger]
        .iter()
        .try_fold(TlsConfig::default(), |tls, server| {
            tls.only_ca_pem(server.ca_pem.as_ref().unwrap())
        })
        .unwrap()
        .client_certificate_pem(&mine.chain_pem, &mine.key_pem)
        .unwrap();
    // One connection in all: the idle one to the server makes room for the one to the stranger.
    let one = PoolConfig::default().max_connections(1);
    let client = client(&own.url())
        .tls(tls)
        .pool(one)
        .redirects(1)
        .build()
        .unwrap();
    let call = || {
        Call::new(&GET)
            .header("cookie", "session=1")
            .header("x-kept", "yes")
    };
    let answer = client.execute(call()).await.unwrap();
    assert_eq!(&answer.body()[..], b"from the store");
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0]["x-kept"], "yes");
        assert_eq!(seen[0]["host"], open_stranger.address.to_string());
        for secret in ["authorization", "cookie", "proxy-authorization"] {
            assert!(!seen[0].contains_key(secret), "{secret}");
        }
    }
    until_free(&client).await;
    own.until_live(|n| n == 0).await;
    // The stranger that wants a certificate is not shown the client's.
    let error = client
        .execute(Call::new(&ITEM).path("id", 1))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Tls | ErrorKind::Transport),
        "{error:#}"
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
    until_free(&client).await;
}

#[tokio::test]
async fn a_stranger_cannot_send_credentials_back_to_where_it_likes() {
    let seen: Arc<Mutex<Vec<(String, HeaderMap)>>> = Arc::default();
    let noted = seen.clone();
    let back: Arc<Mutex<String>> = Arc::default();
    let returns = back.clone();
    let stranger = Server::start(Speaks::Plain, move |_| {
        let answer = to(302, &returns.lock().unwrap());
        async move { answer }
    })
    .await;
    let away = stranger.url();
    let own = Server::start(Speaks::Plain, move |request| {
        let path = request.uri().path().to_owned();
        let answer = match &*path {
            "/get" => to(302, &format!("{away}/x")),
            "/chosen" => to(302, "/further"),
            _ => ok("here"),
        };
        noted
            .lock()
            .unwrap()
            .push((path, request.headers().clone()));
        async move { answer }
    })
    .await;
    *back.lock().unwrap() = format!("{}/chosen", own.url());
    let client = client(&own.url()).redirects(3).build().unwrap();
    let call = || Call::new(&GET).header("cookie", "session=1");
    let answer = client.execute(call()).await.unwrap();
    assert_eq!(&answer.body()[..], b"here");
    // The next call has them again.
    client.execute(call()).await.unwrap();
    let told: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|(path, headers)| {
            let secrets = ["authorization", "cookie"].map(|name| headers.contains_key(name));
            assert_eq!(headers["host"], own.address.to_string());
            (path.clone(), secrets)
        })
        .collect();
    let once = [
        ("/get", [true, true]),
        ("/chosen", [false, false]),
        ("/further", [false, false]),
    ]
    .map(|(path, secrets)| (path.to_owned(), secrets));
    assert_eq!(told, [once.clone(), once].concat());
    until_free(&client).await;
}
