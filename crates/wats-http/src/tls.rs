//! TLS: rustls with ring, the operating system's roots, and private CAs on top.
//!
//! The configuration is built on the first TLS connection and kept: reading the system's certificates costs
//! milliseconds, and a client that only speaks plain HTTP must work on a machine that has none.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::error::{Error, ErrorKind, Result};

/// Which servers a client trusts.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TlsConfig {
    extra: Vec<CertificateDer<'static>>,
    only_extra: bool,
}

impl TlsConfig {
    /// Trusts the CA certificates of a PEM text in addition to the system's, such as a factory's own CA.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the text is not PEM or holds no certificate.
    ///
    /// ```
    /// use wats_http::TlsConfig;
    ///
    /// let error = TlsConfig::default().add_ca_pem("not a certificate").unwrap_err();
    /// assert!(error.to_string().contains("no certificate"));
    /// ```
    pub fn add_ca_pem(mut self, pem: &str) -> Result<Self> {
        let before = self.extra.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            self.extra.push(
                certificate.map_err(|source| {
                    Error::config("the CA text is not valid PEM").source(source)
                })?,
            );
        }
        if self.extra.len() == before {
            return Err(Error::config(
                "the CA text holds no certificate; it must contain `-----BEGIN CERTIFICATE-----`",
            ));
        }
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
}

/// Makes TLS client configurations on demand.
#[derive(Debug)]
pub(crate) struct Tls {
    config: TlsConfig,
    http2: bool,
    ready: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn new(config: TlsConfig, http2: bool) -> Self {
        Self {
            config,
            http2,
            ready: OnceLock::new(),
        }
    }

    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>> {
        if let Some(ready) = self.ready.get() {
            return Ok(Arc::clone(ready));
        }
        let built = Arc::new(self.build()?);
        Ok(Arc::clone(self.ready.get_or_init(|| built)))
    }

    fn build(&self) -> Result<ClientConfig> {
        let failed = |source: rustls::Error| {
            Error::new(ErrorKind::Tls)
                .message("TLS cannot be set up")
                .source(source)
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let mut config = match self.platform_verifier(&provider) {
            Some(verifier) => builder
                .dangerous()
                .with_custom_certificate_verifier(verifier),
            None => builder.with_root_certificates(self.static_roots()?),
        }
        .with_no_client_auth();
        if self.http2 {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(config)
    }

    /// The operating system's verifier; `None` where it is not wanted or the system has no certificates.
    #[cfg(feature = "platform-roots")]
    fn platform_verifier(
        &self,
        provider: &Arc<rustls::crypto::CryptoProvider>,
    ) -> Option<Arc<rustls_platform_verifier::Verifier>> {
        if self.config.only_extra {
            return None;
        }
        rustls_platform_verifier::Verifier::new_with_extra_roots(self.config.extra.iter().cloned(), Arc::clone(provider))
            .inspect_err(|error| tracing::warn!(%error, "the system has no usable CA certificates; using the built-in ones"))
            .ok()
            .map(Arc::new)
    }

    #[cfg(not(feature = "platform-roots"))]
    #[expect(clippy::unused_self, reason = "same shape as with the feature")]
    fn platform_verifier(
        &self,
        _: &Arc<rustls::crypto::CryptoProvider>,
    ) -> Option<Arc<dyn rustls::client::danger::ServerCertVerifier>> {
        None
    }

    fn static_roots(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        if !self.config.only_extra {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in &self.config.extra {
            roots.add(certificate.clone()).map_err(|source| {
                Error::config("a CA certificate cannot be used").source(source)
            })?;
        }
        Ok(roots)
    }
}

pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|source| {
        Error::config(format!(
            "`{host}` is not a name that a certificate can carry"
        ))
        .source(source)
    })
}
