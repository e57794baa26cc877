//! A private CA, client certificates, pinned names, and the one dangerous switch, against real TLS servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

mod common;

use common::*;
use wats_http::{Call, Error, ErrorKind, TlsConfig};

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
        assert!(
            matches!(error.kind(), ErrorKind::Tls | ErrorKind::Transport),
            "{told}"
        );
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
