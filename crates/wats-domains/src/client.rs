//! The client: makes the core that all services share, and gives out the services on it.

use std::sync::Arc;

use wats_codec::{Format, Limits, Serializer};
use wats_http::Client;

use crate::analytics::AnalyticsService;
use crate::ask::{Ask, CacheOptions, CachesStats, Core, MakeTier};
use crate::asset::AssetService;
use crate::auth::AuthService;
use crate::barcode::BarcodeService;
use crate::batching::Batching;
use crate::bulk::BatchingOptions;
use crate::error::Result;
use crate::export::ExportService;
use crate::manual_inspection::ManualInspectionService;
use crate::process::ProcessService;
use crate::product::ProductService;
use crate::production::ProductionService;
use crate::report::ReportService;
use crate::root_cause::RootCauseService;
use crate::route;
use crate::scim::ScimService;
use crate::server::ServerService;
use crate::software::SoftwareService;
use crate::station::StationDefaults;
use crate::system::SystemService;
use crate::workflow::WorkflowService;

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
    pub(crate) core: Arc<Core>,
    batching: Option<Arc<Batching>>,
    /// What is shared with other processes.
    #[cfg(feature = "redis")]
    pub(crate) sharing: Option<Arc<crate::shared::Maker>>,
    /// What reports begin with.
    pub(crate) defaults: Arc<StationDefaults>,
}

impl Wats {
    pub(crate) fn new(client: Client, cache: &CacheOptions) -> Self {
        Self::on(client, cache, None)
    }

    /// With what holds the answers that other processes share, if they do.
    pub(crate) fn on(
        client: Client,
        cache: &CacheOptions,
        tiers: Option<Arc<dyn MakeTier>>,
    ) -> Self {
        // One answer, one cap: what the transport lets through can be read.
        let limits = Limits::default().max_bytes(client.limits().decoded);
        let json = Serializer::new(Format::Json).limits(limits);
        Self {
            core: Arc::new(Core::new(client, json, cache, tiers)),
            batching: None,
            #[cfg(feature = "redis")]
            sharing: None,
            defaults: Arc::default(),
        }
    }

    /// The same client, whose single look-ups share queries when they are made at once:
    /// [`product().summary`](ProductService::summary), [`asset().summary`](AssetService::summary) and
    /// [`report().header`](ReportService::header). Each waits up to 10 ms for others, and has the outcome that it would
    /// have alone; a query that fails is the failure of all who share it.
    ///
    /// What lists do not show is not gathered: [`product().get`](ProductService::get) gives more than a list, and is a
    /// request of its own as before. Connections and caches are those of the client that it is made of.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// let api = api.batching();
    /// let (products, other) = (api.product(), api.product());
    /// let (first, second) = (products.summary("PCBA-001"), other.summary("PCBA-002"));
    /// let (first, second) = tokio::try_join!(first, second)?; // one request
    /// # let _ = (first, second);
    /// # Ok(()) }
    /// ```
    pub fn batching(&self) -> Self {
        // The defaults can be kept, so there is no error; without batching the outcomes are the same.
        self.batching_with(&BatchingOptions::default())
            .unwrap_or_else(|_| self.clone())
    }

    /// As [`batching`](Self::batching), with options.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for options that cannot be kept.
    pub fn batching_with(&self, options: &BatchingOptions) -> Result<Self> {
        Ok(Self {
            batching: Some(Arc::new(Batching::new(&self.core, options)?)),
            ..self.clone()
        })
    }

    fn gathered<T>(&self, of: impl Fn(&Batching) -> &Arc<T>) -> Option<Arc<T>> {
        self.batching
            .as_deref()
            .map(|batching| Arc::clone(of(batching)))
    }

    /// Products: get, query, get many at once, save.
    pub fn product(&self) -> ProductService {
        let gathered = self.gathered(|batching| &batching.products);
        ProductService::new(&self.core).sharing(gathered)
    }

    /// Processes (operation types), cached.
    pub fn process(&self) -> ProcessService {
        ProcessService::new(&self.core)
    }

    /// Test reports: submit, read back, query headers.
    pub fn report(&self) -> ReportService {
        let gathered = self.gathered(|batching| &batching.headers);
        ReportService::new(&self.core).sharing(gathered)
    }

    /// Statistics of the factory: yields, volumes, failures, measurements, levels and product groups.
    pub fn analytics(&self) -> AnalyticsService {
        AnalyticsService::new(&self.core)
    }

    /// Assets: instruments, fixtures and what else is calibrated, maintained and counted.
    pub fn asset(&self) -> AssetService {
        let gathered = self.gathered(|batching| &batching.assets);
        AssetService::new(&self.core).sharing(gathered)
    }

    /// Tokens of the server.
    pub fn auth(&self) -> AuthService {
        AuthService::new(&self.core)
    }

    /// Identifiers of barcodes: which part of a code is what.
    pub fn barcode(&self) -> BarcodeService {
        BarcodeService::new(&self.core)
    }

    /// Files that the server makes of reports.
    pub fn export(&self) -> ExportService {
        ExportService::new(&self.core)
    }

    /// Manual inspections: sequences that an operator goes through. All of it is internal.
    pub fn manual_inspection(&self) -> ManualInspectionService {
        ManualInspectionService::new(&self.core)
    }

    /// Units, their serial numbers, phases, parents and children.
    pub fn production(&self) -> ProductionService {
        ProductionService::new(&self.core)
    }

    /// Tickets of the root cause analysis.
    pub fn root_cause(&self) -> RootCauseService {
        RootCauseService::new(&self.core)
    }

    /// Users by SCIM (RFC 7644).
    pub fn scim(&self) -> ScimService {
        ScimService::new(&self.core)
    }

    /// The server itself: its version and its state.
    pub fn server(&self) -> ServerService {
        ServerService::new(&self.core)
    }

    /// Packages of software for test stations, their folders and files.
    pub fn software(&self) -> SoftwareService {
        SoftwareService::new(&self.core)
    }

    /// Clients of the server, their logs, and the levels of a factory.
    pub fn system(&self) -> SystemService {
        SystemService::new(&self.core)
    }

    /// Workflows: that a test of a unit begins and ends.
    pub fn workflow(&self) -> WorkflowService {
        WorkflowService::new(&self.core)
    }

    /// The server's version, such as `2025.3.9.824`.
    pub fn version(&self) -> Ask<String> {
        self.core.ask(&route::version, Ok(route::version.call()))
    }

    /// What is kept in memory and how often that has answered.
    pub fn cache_stats(&self) -> CachesStats {
        self.core.cache_stats()
    }

    /// What is done together with other processes; `None` for a client that [shares](crate::WatsBuilder::shared) nothing.
    /// Printed, it is a report of a few lines.
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn shared_stats(&self) -> Option<crate::SharedStats> {
        self.sharing.as_ref().map(|sharing| sharing.stats())
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The transport underneath, for calls that are not typed yet and for its statistics.
    pub fn http(&self) -> &Client {
        self.core.http()
    }
}
