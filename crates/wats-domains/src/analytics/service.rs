//! Operations on yields, levels and groups.

use std::sync::Arc;

use wats_http::Call;

use super::{Dimensions, Level, ProductGroup, RepairCount, StatisticsFilter, Yield, route};
use crate::argument;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Kept, Route};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

request! {
    /// From [`AnalyticsService::product_groups`].
    pub struct ProductGroups -> Arc<[ProductGroup]>, by ask_list {
        /// Whether their filters come along, in `extra`.
        "includeFilters" => include_filters: bool,
    }

    /// From [`AnalyticsService::dynamic_yield`].
    pub struct DynamicYield -> Arc<[Yield]>, by ask_list {
        /// By what rows are told apart, in the order in which they are sorted, and which figures they have. By part number
        /// and process unless told, those of most units first.
        "dimensions" => dimensions: Dimensions,
    }

    /// From [`AnalyticsService::dynamic_repair`].
    pub struct DynamicRepair -> Arc<[RepairCount]>, by ask_list {
        /// By what rows are told apart, in the order in which they are sorted. By part number and repair process unless
        /// told, those of most repairs first.
        "dimensions" => dimensions: Dimensions,
    }
}

/// What a list of yields is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// How many days, up to now.
    pub days: u32,
    /// Ids of groups of products; none for all of them.
    pub product_groups: &'a [&'a str],
    /// Ids of levels; none for all of them.
    pub levels: &'a [&'a str],
}

impl Scope<'_> {
    pub(super) fn query(self, call: Call) -> Result<Call> {
        let days = argument::count("days", self.days)?;
        Ok(call
            .query("days", days)
            .query(
                "productGroupId",
                ids("product_groups", self.product_groups)?,
            )
            .query("levelId", ids("levels", self.levels)?))
    }
}

/// Ids as one parameter.
fn ids(name: &str, ids: &[&str]) -> Result<String> {
    for id in ids {
        if id.is_empty() || id.contains(';') {
            return Err(Error::Query(format!(
                "the id {id:?} in {name} is empty or has the `;` that stands between ids"
            )));
        }
        scanned::check(&format!("id in {name}"), id, Kind::Name)?;
    }
    Ok(ids.join(";"))
}

service! {
    /// Statistics; from [`Wats::analytics`](crate::Wats::analytics).
    ///
    /// They are live. [`CacheOptions::analytics`](crate::CacheOptions::analytics) sets a time for which answers are kept; a submit
    /// of this client makes them stale.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::analytics::{Dimension, StatisticsFilter};
    ///
    /// let filter = StatisticsFilter::default().part_number("PCBA-001").last_days(30);
    /// let rows = api
    ///     .analytics()
    ///     .dynamic_yield(&filter)
    ///     .dimensions([Dimension::Fpy.asc(), Dimension::StationName.into()])
    ///     .await?;
    /// for row in rows.iter() {
    ///     println!("{:?} {:?} %", row.station_name, row.fpy);
    /// }
    /// # Ok(()) }
    /// ```
    pub struct AnalyticsService;
}

impl AnalyticsService {
    /// Levels of the factory (`GET /api/App/Levels`), from memory if they were read lately
    /// ([`CacheOptions::levels`](crate::CacheOptions::levels)).
    pub fn levels(&self) -> Ask<Arc<[Level]>> {
        self.core.ask_list(&route::levels, Ok(route::levels.call()))
    }

    /// Groups of products (`GET /api/App/ProductGroups`), from memory if they were read lately
    /// ([`CacheOptions::product_groups`](crate::CacheOptions::product_groups)).
    pub fn product_groups(&self) -> ProductGroups {
        let route = &route::product_groups;
        ProductGroups::new(&self.core, route, Ok(route.call()))
    }

    /// Units and yields by dimensions of your choice (`POST /api/App/DynamicYield`). With an empty filter: the 10 pairs of
    /// part number and process that had most units in the last 30 days. The server calls it a preview, which may change.
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn dynamic_yield(&self, filter: &StatisticsFilter) -> DynamicYield {
        let route = &route::dynamic_yield;
        DynamicYield::new(&self.core, route, filter.body_of(route.call()))
    }

    /// Repairs by dimensions of your choice (`POST /api/App/DynamicRepair`). With an empty filter: the 10 pairs of part number
    /// and repair process that had most repairs in the last 30 days. The server calls it a preview, which may change.
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn dynamic_repair(&self, filter: &StatisticsFilter) -> DynamicRepair {
        let route = &route::dynamic_repair;
        DynamicRepair::new(&self.core, route, filter.body_of(route.call()))
    }

    /// Units and yields of products (`POST /api/App/VolumeYield`). It takes product group, level and periods.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused; or the call fails.
    pub fn volume_yield(&self, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.yields(&route::volume_yield, filter)
    }

    /// As [`volume_yield`](Self::volume_yield), of some days (`GET /api/App/VolumeYield`).
    ///
    /// # Errors
    /// [`Error::Query`] for no days, and for an id that is empty or has a `;`; or the call fails.
    pub fn volume_yield_of(&self, scope: Scope<'_>) -> Ask<Arc<[Yield]>> {
        self.yields_of(&route::volume_yield_of, scope)
    }

    /// Yields of the products of most units (`POST /api/App/HighVolume`). It takes product group, level, periods,
    /// top and min count.
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn high_volume(&self, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.yields(&route::high_volume, filter)
    }

    /// As [`high_volume`](Self::high_volume), of some days (`GET /api/App/HighVolume`).
    ///
    /// # Errors
    /// [`Error::Query`] for no days, and for an id that is empty or has a `;`; or the call fails.
    pub fn high_volume_of(&self, scope: Scope<'_>) -> Ask<Arc<[Yield]>> {
        self.yields_of(&route::high_volume_of, scope)
    }

    /// As [`high_volume`](Self::high_volume), by groups of products (`POST /api/App/HighVolumeByProductGroup`).
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn high_volume_by_group(&self, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.yields(&route::high_volume_by_group, filter)
    }

    /// The products of lowest yield (`POST /api/App/WorstYield`), the lowest first. It takes what
    /// [`high_volume`](Self::high_volume) does.
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn worst_yield(&self, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.yields(&route::worst_yield, filter)
    }

    /// As [`worst_yield`](Self::worst_yield), of some days (`GET /api/App/WorstYield`).
    ///
    /// # Errors
    /// [`Error::Query`] for no days, and for an id that is empty or has a `;`; or the call fails.
    pub fn worst_yield_of(&self, scope: Scope<'_>) -> Ask<Arc<[Yield]>> {
        self.yields_of(&route::worst_yield_of, scope)
    }

    /// As [`worst_yield`](Self::worst_yield), by groups of products (`POST /api/App/WorstYieldByProductGroup`).
    ///
    /// # Errors
    /// As [`volume_yield`](Self::volume_yield).
    pub fn worst_yield_by_group(&self, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.yields(&route::worst_yield_by_group, filter)
    }

    /// Forgets levels, groups and statistics in memory: the next reads ask the server.
    pub fn refresh(&self) {
        for kept in [Kept::Levels, Kept::ProductGroups, Kept::Analytics] {
            self.core.clear(kept);
        }
    }

    fn yields(&self, route: &'static Route, filter: &StatisticsFilter) -> Ask<Arc<[Yield]>> {
        self.core.ask_list(route, filter.body_of(route.call()))
    }

    fn yields_of(&self, route: &'static Route, scope: Scope<'_>) -> Ask<Arc<[Yield]>> {
        self.core.ask_list(route, scope.query(route.call()))
    }
}
