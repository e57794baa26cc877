//! The clients under comparison, each reduced to "get the body of that address".
//!
//! All trust only the server's own certificate, so that nobody pays for reading the system's. Beyond that each does
//! what it does by default: ours has deadlines, repeats, size caps and a span; `hyper-util` legacy has none of them
//! and is the floor; reqwest stands between.

use crate::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use wats_http::http::Method;
use wats_http::{Call, Idempotency, Operation};

/// Idle connections every client may keep, where it can be told.
const MAX_IDLE: usize = 20;

/// Where to send requests.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Without a slash at the end.
    pub(crate) base_url: String,
    /// Certificate to trust; none without TLS.
    pub(crate) ca_pem: Option<String>,
    /// Whether idle connections are kept without a bound, as the load rows need, or at most [`MAX_IDLE`].
    pub(crate) keep_all_idle: bool,
}

/// A client of one target.
pub(crate) trait Get: Clone + Send + Sync + 'static {
    /// Name in the report.
    const NAME: &'static str;

    /// Makes the client; sends nothing.
    fn new(target: &Target) -> Result<Self>;

    /// One GET, with the whole body; its length.
    fn get(&self) -> impl Future<Output = Result<usize>> + Send;
}

const PATH: &str = "/api/Product/PN-1";
static GET: Operation = Operation::new("product.get", Method::GET, PATH, Idempotency::Idempotent);

#[derive(Clone)]
pub(crate) struct Ours(wats_http::Client);

impl Ours {
    /// Opens connections ahead of need.
    pub(crate) async fn warm(&self, n: usize) -> Result<()> {
        Ok(self.0.warm(n).await?)
    }
}

impl Get for Ours {
    const NAME: &'static str = "wats-http";

    fn new(target: &Target) -> Result<Self> {
        let mut pool = wats_http::PoolConfig::default().max_idle(MAX_IDLE);
        if target.keep_all_idle {
            pool = pool.max_idle(100);
        }
        // The rate limit is on and pays its way, but no client reaches it: half a million requests a second.
        let mut builder = wats_http::Client::builder()
            .base_url(&target.base_url)
            .token("ZGVtbzpkZW1v")
            .rate_limit(wats_http::RateLimit::new(500, Duration::from_millis(1)))
            .pool(pool);
        if let Some(pem) = &target.ca_pem {
            builder = builder.tls(wats_http::TlsConfig::default().only_ca_pem(pem)?);
        }
        Ok(Self(builder.build()?))
    }

    async fn get(&self) -> Result<usize> {
        Ok(self.0.execute(Call::new(&GET)).await?.into_body().len())
    }
}

#[derive(Clone)]
pub(crate) struct Legacy {
    client: legacy::Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    address: hyper::Uri,
}

impl Get for Legacy {
    const NAME: &'static str = "hyper-util legacy";

    fn new(target: &Target) -> Result<Self> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls_config(target.ca_pem.as_deref())?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(http);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(idle(target))
            .build(connector);
        Ok(Self {
            client,
            address: format!("{}{PATH}", target.base_url).parse()?,
        })
    }

    async fn get(&self) -> Result<usize> {
        let response = self.client.get(self.address.clone()).await?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status()).into());
        }
        Ok(response.into_body().collect().await?.to_bytes().len())
    }
}

#[derive(Clone)]
pub(crate) struct Reqwest {
    client: reqwest::Client,
    address: reqwest::Url,
}

impl Get for Reqwest {
    const NAME: &'static str = "reqwest";

    fn new(target: &Target) -> Result<Self> {
        let client = reqwest_client(target.ca_pem.as_deref())?
            .pool_max_idle_per_host(idle(target))
            .build()?;
        Ok(Self {
            client,
            address: format!("{}{PATH}", target.base_url).parse()?,
        })
    }

    async fn get(&self) -> Result<usize> {
        let response = self
            .client
            .get(self.address.clone())
            .send()
            .await?
            .error_for_status()?;
        Ok(response.bytes().await?.len())
    }
}

fn idle(target: &Target) -> usize {
    if target.keep_all_idle {
        usize::MAX
    } else {
        MAX_IDLE
    }
}

/// A reqwest client that trusts this certificate only.
pub(crate) fn reqwest_client(ca_pem: Option<&str>) -> Result<reqwest::ClientBuilder> {
    let mut tls = tls_config(ca_pem)?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls))
}

fn tls_config(ca_pem: Option<&str>) -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = ca_pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes())?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
