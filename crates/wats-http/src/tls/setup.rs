//! From a [`TlsConfig`] to rustls.
//!
//! The configuration is built on the first TLS connection and kept: reading the system's certificates costs
//! milliseconds, and a client that only speaks plain HTTP must work on a machine that has none.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};

use super::TlsConfig;
use super::verify::{AcceptAny, Known};
use crate::address::BaseUrl;
use crate::error::{Error, ErrorKind, Result};

/// The cryptography: aws-lc where it is built in, otherwise ring. Always named, never taken from the process's default,
/// which belongs to the application.
pub(super) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "tls-aws-lc")]
    return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(feature = "tls-aws-lc"))]
    return Arc::new(rustls::crypto::ring::default_provider());
}

/// Random bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| Error::request("the operating system gives no random numbers"))?;
    Ok(bytes)
}

/// Makes TLS client configurations on demand.
#[derive(Debug)]
pub(crate) struct Tls {
    config: TlsConfig,
    http2: bool,
    /// Held while it is built, so that simultaneous first connections read the system's certificates once.
    ready: Mutex<Option<Arc<ClientConfig>>>,
}

impl Tls {
    pub(crate) fn new(config: TlsConfig, http2: bool) -> Self {
        Self {
            config,
            http2,
            ready: Mutex::default(),
        }
    }

    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &*ready {
            return Ok(Arc::clone(ready));
        }
        let built = Arc::new(self.build()?);
        *ready = Some(Arc::clone(&built));
        Ok(built)
    }

    /// The name that the certificate of a server must carry.
    pub(crate) fn server_name(&self, origin: &BaseUrl) -> Result<ServerName<'static>> {
        self.name(&origin.host)
    }

    /// The same for a server that is called by this name or address.
    pub(super) fn name(&self, host: &str) -> Result<ServerName<'static>> {
        match &self.config.server_name {
            Some(pinned) => Ok(pinned.clone()),
            None => super::server_name(host),
        }
    }

    fn build(&self) -> Result<ClientConfig> {
        let provider = provider();
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|source| {
                Error::new(ErrorKind::Tls)
                    .message("TLS cannot be set up")
                    .source(source)
            })?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(&provider)?);
        let mut config = match &self.config.identity {
            Some(identity) => builder
                .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(identity)))),
            None => builder.with_no_client_auth(),
        };
        if self.http2 {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(config)
    }

    /// Who judges the server's certificate.
    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        if self.config.verify_nothing {
            tracing::warn!(
                "certificates are not verified: anybody can read and change what is sent"
            );
            return Ok(Arc::new(AcceptAny::new(provider)));
        }
        let system = if self.config.only_extra {
            None
        } else {
            self.platform_verifier(provider)
        };
        let verifier = match system {
            Some(system) => system,
            None => self.static_verifier(provider)?,
        };
        if self.config.extra.is_empty() {
            return Ok(verifier);
        }
        let extra = &self.config.extra;
        Ok(Arc::new(Known::new(extra, provider, verifier)))
    }

    /// The operating system's verifier; `None` where it is not wanted or the system has no certificates.
    #[cfg(feature = "platform-roots")]
    fn platform_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Option<Arc<dyn ServerCertVerifier>> {
        use rustls_platform_verifier::Verifier;
        // With extra roots an empty store would go unnoticed, and public servers with it.
        let system = Verifier::new(Arc::clone(provider));
        let verifier = if self.config.extra.is_empty() {
            system
        } else {
            let extra = self.config.extra.iter().cloned();
            system.and_then(|_| Verifier::new_with_extra_roots(extra, Arc::clone(provider)))
        };
        let verifier = verifier.inspect_err(|error| {
            tracing::warn!(%error, "the system has no usable CA certificates; using the built-in ones");
        });
        Some(Arc::new(verifier.ok()?))
    }

    #[cfg(not(feature = "platform-roots"))]
    #[expect(clippy::unused_self, reason = "same shape as with the feature")]
    fn platform_verifier(&self, _: &Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
        None
    }

    /// Judges by a fixed set of roots.
    fn static_verifier(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>> {
        let roots = Arc::new(self.static_roots()?);
        let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider));
        let verifier = builder
            .build()
            .map_err(|source| Error::config("the CA certificates cannot be used").source(source))?;
        Ok(verifier)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_built_once() {
        let tls = Tls::new(TlsConfig::default(), true);
        let built: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| tls.client_config().unwrap()))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(built.iter().all(|one| Arc::ptr_eq(one, &built[0])));
    }
}
