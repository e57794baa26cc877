//! Real proxies between client and server: which way requests take, and what a refusal looks like.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use crate::common::proxies::Proxy;
use crate::common::*;
use wats_http::http::Version;
use wats_http::{Call, Client, Error, ErrorKind, ProxyConfig, ProxyCredentials, TlsConfig};

async fn start(speaks: Speaks) -> Server {
    Server::start(speaks, |request| async move {
        assert!(!request.headers().contains_key("proxy-authorization"));
        assert_eq!(request.headers()["authorization"], format!("Basic {TOKEN}"));
        ok("x")
    })
    .await
}

fn through(proxy: ProxyConfig, server: &Server) -> Client {
    let builder = client(&server.url()).proxy(proxy);
    match &server.ca_pem {
        Some(pem) => builder.tls(TlsConfig::default().only_ca_pem(pem).unwrap()),
        None => builder,
    }
    .build()
    .unwrap()
}

fn at(scheme: &str, proxy: &Proxy) -> ProxyConfig {
    ProxyConfig::url(&format!("{scheme}://{}", proxy.address)).unwrap()
}

#[tokio::test]
async fn tls_goes_through_a_tunnel() {
    let server = start(Speaks::Tls).await;
    let proxy = Proxy::http(None).await;
    let client = through(at("http", &proxy), &server);
    for _ in 0..3 {
        let response = client.execute(Call::new(&GET)).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_2);
    }
    let asked = proxy.asked();
    assert_eq!(asked, [format!("CONNECT {} HTTP/1.1", server.address)]);
}

/// To CONNECT or in the place of a server: it is the proxy that speaks.
#[tokio::test]
async fn a_proxy_that_wants_a_login_is_told_the_same_whether_it_tunnels_or_forwards() {
    let proxy = "HTTP/1.1 407 Proxy Authentication Required\r\n\
        proxy-authenticate: Basic realm=\"p\"\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
    let mut told = Vec::new();
    for base in ["https://wats.example", "http://wats.example"] {
        let proxy = answering(proxy).await;
        let config = ProxyConfig::url(&proxy).unwrap();
        let client = client(base).proxy(config).build().unwrap();
        let error = client.execute(Call::new(&GET)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Proxy, 1),
            "{error:#}"
        );
        let line = error.to_string();
        told.push(
            line.split("the proxy ")
                .nth(1)
                .unwrap()
                .split_once(' ')
                .unwrap()
                .1
                .to_owned(),
        );
        assert!(
            format!("{error:#}").contains("user name and password"),
            "{error:#}"
        );
    }
    assert_eq!(told[0], told[1]);
    // A server that says so without a proxy speaks for itself, and so does one behind a proxy that says anything else.
    let direct = client(&answering(proxy).await).build().unwrap();
    let error = direct.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.status().map(|s| s.as_u16()), Some(407));
    let refusing = answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await;
    let config = ProxyConfig::url(&refusing).unwrap();
    let client = client("http://wats.example").proxy(config).build().unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.status().map(|s| s.as_u16()), Some(403));
}

#[tokio::test]
async fn plain_requests_are_forwarded() {
    let server = start(Speaks::Plain).await;
    let proxy = Proxy::http(Some("me:pass:word")).await;
    let config = at("http", &proxy)
        .credentials(ProxyCredentials {
            user: "me",
            password: "pass:word",
        })
        .unwrap();
    through(config, &server)
        .execute(Call::new(&GET).query("a", "b"))
        .await
        .unwrap();
    let address = server.address;
    assert_eq!(
        proxy.asked(),
        [format!("GET http://{address}/get?a=b HTTP/1.1")]
    );
}

#[tokio::test]
async fn a_password_opens_a_tunnel_and_its_lack_is_told() {
    let server = start(Speaks::TlsHttp1Only).await;
    let proxy = Proxy::http(Some("me:hunter2")).await;
    let url = format!("http://me:hunter2@{}", proxy.address);
    through(ProxyConfig::url(&url).unwrap(), &server)
        .execute(Call::new(&GET))
        .await
        .unwrap();
    let wrong = at("http", &proxy)
        .credentials(ProxyCredentials {
            user: "me",
            password: "hunter3",
        })
        .unwrap();
    for config in [at("http", &proxy), wrong] {
        let error = failing(config, &server).await;
        assert_eq!(error.kind(), ErrorKind::Proxy);
        let line = format!("{error:#} {error:?}");
        assert!(line.contains("user name and password"), "{line}");
        assert!(!line.contains("hunter"), "{line}");
    }
    let plain = start(Speaks::Plain).await;
    let error = failing(at("http", &proxy), &plain).await;
    assert!(format!("{error:#}").contains("ProxyConfig::credentials"));
}

#[tokio::test]
async fn socks5_with_names_and_passwords() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = start(speaks).await;
        let proxy = Proxy::socks5(Some("me:hunter2")).await;
        let url = server.url().replace("127.0.0.1", "localhost");
        let port = server.address.port();
        for (scheme, asked) in [
            ("socks5h", format!("SOCKS5 localhost:{port}")),
            ("socks5", format!("SOCKS5 127.0.0.1:{port}")),
        ] {
            let config = at(scheme, &proxy)
                .credentials(ProxyCredentials {
                    user: "me",
                    password: "hunter2",
                })
                .unwrap();
            let builder = client(&url).proxy(config);
            let client = match &server.ca_pem {
                Some(pem) => builder.tls(TlsConfig::default().only_ca_pem(pem).unwrap()),
                None => builder,
            };
            client
                .build()
                .unwrap()
                .execute(Call::new(&GET))
                .await
                .unwrap();
            assert_eq!(proxy.asked().pop().unwrap(), asked);
        }
        let error = failing(at("socks5", &proxy), &server).await;
        assert_eq!(error.kind(), ErrorKind::Proxy, "{error:#}");
    }
}

#[tokio::test]
async fn a_login_is_no_hindrance_where_none_is_needed() {
    let server = start(Speaks::Plain).await;
    let proxy = Proxy::socks5(None).await;
    let config = at("socks5h", &proxy)
        .credentials(ProxyCredentials {
            user: "me",
            password: "pw",
        })
        .unwrap();
    let client = through(config, &server);
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(proxy.asked(), [format!("SOCKS5 {}", server.address)]);
}

#[tokio::test]
async fn hosts_of_no_proxy_are_reached_directly() {
    let server = start(Speaks::Plain).await;
    let proxy = Proxy::http(None).await;
    let config = at("http", &proxy).no_proxy("intranet.example, 127.0.0.0/8");
    through(config, &server)
        .execute(Call::new(&GET))
        .await
        .unwrap();
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn refusals_are_told_from_passing_trouble() {
    let server = start(Speaks::Tls).await;
    for (head, kind, words) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", ErrorKind::Proxy, "403"),
        ("HTTP/1.1 503 Busy\r\n\r\n", ErrorKind::Connect, "503"),
        (
            "SSH-2.0-OpenSSH\r\n\r\n",
            ErrorKind::Connect,
            "did not connect",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nearly",
            ErrorKind::Proxy,
            "before the server",
        ),
    ] {
        let proxy = Proxy::answering(head).await;
        let error = failing(at("http", &proxy), &server).await;
        assert_eq!(error.kind(), kind, "{head}: {error:#}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let config = ProxyConfig::url(&nobody.to_string()).unwrap();
    let error = failing(config, &server).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        error
            .to_string()
            .contains(&format!("the proxy at {nobody}")),
        "{error}"
    );
}

async fn failing(proxy: ProxyConfig, server: &Server) -> Error {
    let client = through(proxy, server);
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    until_free(&client).await;
    error
}
