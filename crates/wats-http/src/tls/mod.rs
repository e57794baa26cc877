//! TLS: rustls, the operating system's roots, private CAs, client certificates.
//!
//! [`TlsConfig`] is what the user says and checks what it is given at once; [`setup`] makes a rustls configuration of
//! it on the first TLS connection; [`verify`] judges what was named by sight, and has the one dangerous choice; [`pem`]
//! reads files as people have them; [`validity`] reads until when a certificate holds; [`connector`] is for protocols other than
//! HTTP.

mod connector;
mod pem;
mod setup;
mod validity;
mod verify;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;

pub use self::connector::TlsConnector;
pub(crate) use self::setup::{Tls, random};
pub(crate) use self::validity::{issuer, not_after};
use crate::error::{Error, Result};

/// Which servers a client trusts, and how it shows who it is.
///
/// By default the operating system's certificate store is trusted (feature `platform-roots`), or Mozilla's roots where
/// there is none.
///
/// ```no_run
/// use wats_http::TlsConfig;
///
/// # fn example() -> wats_http::Result<()> {
/// let tls = TlsConfig::default()
///     .add_ca_file("factory/ca.pem")?
///     .client_certificate_files("factory/station-7.pem", "factory/station-7.key")?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct TlsConfig {
    extra: Vec<CertificateDer<'static>>,
    only_extra: bool,
    identity: Option<Arc<CertifiedKey>>,
    server_name: Option<ServerName<'static>>,
    verify_nothing: bool,
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig")
            .field("extra_cas", &self.extra.len())
            .field("only_extra_cas", &self.only_extra)
            .field("client_certificate", &self.identity.is_some())
            .field("server_name", &self.server_name)
            .field("verify_nothing", &self.verify_nothing)
            .finish()
    }
}

impl TlsConfig {
    /// Trusts the CA certificates of a PEM text in addition to the system's, such as a factory's own CA.
    ///
    /// A server that shows one of these certificates itself is trusted too, whoever signed it: a certificate as
    /// `openssl req -x509` makes it needs no CA. Its dates and the names in it count as those of any other.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the text is not PEM, holds no certificate, or one that cannot
    /// be used.
    ///
    /// ```
    /// use wats_http::TlsConfig;
    ///
    /// let error = TlsConfig::default().add_ca_pem("not a certificate").unwrap_err();
    /// assert!(error.to_string().contains("no certificate"));
    /// ```
    pub fn add_ca_pem(mut self, pem: &str) -> Result<Self> {
        self.extra
            .extend(authorities("the CA text", pem.as_bytes())?);
        Ok(self)
    }

    /// Trusts only the CA certificates of a PEM text and none of the system's.
    ///
    /// # Errors
    /// As [`add_ca_pem`](Self::add_ca_pem).
    pub fn only_ca_pem(self, pem: &str) -> Result<Self> {
        let mut config = self.add_ca_pem(pem)?;
        config.only_extra = true;
        Ok(config)
    }

