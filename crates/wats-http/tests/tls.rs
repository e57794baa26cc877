//! A private CA, client certificates, pinned names, and the one dangerous switch, against real TLS servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

mod common;

use common::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wats_http::{Call, Error, ErrorKind, RetryConfig, TlsConfig};

async fn get(url: &str, tls: TlsConfig) -> Result<(), Error> {
    let client = client(url).tls(tls).build().unwrap();
    client.execute(Call::new(&GET)).await.map(drop)
}

fn trusting(server: &Server) -> TlsConfig {
    let pem = server.ca_pem.as_deref().unwrap();
    TlsConfig::default().only_ca_pem(pem).unwrap()
}

#[tokio::test]
async fn a_private_ca_is_trusted_beside_the_system_or_alone_from_text_or_file() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let pem = server.ca_pem.clone().unwrap();
    let file = std::env::temp_dir().join(format!("wats-http-ca-{}.pem", std::process::id()));
    std::fs::write(&file, &pem).unwrap();
    for tls in [
        TlsConfig::default().add_ca_pem(&pem),
        TlsConfig::default().only_ca_pem(&pem),
        TlsConfig::default().add_ca_file(&file),
        TlsConfig::default().only_ca_file(&file),
    ] {
        get(&server.url(), tls.unwrap()).await.unwrap();
    }
    std::fs::remove_file(file).unwrap();
    let unknown = get(&server.url(), TlsConfig::default()).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Tls, "{unknown:#}");
}

#[tokio::test]
async fn a_client_certificate_opens_what_is_closed_without() {
    let server = Server::start(Speaks::MutualTls, |_| async { ok("x") }).await;
    let mine = authority().issue(&["station-7"]);
    let tls = trusting(&server)
        .client_certificate_pem(&mine.chain_pem, &mine.key_pem)
        .unwrap();
    get(&server.url(), tls).await.unwrap();
    // In TLS 1.3 the server's refusal may come after the handshake.
    let stranger = Authority::new().issue(&["station-7"]);
    let tls = trusting(&server)
        .client_certificate_pem(&stranger.chain_pem, &stranger.key_pem)
        .unwrap();
    for tls in [trusting(&server), tls] {
        let error = get(&server.url(), tls).await.unwrap_err();
        let told = format!("{error:#}");
        assert_eq!(error.kind(), ErrorKind::Tls, "{told}");
        assert!(told.contains("fatal alert"), "{told}");
    }
}

#[tokio::test]
async fn the_pinned_name_counts_and_not_the_address() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let pinned = trusting(&server).server_name("pinned.example").unwrap();
    get(&server.url(), pinned).await.unwrap();
    let wrong = trusting(&server).server_name("other.example").unwrap();
    let error = get(&server.url(), wrong).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:#}");
}

#[tokio::test]
async fn danger_takes_any_certificate() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let tls = TlsConfig::default().danger_accept_any_certificate();
    get(&server.url(), tls).await.unwrap();
}

/// A server that does so much of a handshake, and its address.
async fn cutting(how: How) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(how(stream));
        }
    });
    format!("https://{address}")
}

type Cut = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

type How = fn(tokio::net::TcpStream) -> Cut;

/// A balancer that restarts, a machine in between that resets: nothing was sent, so any call may be made again, and no
/// certificate is to blame.
#[tokio::test]
async fn a_connection_that_is_cut_in_the_handshake_is_one_that_failed() {
    let cuts: [(&str, How); 4] = [
        ("closed at once", |stream| {
            Box::pin(async move { drop(stream) })
        }),
        ("reset in the middle of the hello", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 16]).await;
            })
        }),
        ("closed in order after the hello", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.shutdown().await;
            })
        }),
        ("cut in the middle of the answer to it", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&[22, 3, 3, 0, 122, 2, 0, 0, 118]).await;
                let _ = stream.shutdown().await;
            })
        }),
    ];
    for (what, how) in cuts {
        let url = cutting(how).await;
        let client = client(&url).retry(three_times()).build().unwrap();
        for operation in [&POST, &GET] {
            let error = client.execute(Call::new(operation)).await.unwrap_err();
            let told = format!("{what}: {error:#}");
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Connect, 3),
                "{told}"
            );
            assert!(!told.contains("CA"), "{told}");
        }
    }
}

/// What TLS itself has against the other side stays so: no further try would change it.
#[tokio::test]
async fn a_server_that_speaks_no_tls_or_refuses_the_handshake_is_asked_once() {
    let refusals: [(&str, How); 3] = [
        ("plain HTTP", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                let _ = stream.shutdown().await;
            })
        }),
        ("handshake_failure", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
            })
        }),
        ("no_application_protocol", |mut stream| {
            Box::pin(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 120]).await;
            })
        }),
    ];
    for (what, how) in refusals {
        let url = cutting(how).await;
        let client = client(&url).retry(three_times()).build().unwrap();
        let error = client.execute(Call::new(&GET)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Tls, 1),
            "{what}: {error:#}"
        );
    }
}

fn three_times() -> RetryConfig {
    RetryConfig::default()
        .max_attempts(3)
        .base_delay(std::time::Duration::from_millis(1))
}
