//! The root of the typed layer: makes the core that all services share, and the services on it.

use std::sync::Arc;

use wats_codec::{Format, Limits, Serializer};
use wats_http::Client;

use crate::ask::{Ask, CacheOptions, CachesStats, Core};
use crate::process::ProcessService;
use crate::product::ProductService;
use crate::report::ReportService;
use crate::route;

/// Options of the typed layer.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ApiOptions {
    /// How long answers are kept in memory.
    pub cache: CacheOptions,
}

impl ApiOptions {
    /// Sets how long answers are kept in memory.
    pub fn cache(mut self, options: CacheOptions) -> Self {
        self.cache = options;
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
    core: Arc<Core>,
}

impl Api {
    /// Puts the typed layer on a transport.
    pub fn new(client: Client, options: &ApiOptions) -> Self {
        // One answer, one cap: what the transport lets through can be read.
        let limits = Limits::default().max_bytes(client.limits().decoded);
        let json = Serializer::new(Format::Json).limits(limits);
        Self {
            core: Arc::new(Core::new(client, json, &options.cache)),
        }
    }

    /// Products: get, query, get many at once, save.
    pub fn product(&self) -> ProductService {
        ProductService::new(&self.core)
    }

    /// Processes (operation types), cached.
    pub fn process(&self) -> ProcessService {
        ProcessService::new(&self.core)
    }

    /// Test reports: submit, read back, query headers.
    pub fn report(&self) -> ReportService {
        ReportService::new(&self.core)
    }

    /// The server's version, such as `2025.3.9.824`.
    ///
    /// # Errors
    /// The call fails; see [`Error`](crate::Error).
    pub fn version(&self) -> Ask<String> {
        self.core.ask(&route::version, Ok(route::version.call()))
    }

    /// What is kept in memory and how often that has answered.
    pub fn cache_stats(&self) -> CachesStats {
        self.core.cache_stats()
    }

    /// The transport underneath, for calls that are not typed yet and for its statistics.
    pub fn http(&self) -> &Client {
        self.core.http()
    }
}
