//! TLS over any stream, for protocols other than HTTP to servers that are trusted in the same way.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use super::{Tls, TlsConfig};

/// TLS over any stream, for the crates of this project that speak other protocols than HTTP. Not part of the stable
/// interface.
#[derive(Debug)]
#[doc(hidden)]
pub struct TlsConnector {
    tls: Tls,
}

impl TlsConnector {
    /// As in the configuration; the system's certificates are read on the first connect.
    pub fn new(config: TlsConfig) -> Self {
        Self {
            tls: Tls::new(config, false),
        }
    }

    /// Makes the handshake with the server of this name or address, without a protocol name (ALPN).
    ///
    /// # Errors
    /// When the server is not trusted, or the stream breaks.
    pub async fn connect<S>(
        &self,
        host: &str,
        stream: S,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + use<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let failed = |error: crate::Error| io::Error::other(format!("{error:#}"));
        let mut config = (*self.tls.client_config().map_err(failed)?).clone();
        config.alpn_protocols.clear();
        let name = self.tls.name(host).map_err(failed)?;
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
            .connect(name, stream)
            .await
    }
}