    /// [`add_ca_pem`](Self::add_ca_pem) with a file, which is read now. What stands around the certificates is passed over,
    /// in whatever encoding; a file of PowerShell's in UTF-16 is read as well.
    ///
    /// # Errors
    /// As [`add_ca_pem`](Self::add_ca_pem), and when the file cannot be read.
    pub fn add_ca_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        let (name, pem) = read(path.as_ref())?;
        self.extra.extend(authorities(&name, &pem)?);
        Ok(self)
    }

    /// [`only_ca_pem`](Self::only_ca_pem) with a file, which is read now.
    ///
    /// # Errors
    /// As [`add_ca_file`](Self::add_ca_file).
    pub fn only_ca_file(self, path: impl AsRef<Path>) -> Result<Self> {
        let mut config = self.add_ca_file(path)?;
        config.only_extra = true;
        Ok(config)
    }

    /// Shows this certificate to servers that ask for one (mutual TLS). `chain` is PEM, the client's own certificate
    /// first; `key` is its private key as PEM (PKCS#8, PKCS#1 or SEC1), not encrypted. Both may be the same text.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when either cannot be read or the key does not belong to the
    /// certificate.
    pub fn client_certificate_pem(self, chain: &str, key: &str) -> Result<Self> {
        let (chain, key) = (chain.as_bytes(), key.as_bytes());
        self.identity("the client certificate", chain, "the client key", key)
    }

    /// [`client_certificate_pem`](Self::client_certificate_pem) with files, which are read now.
    ///
    /// # Errors
    /// As [`client_certificate_pem`](Self::client_certificate_pem), and when a file cannot be read.
    pub fn client_certificate_files(
        self,
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self> {
        let (chain_name, chain) = read(chain.as_ref())?;
        let (key_name, key) = read(key.as_ref())?;
        self.identity(&chain_name, &chain, &key_name, &key)
    }

    fn identity(
        mut self,
        chain_name: &str,
        chain: &[u8],
        key_name: &str,
        key: &[u8],
    ) -> Result<Self> {
        let chain = certificates(chain_name, chain)?;
        // The source is left out: it could quote the text.
        let key = PrivateKeyDer::from_pem_slice(&pem::plain(key)).map_err(|_| {
            Error::config(format!(
                "{key_name} holds no private key that can be read; it must contain `-----BEGIN PRIVATE KEY-----` and not be encrypted"
            ))
        })?;
        let identity = CertifiedKey::from_der(chain, key, &setup::provider()).map_err(|source| {
            Error::config(format!(
                "the private key cannot be used or does not belong to the certificate of {chain_name}"
            ))
            .source(source)
        })?;
        self.identity = Some(Arc::new(identity));
        Ok(self)
    }

    /// Expects this name in the server's certificate, and asks for it in the handshake (SNI), whatever host the base
    /// URL names. For servers that are reached by address or through a tunnel.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when no certificate can carry such a name.
    pub fn server_name(mut self, name: &str) -> Result<Self> {
        self.server_name = Some(server_name(name)?);
        Ok(self)
    }

    /// The same trust for servers that are not the configured one: without the client's certificate and the pinned name.
    pub(crate) fn for_strangers(&self) -> Self {
        Self {
            identity: None,
            server_name: None,
            ..self.clone()
        }
    }

    /// Takes any certificate from anybody: whoever sits between client and server can read and change everything,
    /// the token included. For a look at a test bench; [`add_ca_pem`](Self::add_ca_pem) is as easy and safe.
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.verify_nothing = true;
        self
    }
}

fn read(path: &Path) -> Result<(String, Vec<u8>)> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|source| Error::config(format!("`{name}` cannot be read")).source(source))?;
    Ok((name, bytes))
}

/// Certificates that can be trusted.
fn authorities(name: &str, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found = certificates(name, bytes)?;
    for (n, certificate) in (1..).zip(&found) {
        let usable = RootCertStore::empty().add(certificate.clone());
        usable.map_err(|source| {
            Error::config(format!("certificate {n} of {name} cannot be used")).source(source)
        })?;
    }
    Ok(found)
}

fn certificates(name: &str, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem::plain(bytes))
        .collect::<Result<_, _>>()
        .map_err(|source| Error::config(format!("{name} is not valid PEM")).source(source))?;
    if found.is_empty() {
        if bytes.starts_with(b"\x30\x82") {
            return Err(Error::config(format!(
                "{name} is DER and not PEM; `openssl x509 -inform der` makes one of the other"
            )));
        }
        return Err(Error::config(format!(
            "{name} holds no certificate; it must contain `-----BEGIN CERTIFICATE-----`"
        )));
    }
    Ok(found)
}

pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|source| {
        Error::config(format!(
            "`{host}` is not a name that a certificate can carry"
        ))
        .source(source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_found_at_once_and_no_key_is_shown() {
        let one = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["b".to_owned()]).unwrap();
        let (chain, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        let config = TlsConfig::default();
        let fits = config.clone().client_certificate_pem(&chain, &key).unwrap();
        let both = format!("{chain}{key}");
        config.clone().client_certificate_pem(&both, &both).unwrap();
        let body = key.lines().nth(1).unwrap();
        assert!(!format!("{fits:?}").contains(body));
        for (chain, key, words) in [
            (
                &*chain,
                &*other.signing_key.serialize_pem(),
                "does not belong",
            ),
            (&*chain, "", "no private key"),
            ("", &*key, "no certificate"),
            (
                &*chain,
                &*key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
                "not be encrypted",
            ),
        ] {
            let error = config
                .clone()
                .client_certificate_pem(chain, key)
                .unwrap_err();
            assert!(error.to_string().contains(words), "{error:#}");
            assert!(!format!("{error:#} {error:?}").contains(body));
        }
        let missing = config.clone().add_ca_file("/no/such/file").unwrap_err();
        assert!(missing.to_string().contains("/no/such/file"), "{missing}");
        assert!(config.server_name("not a name").is_err());
    }
}
