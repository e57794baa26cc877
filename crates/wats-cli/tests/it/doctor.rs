//! `wats doctor`: each kind of trouble is told by name, with what to do, and has its code.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, pki_types::PrivateKeyDer};
use wats_sim::{Access, Fault, Simulator};

use crate::harness::{Home, Server, TOKEN, document, stderr, stdout};
use crate::reports::{enqueue, refused};

/// The state of a check, and what was found.
fn check(document: &Value, name: &str) -> (String, String) {
    let checks = document["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .rfind(|check| check["check"] == name)
        .unwrap_or_else(|| panic!("no {name} in {document:#}"));
    let state = found["state"].as_str().unwrap();
    // Whatever is wrong, something is said of what to do.
    assert_eq!(state == "ok", found["remedy"].is_null(), "{found}");
    (
        state.to_owned(),
        found["found"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn all_is_well() {
    let server = Server::start();
    enqueue(&server.folder().join("q"), &[]);
    let output = server.wats(["doctor", "--json", "--queue", "q"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let document = document(&output);
    assert_eq!(
        (&document["schema"], &document["code"]),
        (&1.into(), &0.into())
    );
    for name in [
        "setting",
        "proxy",
        "name",
        "connection",
        "tls",
        "http",
        "server",
        "clock",
        "limit",
        "read",
        "submit",
        "internal",
        "folder",
        "sync",
        "queue",
    ] {
        assert_eq!(check(&document, name).0, "ok", "{name}: {document:#}");
    }
    // Nothing was submitted.
    assert_eq!(
        server
            .simulator()
            .counters()
            .requests_to("POST /api/Report/WSJF"),
        1
    );
    let screen = server.wats(["doctor"]).env("COLUMNS", "40").run();
    assert!(stdout(&screen).starts_with("ok "), "{}", stdout(&screen));
    assert!(stderr(&screen).contains("all is well"));
    let lines = server.wats(["doctor", "--jsonl"]).run();
    for line in stdout(&lines).lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schema"], 1);
    }
}

#[test]
fn settings_that_are_missing_are_named() {
    let home = Home::new();
    let nothing = home.wats(["doctor", "--json"]).run();
    assert_eq!(nothing.status.code(), Some(2));
    let (state, found) = check(&document(&nothing), "settings");
    assert_eq!(state, "fail");
    assert!(found.contains("address"), "{found}");
    let no_token = home
        .wats(["doctor", "--json", "--base-url", "https://nobody.invalid"])
        .run();
    assert_eq!(no_token.status.code(), Some(4));
    let odd = home
        .wats(["doctor", "--json", "--base-url", "nonsense"])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .run();
    assert_eq!(odd.status.code(), Some(2), "{}", stdout(&odd));
    let unknown = home
        .wats(["doctor", "--json", "--base-url", "https://nobody.invalid"])
        .env("WATS_AUTH_TOKEN", TOKEN)
        .run();
    assert_eq!(unknown.status.code(), Some(6));
    assert_eq!(check(&document(&unknown), "name").0, "fail");
}

#[test]
fn a_server_that_is_dead_is_later() {
    let server = Server::start();
    server.stop();
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(6), "{}", stdout(&output));
    assert_eq!(check(&document(&output), "connection").0, "fail");
}

#[test]
fn tokens_are_told_apart_by_what_they_may() {
    let server = Server::start();
    let wrong = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", "d3Jvbmc6d3Jvbmc=")
        .run();
    assert_eq!(wrong.status.code(), Some(4), "{}", stdout(&wrong));
    assert_eq!(check(&document(&wrong), "token").0, "fail");

    let reads = "cmVhZGVyOnJlYWRlcg==";
    server.simulator().grant(Access::new(reads).read_only());
    let output = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", reads)
        .run();
    assert_eq!(output.status.code(), Some(4), "{}", stdout(&output));
    let document = document(&output);
    assert_eq!(check(&document, "read").0, "ok");
    assert_eq!(check(&document, "submit").0, "fail");

    let public = "cHVibGljOnB1YmxpYw==";
    let access = Access::new(public).only("/api/App").only("/api/Report");
    server.simulator().grant(access);
    let output = server
        .wats(["doctor", "--json"])
        .env("WATS_AUTH_TOKEN", public)
        .run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let document = crate::harness::document(&output);
    assert_eq!(check(&document, "internal").0, "warn");
}

#[test]
fn something_else_at_the_address_is_no_server() {
    let server = Server::start();
    let page = Fault::status(200)
        .body("<html><body>Log in</body></html>")
        .content_type("text/html");
    server.simulator().inject(page.always());
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let (state, found) = check(&document(&output), "server");
    assert_eq!(state, "fail");
    assert!(found.contains("something else"), "{found}");
}

#[test]
fn a_certificate_of_an_unknown_authority_and_one_that_is_known() {
    let server = Server::of(Simulator::builder().tls(true));
    let unknown = server.wats(["doctor", "--json"]).run();
    assert_eq!(unknown.status.code(), Some(1), "{}", stdout(&unknown));
    assert_eq!(check(&document(&unknown), "tls").0, "fail");
    let pem = server.simulator().ca_certificate_pem().unwrap().to_owned();
    std::fs::write(server.folder().join("ca.pem"), pem).unwrap();
    let known = server.wats(["doctor", "--json", "--ca", "ca.pem"]).run();
    assert_eq!(known.status.code(), Some(0), "{}", stdout(&known));
    let document = document(&known);
    let (state, found) = check(&document, "tls");
    assert_eq!(state, "ok");
    for word in ["TLS 1.3", "days", "of wats-sim test authority"] {
        assert!(found.contains(word), "{found}");
    }
    assert!(check(&document, "http").1.contains("HTTP/2"));
}

/// A server with a certificate of its own; its address and the certificate as PEM.
fn shows(runtime: &tokio::runtime::Runtime, name: &str, until: i32) -> (SocketAddr, String) {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // The other side refuses it.
            let _ = acceptor.accept(stream).await;
        }
    });
    (address, certificate.pem())
}

#[test]
fn each_trouble_with_a_certificate_has_its_remedy() {
    let home = Home::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (name, until, trusted, word) in [
        ("127.0.0.1", 2002, true, "replaced"),
        (
            "other.example",
            2090,
            true,
            "a name that its certificate has",
        ),
        ("127.0.0.1", 2090, false, "--ca"),
    ] {
        let (address, pem) = shows(&runtime, name, until);
        home.file("ca.pem", pem);
        let url = format!("https://{address}");
        let mut program = home
            .wats(["doctor", "--json", "--base-url", &url])
            .env("WATS_AUTH_TOKEN", TOKEN);
        if trusted {
            program = program.arg("--ca").arg("ca.pem");
        }
        let output = program.run();
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        let document = document(&output);
        assert_eq!(check(&document, "tls").0, "fail");
        let checks = document["checks"].as_array().unwrap();
        let remedy = checks.last().unwrap()["remedy"].as_str().unwrap();
        assert!(remedy.contains(word), "{name}, {until}: {document:#}");
    }
}

/// A proxy that leads to the server, or refuses to.
fn proxy(server: &Server, leads: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap();
    let base = server.simulator().base_url();
    let target = base.trim_start_matches("http://").to_owned();
    let target = target.trim_end_matches('/').to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, target) = (client.unwrap(), target.clone());
            // Whoever has gone away needs no answer.
            thread::spawn(move || {
                if leads {
                    lead(&client, &target)
                } else {
                    refuse(client)
                }
            });
        }
    });
    own
}

