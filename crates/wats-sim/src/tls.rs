//! TLS: a certificate authority made at start, and a server certificate it signed.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{Span, Timestamp, tz::TimeZone};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::Error;

/// What a server needs for TLS, and what a client needs to trust it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

/// Makes a new authority and a certificate for `localhost`, `127.0.0.1`, `::1`, and the address that is listened on.
pub(crate) fn make(http1_only: bool, host: IpAddr) -> Result<Tls, Error> {
    let boxed = |error: rcgen::Error| Error::Certificate(Box::new(error));

    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "wats-sim test authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    set_validity(&mut ca);
    let ca_key = KeyPair::generate().map_err(boxed)?;
    let ca_certificate = ca.self_signed(&ca_key).map_err(boxed)?;
    let issuer = Issuer::new(ca, ca_key);

    let names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        host.to_string(),
    ];
    let mut leaf = CertificateParams::new(names).map_err(boxed)?;
    leaf.distinguished_name.push(DnType::CommonName, "wats-sim");
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    set_validity(&mut leaf);
    let leaf_key = KeyPair::generate().map_err(boxed)?;
    let leaf_certificate = leaf.signed_by(&leaf_key, &issuer).map_err(boxed)?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(vec![leaf_certificate.der().clone()], key)
        })
        .map_err(|error| Error::Certificate(Box::new(error)))?;
    config.alpn_protocols = if http1_only {
        vec![b"http/1.1".to_vec()]
    } else {
        vec![b"h2".to_vec(), b"http/1.1".to_vec()]
    };
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_pem: ca_certificate.pem(),
    })
}

/// From yesterday for a year: some verifiers refuse certificates that live for much longer.
fn set_validity(params: &mut CertificateParams) {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let civil = |date: jiff::civil::Date| {
        rcgen::date_time_ymd(i32::from(date.year()), date.month() as u8, date.day() as u8)
    };
    params.not_before = civil(today.saturating_sub(Span::new().days(1)));
    params.not_after = civil(today.saturating_add(Span::new().days(365)));
}
