//! Every way a call can fail: the kind, one telling line, and never the token.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use wats_http::{
    Call, Client, Deadline, Error, ErrorKind, Idempotency, Operation, SizeLimits, Timeouts,
    TlsConfig,
};

/// What the client understands.
const ACCEPTED: &str = match (cfg!(feature = "zstd"), cfg!(feature = "brotli")) {
    (true, true) => "zstd, br, gzip, deflate",
    (true, false) => "zstd, gzip, deflate",
    (false, true) => "br, gzip, deflate",
    (false, false) => "gzip, deflate",
};

/// Checks what holds for every error and returns its long form.
fn told(error: &Error) -> String {
    let line = format!("{error:#}");
    assert_eq!(line.lines().count(), 1, "one line: {line}");
    assert!(line.starts_with("test."), "names the operation: {line}");
    assert!(
        line.contains("http://127.0.0.1") || line.contains("https://"),
        "names the address: {line}"
    );
    for text in [&line, &format!("{error:?}"), &error.to_string()] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    line
}

async fn get(client: &Client) -> Result<serde_json::Value, Error> {
    client.execute(Call::new(&GET)).await?.json()
}

async fn failing(url: &str) -> Error {
    get(&client(url).build().unwrap()).await.unwrap_err()
}

fn answer(status: u16, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn statuses_carry_the_servers_message_and_advice() {
    for (status, body, words) in [
        (400, r#"{"Message":"invalid $filter"}"#, "invalid $filter"),
        (
            401,
            r#"{"Message":"Authorization has been denied"}"#,
            "make a new one for the server",
        ),
        (403, "{}", "lacks the right"),
        (404, "", "not found"),
        (429, "", "budget"),
        (
            500,
            r#"{"Message":"Deadlock\r\nat line 1"}"#,
            "Deadlock at line 1",
        ),
        (502, "<html>Bad gateway</html>", "Bad gateway"),
    ] {
        let error = failing(&answering(answer(status, "application/json", body)).await).await;
        assert_eq!(error.status(), Some(StatusCode::from_u16(status).unwrap()));
        let line = told(&error);
        assert!(line.contains(words), "{status}: {line}");
        assert!(line.contains(&status.to_string()), "{line}");
    }
}

#[tokio::test]
async fn messages_name_the_service_and_where_its_tokens_are_made() {
    let of = |builder: wats_http::ClientBuilder| {
        builder
            .service_name("Acme")
            .token_source("the Acme Control Panel")
    };
    for (status, words) in [
        (401, "make a new one in the Acme Control Panel"),
        (404, "the root of the Acme server"),
    ] {
        let url = answering(answer(status, "application/json", "{}")).await;
        let error = get(&of(client(&url)).build().unwrap()).await.unwrap_err();
        assert!(told(&error).contains(words), "{error:#}");
        // Headers of one's own take nothing away from that.
        let call = Call::new(&GET).header("cookie", "a=b");
        let client = of(client(&url)).build().unwrap();
        let error = client.execute(call).await.unwrap_err();
        assert!(told(&error).contains(words), "{error:#}");
    }
    let error = of(Client::builder()).build().unwrap_err();
    assert!(error.to_string().contains("address of the Acme server"));
    let error = of(Client::builder().base_url("http://h"))
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("the Acme Control Panel"));
}

#[tokio::test]
async fn a_redirect_is_an_error_that_names_its_target() {
    let wire =
        "HTTP/1.1 301 Moved\r\nlocation: https://new.example.com/\r\ncontent-length: 0\r\n\r\n";
    let error = failing(&answering(wire).await).await;
    assert!(told(&error).contains("https://new.example.com/"));
}

#[tokio::test]
async fn answers_that_are_not_what_was_asked_for() {
    for (content_type, body, words) in [
        ("application/json", r#"{"a": }"#, "line 1 column 7"),
        ("application/json", "", "empty"),
        (
            "text/html; charset=utf-8",
            "<html><title>Sign in</title></html>",
            "web page",
        ),
        ("application/json", "\n <!DOCTYPE html>", "web page"),
    ] {
        let error = failing(&answering(answer(200, content_type, body)).await).await;
        assert_eq!(error.kind(), ErrorKind::Decode);
        let line = told(&error);
        assert!(line.contains(words), "{line}");
        assert!(line.contains("base URL"), "says what to do: {line}");
    }
}

#[tokio::test]
async fn broken_connections() {
    for (wire, kind) in [
        ("", ErrorKind::Transport),
        ("HTTP/1.1 200 OK\r\ncontent-le", ErrorKind::Transport),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
            ErrorKind::Transport,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            ErrorKind::Transport,
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", ErrorKind::Transport),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
            ErrorKind::Decode,
        ),
    ] {
        let error = failing(&answering(wire).await).await;
        assert_eq!(error.kind(), kind, "{wire:?}: {error:#}");
        told(&error);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = failing(&format!("http://{free}")).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    let line = told(&error);
    assert!(
        line.contains("refused") || line.contains("connect"),
        "{line}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let url = scripted(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let client = client(&url)
        .timeouts(Timeouts::default().attempt(Duration::from_millis(50)))
        .build()
        .unwrap();
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    told(&error);
    // The slot is free again as soon as the socket is closed.
    while client.pool_stats().in_use > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn caps_hold_on_the_wire_and_after_decompression() {
    use std::io::Write;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&vec![b' '; 1 << 20]).unwrap();
    let gz = gz.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        gz.len()
    );
    let bomb = [head.as_bytes(), &gz].concat();
    let endless = b"HTTP/1.1 200 OK\r\n\r\n"
        .iter()
        .copied()
        .chain(std::iter::repeat_n(b'x', 200_000))
        .collect();
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec();
    for wire in [bomb, endless, announced] {
        let limits = SizeLimits::default().wire(100_000).decoded(500_000);
        let client = client(&answering(wire).await)
            .limits(limits)
            .build()
            .unwrap();
        let error = get(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
        told(&error);
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let other = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let tls = TlsConfig::default()
        .only_ca_pem(other.ca_pem.as_deref().unwrap())
        .unwrap();
    let error = get(&client(&server.url()).tls(tls).build().unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(told(&error).contains("trusted CA"));
    let plain = failing(&server.url().replace("https", "http")).await;
    assert_eq!(
        plain.kind(),
        ErrorKind::Transport,
        "plain HTTP to a TLS port: {plain:#}"
    );
}

#[tokio::test]
async fn mistakes_in_a_call_are_found_before_anything_is_sent() {
    let client = client("http://127.0.0.1:1").build().unwrap();
    let unserialisable = std::collections::BTreeMap::from([((1, 2), 3)]);
    let typed =
        |path: &str| Operation::dynamic("test.typed", Method::GET, path, Idempotency::Idempotent);
    for call in [
        Call::new(&typed("get")),
        Call::new(&typed("/get?a=b")).query("c", "d"),
        Call::new(&typed("/get#a")),
        Call::new(&typed("/../get")),
        Call::new(&ITEM),
        Call::new(&ITEM).path("id", ""),
        Call::new(&ITEM).path("id", ".."),
        Call::new(&GET).header("x", "a\nb"),
        Call::new(&POST).json(&unserialisable),
        Call::new(&GET).query("limit", f64::NAN),
        Call::new(&GET).query("limit", f32::INFINITY),
        Call::new(&GET).query_opt("limit", Some(-f64::INFINITY)),
        Call::new(&ITEM).path("id", f32::NAN),
    ] {
        let error = client.execute(call).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Request, 0));
        told(&error);
    }
}

#[tokio::test]
async fn a_number_that_json_has_not_is_never_sent_as_null() {
    #[derive(serde::Serialize)]
    struct Step {
        name: &'static str,
        limits: [Option<f64>; 2],
    }
    let client = client("http://127.0.0.1:1").build().unwrap();
    let step = |low| Step {
        name: "null",
        limits: [low, None],
    };
    for (low, words) in [
        (f64::NAN, "the body has NaN at `steps[1].limits[0]`"),
        (
            f64::INFINITY,
            "the body has Infinity at `steps[1].limits[0]`",
        ),
    ] {
        let body = std::collections::BTreeMap::from([("steps", [step(None), step(Some(low))])]);
        // The first mistake is the one that is told.
        let call = Call::new(&POST).json(&body).header("x", "a\nb");
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(told(&error).contains(words), "{error:#}");
    }
}

/// .NET puts a byte order mark before JSON.
#[tokio::test]
async fn a_byte_order_mark_is_skipped_wherever_json_or_a_page_is_read() {
    let answer = |status, kind, body: &str| answer(status, kind, &format!("\u{feff}{body}"));
    let json = "application/json; charset=utf-8";
    let read = client(&answering(answer(200, json, r#"{"a":1}"#)).await);
    let read = get(&read.build().unwrap()).await.unwrap();
    assert_eq!(read["a"], 1);
    let refused = answer(400, json, r#"{"Message":"the unit is locked"}"#);
    let error = failing(&answering(refused).await).await;
    assert_eq!(error.server_message(), Some("the unit is locked"));
    let plain = failing(&answering(answer(400, "text/plain", "locked")).await).await;
    assert_eq!(plain.body_excerpt(), Some("locked"));
    let page = failing(&answering(answer(200, json, "<!DOCTYPE html>")).await).await;
    assert!(told(&page).contains("web page"), "{page:#}");
    let empty = failing(&answering(answer(200, json, "\r\n")).await).await;
    assert!(told(&empty).contains("empty"), "{empty:#}");
}

/// A server tells what it has made of the token, in its words, in a header, in the address it sends to, in a page.
#[tokio::test]
async fn a_token_that_is_broken_into_lines_is_shown_nowhere() {
    // Of 124 characters: tools break base64 after 76.
    let token = "c3RhdGlvbi0xMjptdWNoLWxvbmdlci1zZWNyZXQtb2YtYS1zdGF0aW9uLXRoYXQtaXMtYnJva2VuLWludG8tbGluZXMtYnktYmFzZTY0LXRvb2xzLW9mLWFsbA==";
    let (first, second) = token.split_at(76);
    for line_break in ["\n", "\r\n", "\r\n  ", "\n\t", " ", "\\n", "\\r\\n"] {
        let told = format!("bad login {first}{line_break}{second}");
        let message = serde_json::json!({"Message": told, "detail": told}).to_string();
        for wire in [
            answer(401, "application/json", &message),
            answer(500, "text/plain", &told),
        ] {
            let client = client(&answering(wire).await).token(token).build().unwrap();
            let error = client.execute(Call::new(&GET)).await.unwrap_err();
            let shown = format!(
                "{error:#} {error:?} {:?} {:?}",
                error.server_message(),
                error.body_excerpt()
            );
            for part in [&first[..20], &second[..20]] {
                assert!(!shown.contains(part), "{line_break:?}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn the_secret_within_the_token_is_shown_nowhere() {
    const SECRET: &str = "s3cret-w0rd!";
    let token = "c3RhdGlvbjpzM2NyZXQtdzByZCE=";
    for told in [
        "no such login: station:s3cret-w0rd!",
        "bad token c3RhdGlvbjpzM2NyZXQtdzByZCE",
        "wrong password s3cret-w0rd!",
        "https://station:s3cret-w0rd%21@127.0.0.1/",
    ] {
        let message = format!(r#"{{"Message":"{told}","detail":"{told}","code":1}}"#);
        let located =
            format!("HTTP/1.1 302 X\r\nlocation: /login?who={told}\r\ncontent-length: 0\r\n\r\n");
        for wire in [
            answer(401, "application/json", &message),
            answer(500, "text/html", &format!("<html>{told}</html>")),
            answer(200, "application/json", &format!("[{told}]")),
            answer(200, "application/json", &format!("{:?}", told.repeat(300))),
            located,
        ] {
            let client = client(&answering(wire).await).token(token).build().unwrap();
            let outcome = client.execute(Call::new(&GET)).await;
            let error = outcome.and_then(|answer| answer.json::<u8>()).unwrap_err();
            let shown = format!(
                "{error:#} {error:?} {:?} {:?} {client:?}",
                error.server_message(),
                error.body_excerpt()
            );
            for secret in [SECRET, "s3cret-w0rd%21", token.trim_end_matches('=')] {
                assert!(!shown.contains(secret), "{told}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn a_calls_own_credential_and_a_proxys_are_as_secret_as_the_token() {
    let echo = |told: &str| {
        let body = format!(r#"{{"Message":"{told}"}}"#);
        answer(403, "application/json", &body)
    };
    let own = client(&answering(echo("no right for eyJhbGciOiJub25lIn0")).await);
    let call = Call::new(&GET).header("authorization", "Bearer eyJhbGciOiJub25lIn0");
    let error = own.build().unwrap().execute(call).await.unwrap_err();
    assert!(
        !format!("{error:#} {error:?}").contains("eyJhbGci"),
        "{error:#}"
    );
    let cookie = client(&answering(echo("session 0123456789ab is over")).await);
    let call = Call::new(&GET).header("cookie", "a=1; session=0123456789ab");
    let error = cookie.build().unwrap().execute(call).await.unwrap_err();
    assert!(
        !format!("{error:#} {error:?}").contains("456789ab"),
        "{error:#}"
    );
    let proxy = answering(echo("station-7:pr0xy-secret may not")).await;
    let proxy = wats_http::ProxyConfig::url(&proxy)
        .and_then(|proxy| {
            proxy.credentials(wats_http::ProxyCredentials {
                user: "station-7",
                password: "pr0xy-secret",
            })
        })
        .unwrap();
    let forwarded = client("http://wats.example").proxy(proxy).build().unwrap();
    let error = get(&forwarded).await.unwrap_err();
    assert!(
        !format!("{error:#} {error:?}").contains("pr0xy-secret"),
        "{error:#}"
    );
}

#[tokio::test]
async fn a_token_is_changed_on_the_living_client_and_the_old_one_stays_secret() {
    let server = Server::start(Speaks::Plain, |request| async move {
        let token = request.headers()["authorization"].to_str().unwrap();
        let mut answer = ok(format!(r#"{{"Message":"{token}, before: Basic {TOKEN}"}}"#));
        if token != "Basic bmV3OnRva2VuLTI=" {
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
        }
        answer
    })
    .await;
    let client = client(&server.url()).build().unwrap();
    let clone = client.clone();
    let error = get(&clone).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
    assert!(client.set_token("not a token").is_err());
    client.set_token("bmV3OnRva2VuLTI=").unwrap();
    assert!(get(&clone).await.is_ok());
    assert_eq!(server.opened(), 1, "connections stay");
    client.set_token("dGhpcmQ6dG9rZW4tMw==").unwrap();
    let error = get(&clone).await.unwrap_err();
    let shown = format!("{error:#} {error:?} {client:?}");
    for secret in [TOKEN, "bmV3OnRva2VuLTI", "dGhpcmQ6dG9rZW4tMw"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn what_is_sent_is_what_arrives() {
    let server = Server::start(Speaks::Plain, |request| async move {
        assert_eq!(request.headers()["authorization"], format!("Basic {TOKEN}"));
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(request.headers()["accept-encoding"], ACCEPTED);
        let target = request.uri().to_string();
        let echo = serde_json::json!({ "target": target, "body": String::from_utf8_lossy(request.body()) });
        Response::new(Full::new(Bytes::from(echo.to_string())))
    })
    .await;
    let client = client(&server.url()).build().unwrap();
    let call = Call::new(&ITEM)
        .path("id", "A/B?x=1#2 %2F'ø")
        .query("$filter", "a eq 'b&c'")
        .json(&["ü"]);
    let echo: serde_json::Value = client.execute(call).await.unwrap().json().unwrap();
    assert_eq!(
        echo["target"],
        "/item/A%2FB%3Fx%3D1%232%20%252F%27%C3%B8?$filter=a%20eq%20%27b%26c%27"
    );
    assert_eq!(echo["body"], r#"["ü"]"#);
}

#[test]
fn nothing_that_can_be_printed_shows_the_token() {
    let builder = client("http://h");
    let debug = format!("{builder:?} {:?}", client("http://h").build().unwrap());
    assert!(!debug.contains(TOKEN), "{debug}");
}