fn lead(mut client: &TcpStream, target: &str) -> std::io::Result<()> {
    let server = TcpStream::connect(target)?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    std::io::copy(&mut &server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn refuse(mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    write!(
        client,
        "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

#[test]
fn a_proxy_is_named_and_what_it_refuses_is_told() {
    let server = Server::start();
    let run = |leads| {
        let proxy = proxy(&server, leads);
        let output = server
            .wats(["doctor", "--json", "--timeout", "5s"])
            // Its name is known to the proxy alone.
            .env("WATS_BASE_URL", "http://wats.example")
            .env("ALL_PROXY", format!("http://user:hidden@{proxy}"))
            .env("NO_PROXY", "")
            .run();
        assert!(!stdout(&output).contains("hidden"), "{}", stdout(&output));
        (output.status.code(), document(&output), proxy.to_string())
    };
    let (code, document, address) = run(true);
    let (state, found) = check(&document, "proxy");
    assert_eq!((code, state.as_str()), (Some(0), "ok"), "{document:#}");
    assert!(
        found.contains(&address) && found.contains("leads to wats.example:80"),
        "{found}"
    );
    for name in ["connection", "server", "submit"] {
        assert_eq!(check(&document, name).0, "ok", "{document:#}");
    }
    // What is unencrypted is a warning, behind a proxy as well.
    assert_eq!(check(&document, "tls").0, "warn");
    let (code, document, _) = run(false);
    assert_ne!(code, Some(0), "{document:#}");
    let (state, found) = check(&document, "proxy");
    assert_eq!(state, "fail", "{document:#}");
    assert!(found.contains("407"), "{found}");
}

#[test]
fn too_many_calls_and_the_limit_that_the_server_tells() {
    let server = Server::start();
    let limit = Fault::status(200)
        .body("\"2026.1\"")
        .content_type("application/json")
        .header("RateLimit-Limit", "500")
        .route("GET", "/api/App/Version");
    server.simulator().inject(limit.times(1));
    let told = server.wats(["doctor", "--json"]).run();
    let (state, found) = check(&document(&told), "limit");
    assert_eq!(
        (state.as_str(), found.as_str()),
        ("ok", "ratelimit-limit: 500")
    );
    server.simulator().inject(Fault::status(429).always());
    let output = server.wats(["doctor", "--json", "--timeout", "3s"]).run();
    assert_eq!(output.status.code(), Some(6), "{}", stdout(&output));
    let document = document(&output);
    let (state, found) = check(&document, "server");
    assert_eq!(state, "fail");
    assert!(found.contains("429"), "{found}");
    assert!(
        document.to_string().contains("too many calls"),
        "{document:#}"
    );
}

#[test]
fn lines_are_comma_separated_values_too() {
    let server = Server::start();
    let output = server.wats(["doctor", "--csv"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("check,state,found,remedy\n"), "{text}");
    assert!(text.contains("\ntls,ok,"), "{text}");
    let home = Home::new();
    let output = home.wats(["doctor", "--csv"]).run();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stdout(&output).contains("\nsettings,fail,"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_clock_that_is_an_hour_off_is_wrong() {
    let server = Server::start();
    server
        .simulator()
        .set_clock_skew(wats::jiff::SignedDuration::from_hours(1));
    let output = server.wats(["doctor", "--json"]).run();
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let (state, found) = check(&document(&output), "clock");
    assert_eq!(state, "fail");
    assert!(found.contains("ahead"), "{found}");
}

#[test]
fn a_queue_with_reports_that_are_set_aside_is_a_warning() {
    let server = Server::start();
    enqueue(&server.folder().join("q"), &[refused(1)]);
    server
        .wats(["queue", "drain", "--dir", "q"])
        .assert()
        .code(3);
    let output = server.wats(["doctor", "--json", "--queue", "q"]).run();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(check(&document(&output), "queue").0, "warn");
    // One that is no folder is told, whatever the server says.
    std::fs::write(server.folder().join("file"), "").unwrap();
    let output = server.wats(["doctor", "--json", "--queue", "file"]).run();
    assert_eq!(check(&document(&output), "queue").0, "warn");
}
