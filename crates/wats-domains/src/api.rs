//! The root of the typed layer: one client, one JSON codec, the caches, and a service per domain.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wats_codec::{Format, Limits, Serde, Serializer};
use wats_http::{Call, Client, Response};

use crate::error::{Error, Result};
use crate::process::{ProcessCache, ProcessService};
use crate::product::ProductService;
use crate::report::{InOrder, ReportService};
use crate::route::{self, Cached, Route};

/// Options of the typed layer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiOptions {
    /// How long the list of processes is served from memory. Default 5 minutes; zero keeps it until refreshed.
    pub process_ttl: Duration,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            process_ttl: Duration::from_secs(300),
        }
    }
}

impl ApiOptions {
    /// Sets how long the list of processes is served from memory.
    pub fn process_ttl(mut self, ttl: Duration) -> Self {
        self.process_ttl = ttl;
        self
    }
}

/// A WATS server, typed. Cheap to clone; clones share connections and caches.
///
/// ```no_run
/// use wats_domains::{Api, ApiOptions};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = wats_http::Client::builder().base_url("https://company.wats.com").token("dXNlcjpwYXNz").build()?;
/// let api = Api::new(client, &ApiOptions::default());
/// println!("{} speaks WATS {}", api.http().base_url(), api.version().await?);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Api {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    json: Serializer,
    processes: ProcessCache,
    submits: InOrder,
}

impl Api {
    /// Puts the typed layer on a transport.
    pub fn new(client: Client, options: &ApiOptions) -> Self {
        // One answer, one cap: what the transport lets through can be read.
        let limits = Limits::default().max_bytes(client.limits().decoded);
        let json = Serializer::new(Format::Json).limits(limits);
        Self {
            inner: Arc::new(Inner {
                client,
                json,
                processes: ProcessCache::new(options.process_ttl),
                submits: InOrder::default(),
            }),
        }
    }

    /// Products: get, query, get many at once, save.
    pub fn product(&self) -> ProductService<'_> {
        ProductService::new(self)
    }

    /// Processes (operation types), cached.
    pub fn process(&self) -> ProcessService<'_> {
        ProcessService::new(self)
    }

    /// Test reports: submit, read back, query headers.
    pub fn report(&self) -> ReportService<'_> {
        ReportService::new(self)
    }

    /// The server's version, such as `2025.3.9.824`.
    ///
    /// # Errors
    /// The call fails; see [`Error`].
    pub async fn version(&self) -> Result<String> {
        let route = &route::APP_VERSION;
        self.read(route, route.call()).await
    }

    /// The transport underneath, for calls that are not typed yet and for its statistics.
    pub fn http(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn processes(&self) -> &ProcessCache {
        &self.inner.processes
    }

    /// Where reports of one id wait for each other.
    pub(crate) fn submits(&self) -> &InOrder {
        &self.inner.submits
    }

    /// Sends a call and makes stale what the table says it makes stale.
    pub(crate) async fn send(&self, route: &Route, call: Call) -> Result<Response> {
        let outcome = self.inner.client.execute(call).await;
        // After a failure too: the server may have carried it out.
        for cached in route.stales {
            match cached {
                Cached::Processes => self.inner.processes.invalidate(),
            }
        }
        Ok(outcome?)
    }

    /// Sends a call and reads its JSON answer.
    pub(crate) async fn read<T: DeserializeOwned>(&self, route: &Route, call: Call) -> Result<T> {
        let response = self.send(route, call).await?;
        self.decode(&response)
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self, response: &Response) -> Result<T> {
        let Serde(answer) = response.decode_with(|body| self.inner.json.from_json(body))?;
        Ok(answer)
    }

    pub(crate) fn encode<T: Serialize>(&self, what: &'static str, value: &T) -> Result<Bytes> {
        match self.inner.json.to_vec(&Serde(value)) {
            Ok(bytes) => Ok(bytes.into()),
            Err(source) => Err(Error::Codec { what, source }),
        }
    }
}
