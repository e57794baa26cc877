//! The client: makes the core that all services share, and gives out the services on it.

use std::sync::Arc;

use wats_codec::{Format, Limits, Serializer};
use wats_http::Client;

use crate::ask::{Ask, CacheOptions, CachesStats, Core};
use crate::process::ProcessService;
use crate::product::ProductService;
use crate::report::ReportService;
use crate::route;

/// A WATS server. Cheap to clone; clones share connections and caches.
///
/// ```no_run
/// use wats_domains::Wats;
///
/// # async fn example() -> wats_domains::Result<()> {
/// let wats = Wats::builder().base_url("https://company.wats.com").token("dXNlcjpwYXNz").build()?;
/// let product = wats.product().get("PCBA-001").await?;
/// println!("{}", product.name.as_deref().unwrap_or("no name"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Wats {
    core: Arc<Core>,
}

impl Wats {
    pub(crate) fn new(client: Client, cache: &CacheOptions) -> Self {
        // One answer, one cap: what the transport lets through can be read.
        let limits = Limits::default().max_bytes(client.limits().decoded);
        let json = Serializer::new(Format::Json).limits(limits);
        Self {
            core: Arc::new(Core::new(client, json, cache)),
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
