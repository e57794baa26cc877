//! The client: makes the core that all services share, and gives out the services on it.

use std::sync::Arc;

use wats_codec::{Format, Limits, Serializer};
use wats_http::Client;

use crate::analytics::AnalyticsService;
use crate::ask::{Ask, CacheOptions, CachesStats, Core};
use crate::asset::AssetService;
use crate::auth::AuthService;
use crate::barcode::BarcodeService;
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
    /// What reports begin with.
    pub(crate) defaults: Arc<StationDefaults>,
}

impl Wats {
    pub(crate) fn new(client: Client, cache: &CacheOptions) -> Self {
        // One answer, one cap: what the transport lets through can be read.
        let limits = Limits::default().max_bytes(client.limits().decoded);
        let json = Serializer::new(Format::Json).limits(limits);
        Self {
            core: Arc::new(Core::new(client, json, cache)),
            defaults: Arc::default(),
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

    /// Statistics of the factory: yields, volumes, failures, measurements, levels and product groups.
    pub fn analytics(&self) -> AnalyticsService {
        AnalyticsService::new(&self.core)
    }

    /// Assets: instruments, fixtures and what else is calibrated, maintained and counted.
    pub fn asset(&self) -> AssetService {
        AssetService::new(&self.core)
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
