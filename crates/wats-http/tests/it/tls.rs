//! A private CA, client certificates, pinned names, and the one dangerous switch, against real TLS servers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::Arc;

use crate::common::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
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

/// A server with a certificate that `make` makes of these parameters; its address and the certificate as PEM.
async fn showing(
    params: CertificateParams,
    make: impl FnOnce(&CertificateParams, &KeyPair) -> rcgen::Certificate,
) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = make(&params, &key);
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
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n\r\n") && stream.read_buf(&mut read).await.unwrap() > 0 {}
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, certificate.pem())
}

fn for_localhost(is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = is_ca;
    params
}

fn self_signed(params: &CertificateParams, key: &KeyPair) -> rcgen::Certificate {
    params.self_signed(key).unwrap()
}

const CA: IsCa = IsCa::Ca(BasicConstraints::Unconstrained);

#[tokio::test]
async fn a_certificate_that_was_named_is_trusted_whoever_signed_it() {
    let authority = Authority::new();
    let mut for_servers = for_localhost(CA);
    for_servers.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    for (url, pem) in [
        showing(for_localhost(CA), self_signed).await,
        showing(for_localhost(IsCa::NoCa), self_signed).await,
        showing(for_localhost(IsCa::ExplicitNoCa), self_signed).await,
        showing(
            for_localhost(IsCa::Ca(BasicConstraints::Constrained(0))),
            self_signed,
        )
        .await,
        showing(for_servers, self_signed).await,
        // By an authority that is not trusted.
        showing(for_localhost(IsCa::NoCa), |params, key| {
            params.signed_by(key, authority.issuer()).unwrap()
        })
        .await,
    ] {
        let unknown = get(&url, TlsConfig::default()).await.unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Tls, "{unknown:#}");
        assert!(format!("{unknown:#}").contains("very certificate of the server"));
        for tls in [
            TlsConfig::default().only_ca_pem(&pem),
            TlsConfig::default().add_ca_pem(&pem),
            TlsConfig::default().only_ca_pem(&format!("{}{pem}", authority.pem)),
        ] {
            get(&url, tls.unwrap()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn the_dates_and_names_of_a_certificate_that_was_named_count_all_the_same() {
    let change = |change: fn(&mut CertificateParams), is_ca| {
        let mut params = for_localhost(is_ca);
        change(&mut params);
        showing(params, self_signed)
    };
    for is_ca in [CA, IsCa::NoCa] {
        for ((url, pem), why) in [
            (
                change(|p| p.not_after = rcgen::date_time_ymd(2020, 1, 1), is_ca).await,
                "expired",
            ),
            (
                change(|p| p.not_before = rcgen::date_time_ymd(2999, 1, 1), is_ca).await,
                "not valid yet",
            ),
            (
                change(
                    |p| {
                        p.subject_alt_names =
                            vec![rcgen::SanType::DnsName("other.example".try_into().unwrap())];
                    },
                    is_ca,
                )
                .await,
                "other.example",
            ),
        ] {
            let tls = TlsConfig::default().only_ca_pem(&pem).unwrap();
            let error = get(&url, tls).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{error:#}");
            assert!(format!("{error:#}").contains(why), "{why}: {error:#}");
        }
    }
}

#[tokio::test]
async fn another_certificate_of_the_same_name_is_not_the_one_that_was_named() {
    for is_ca in [CA, IsCa::NoCa] {
        let (url, _) = showing(for_localhost(is_ca), self_signed).await;
        let (_, pem) = showing(for_localhost(is_ca), self_signed).await;
        let tls = TlsConfig::default().only_ca_pem(&pem).unwrap();
        let error = get(&url, tls).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:#}");
    }
}

#[tokio::test]
async fn files_of_certificates_are_read_as_people_have_them() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let pem = server.ca_pem.clone().unwrap();
    let other = Authority::new().pem;
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for (what, bytes) in [
        (
            "Latin-1 before",
            [b"# Universit\xe4t\n", pem.as_bytes()].concat(),
        ),
        ("a mark", [b"\xef\xbb\xbf", pem.as_bytes()].concat()),
        (
            "PowerShell",
            utf16(&format!("# æ\r\n{}", pem.replace('\n', "\r\n"))),
        ),
        ("CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("CR", pem.replace('\n', "\r").into_bytes()),
        (
            "indented",
            format!("  {}", pem.replace('\n', "\n  ")).into_bytes(),
        ),
        ("several", format!("{other}subject=x\n{pem}").into_bytes()),
        (
            "behind",
            [pem.as_bytes(), b"\n\xff\xfe trailing -----\n"].concat(),
        ),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let tls = TlsConfig::default().only_ca_file(&file);
        let tls = tls.unwrap_or_else(|error| panic!("{what}: {error:#}"));
        get(&server.url(), tls).await.unwrap();
    }
    let mine = authority().issue(&["station-7"]);
    let key = folder.path().join("key.pem");
    std::fs::write(&file, utf16(&mine.chain_pem)).unwrap();
    std::fs::write(&key, utf16(&mine.key_pem)).unwrap();
    TlsConfig::default()
        .client_certificate_files(&file, &key)
        .unwrap();
    let half = &pem[..pem.len() / 2];
    let broken = pem.replacen('M', "A", 1);
    for (bytes, words) in [
        (&b"\x30\x82\x01\x00"[..], "DER"),
        (b"", "no certificate"),
        (half.as_bytes(), "ca.pem"),
        (broken.as_bytes(), "certificate 1 of"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let error = TlsConfig::default().add_ca_file(&file).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error:#}");
    }
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

#[tokio::test]
async fn a_probe_tells_how_far_the_way_goes() {
    let server = Server::start(Speaks::Tls, |_| async { ok("x") }).await;
    let built = client(&server.url()).tls(trusting(&server)).build();
    let way = built.unwrap().probe().await;
    assert!(!way.addresses.unwrap().is_empty());
    way.connected.unwrap().unwrap();
    let tls = way.tls.unwrap().unwrap();
    assert_eq!(tls.version, "TLSv1_3");
    assert!(tls.certificates > 0 && tls.valid_until.is_some(), "{tls:?}");

    let stranger = client(&server.url()).build().unwrap().probe().await;
    stranger.connected.unwrap().unwrap();
    assert_eq!(stranger.tls.unwrap().unwrap_err().kind(), ErrorKind::Tls);

    let nobody = client("https://nobody.invalid").build().unwrap();
    let nobody = nobody.probe().await;
    assert!(nobody.addresses.is_err() && nobody.connected.is_none());

    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let dead = client(&url).build().unwrap().probe().await;
    assert!(dead.connected.unwrap().is_err() && dead.tls.is_none());
}
