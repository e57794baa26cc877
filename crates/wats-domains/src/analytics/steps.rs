//! Operations on steps, measurements and equipment.

use std::sync::Arc;

use wats_http::Call;

use super::path::joined;
use super::service::days;
use super::{
    AggregatedMeasurement, AnalyticsService, FailedStep, MeasuredValue, MeasurementPath, Oee,
    StatisticsFilter, StepAnalysis, route,
};
use crate::ask::request::request;
use crate::ask::{Ask, Route};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

request! {
    /// From [`AnalyticsService::oee`].
    pub struct GetOee -> Arc<Oee>, by ask_kept {
        /// Shortest time that a test waited for its station, in seconds.
        "minConnectionTime" => min_connection_time: u32,
        /// Longest time that a test waited for its station, in seconds.
        "maxConnectionTime" => max_connection_time: u32,
        /// Shortest time of a test, in seconds.
        "minExecutionTime" => min_execution_time: u32,
        /// Longest time of a test, in seconds.
        "maxExecutionTime" => max_execution_time: u32,
        /// Units that should be made in a day.
        "targetOutput" => target_output: u32,
    }
}

/// Which failed steps are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopFailedOf<'a> {
    /// Part number.
    pub part_number: &'a str,
    /// Code of the process.
    pub process_code: i32,
    /// Id of a group of products; empty for all of them.
    pub product_group: &'a str,
    /// Id of a level; empty for all of them.
    pub level: &'a str,
    /// How many days, up to now.
    pub days: u32,
    /// Most steps.
    pub count: u32,
}

impl AnalyticsService {
    /// The steps that fail most often (`POST /api/App/TopFailed`). The filter may have part number, process, yield, product
    /// group, level, periods and top count.
    ///
    /// # Errors
    /// The call fails.
    pub fn top_failed(&self, filter: &StatisticsFilter) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed;
        self.core.ask_list(route, Ok(route.call().json(filter)))
    }

    /// As [`top_failed`](Self::top_failed), of some days (`GET /api/App/TopFailed`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty part number, no days and no steps; or the call fails.
    pub fn top_failed_of(&self, query: TopFailedOf<'_>) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed_of;
        let fill = || {
            scanned::check_some("part number", query.part_number, Kind::Number)?;
            let Ok(count @ 1..) = i32::try_from(query.count) else {
                return Err(Error::Query(format!("{} steps are asked for", query.count)));
            };
            let call = route.call().query("partNumber", query.part_number);
            Ok(call
                .query("processCode", query.process_code)
                .query("productGroupId", query.product_group)
                .query("levelId", query.level)
                .query("days", days(query.days)?)
                .query("count", count))
        };
        self.core.ask_list(route, fill())
    }

    /// Statistics of the steps and measurements of a product in a process (`POST /api/App/TestStepAnalysis`), of the first
    /// runs of the last 30 days unless the filter says otherwise.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter without part number or process, which the server needs; or the call fails.
    pub fn step_analysis(&self, filter: &StatisticsFilter) -> Ask<Arc<[StepAnalysis]>> {
        let route = &route::step_analysis;
        self.core.ask_list(route, of_one_test(route, filter))
    }

    /// Measured values, at most 10 000 (`POST /api/App/Measurements`). Without paths those of the steps that failed most.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter without part number or process and for a path that cannot be told; or the call fails.
    pub fn measurements(
        &self,
        filter: &StatisticsFilter,
        paths: &[MeasurementPath],
    ) -> Ask<Arc<[MeasuredValue]>> {
        let route = &route::measurements;
        self.core.ask_list(route, of_paths(route, filter, paths))
    }

    /// Statistics of measured values (`POST /api/App/AggregatedMeasurements`); as
    /// [`measurements`](Self::measurements) otherwise.
    ///
    /// # Errors
    /// As [`measurements`](Self::measurements).
    pub fn aggregated_measurements(
        &self,
        filter: &StatisticsFilter,
        paths: &[MeasurementPath],
    ) -> Ask<Arc<[AggregatedMeasurement]>> {
        let route = &route::aggregated_measurements;
        self.core.ask_list(route, of_paths(route, filter, paths))
    }

    /// Overall equipment effectiveness (`POST /api/App/OeeAnalysis`), with the hours for which the equipment was available
    /// on each day from Monday to Sunday.
    ///
    /// # Errors
    /// [`Error::Query`] for hours that no day has; or the call fails.
    pub fn oee(&self, filter: &StatisticsFilter, available_hours: [f64; 7]) -> GetOee {
        let route = &route::oee;
        let odd = available_hours
            .iter()
            .find(|hours| !(0.0..=24.0).contains(*hours));
        let call = if let Some(hours) = odd {
            Err(Error::Query(format!(
                "equipment cannot be available for {hours} hours of a day"
            )))
        } else {
            let hours = available_hours.map(|hours| hours.to_string()).join(",");
            Ok(route.call().query("availableTime", hours).json(filter))
        };
        GetOee::new(&self.core, route, call)
    }
}

/// Statistics of steps are of one product in one process.
fn of_one_test(route: &Route, filter: &StatisticsFilter) -> Result<Call> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    scanned::check_some("part number", &text(&filter.part_number), Kind::Number)?;
    scanned::check_some("test operation", &text(&filter.test_operation), Kind::Name)?;
    Ok(route.call().json(filter))
}

fn of_paths(route: &Route, filter: &StatisticsFilter, paths: &[MeasurementPath]) -> Result<Call> {
    let paths = joined(paths)?;
    Ok(of_one_test(route, filter)?.query_opt("measurementPaths", paths))
}
