//! Operations on steps, measurements and equipment.

use std::sync::Arc;

use wats_http::Call;

use super::path::joined;
use super::{
    AggregatedMeasurement, AnalyticsService, FailedStep, MeasuredValue, MeasurementPath, Oee,
    StatisticsFilter, StepAnalysis, route,
};
use crate::argument;
use crate::ask::request::request;
use crate::ask::{Ask, Route};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

request! {
    /// From [`AnalyticsService::oee`].
    pub struct GetOee -> Arc<Oee>, by ask_kept {
        /// Only tests of at least this connection time; the server does not say in which unit.
        "minConnectionTime" => min_connection_time: u32 as Size,
        /// Only tests of at most this connection time.
        "maxConnectionTime" => max_connection_time: u32 as AtLeast(min_connection_time),
        /// Only tests of at least this execution time; the server does not say in which unit.
        "minExecutionTime" => min_execution_time: u32 as Size,
        /// Only tests of at most this execution time.
        "maxExecutionTime" => max_execution_time: u32 as AtLeast(min_execution_time),
        /// How many units should be made in a day.
        "targetOutput" => target_output: u32 as Count,
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

impl TopFailedOf<'_> {
    pub(super) fn query(self, call: Call) -> Result<Call> {
        scanned::check_some("part number", self.part_number, Kind::Number)?;
        scanned::check("product group", self.product_group, Kind::Name)?;
        scanned::check("level", self.level, Kind::Name)?;
        let call = call.query("partNumber", self.part_number);
        Ok(call
            .query("processCode", self.process_code)
            .query("productGroupId", self.product_group)
            .query("levelId", self.level)
            .query("days", argument::count("days", self.days)?)
            .query("count", argument::count("count", self.count)?))
    }
}

impl AnalyticsService {
    /// The steps that fail most often (`POST /api/App/TopFailed`). It takes part number, process, yield, product group, level,
    /// periods and top count.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused; or the call fails.
    pub fn top_failed(&self, filter: &StatisticsFilter) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed;
        self.core.ask_list(route, filter.body_of(route.call()))
    }

    /// As [`top_failed`](Self::top_failed), of some days (`GET /api/App/TopFailed`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty part number, no days and no steps; or the call fails.
    pub fn top_failed_of(&self, query: TopFailedOf<'_>) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed_of;
        self.core.ask_list(route, query.query(route.call()))
    }

    /// Statistics of the steps and measurements of a product in a process (`POST /api/App/TestStepAnalysis`): of the first
    /// runs ([`run`](StatisticsFilter#structfield.run)), of the last 30 days, of at most 10 000 reports (max count), unless the
    /// filter says otherwise. The server calls it a preview, which may change.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter without part number or process, which the server needs; or the call fails.
    pub fn step_analysis(&self, filter: &StatisticsFilter) -> Ask<Arc<[StepAnalysis]>> {
        let route = &route::step_analysis;
        self.core.ask_list(route, of_one_test(route, filter))
    }

    /// Measured values, at most 10 000 (`POST /api/App/Measurements`). Without paths those of the steps that failed most in the
    /// last seven days. The server calls it a preview, which may change.
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
    /// on each day of the week. With which day the week begins the server does not say. It takes product group, level, part
    /// number, revision, station, process, status, sequence file and version, socket and dates.
    ///
    /// # Errors
    /// [`Error::Query`] for hours that no day has and for a filter that is refused; or the call fails.
    pub fn oee(&self, filter: &StatisticsFilter, available_hours: [f64; 7]) -> GetOee {
        let route = &route::oee;
        let odd = available_hours
            .iter()
            .find(|hours| !(0.0..=24.0).contains(*hours));
        let call = if let Some(hours) = odd {
            Err(Error::Query(format!(
                "the available_hours have {hours}; a day has from 0 to 24"
            )))
        } else {
            // Adding makes zero of a negative zero.
            let hours = available_hours.map(|hours| (hours + 0.0).to_string());
            let call = route.call().query("availableTime", hours.join(","));
            filter.body_of(call)
        };
        GetOee::new(&self.core, route, call)
    }
}

/// Statistics of steps are of one product in one process.
fn of_one_test(route: &Route, filter: &StatisticsFilter) -> Result<Call> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    scanned::check_some("part number", &text(&filter.part_number), Kind::Number)?;
    scanned::check_some("test operation", &text(&filter.test_operation), Kind::Name)?;
    filter.body_of(route.call())
}

fn of_paths(route: &Route, filter: &StatisticsFilter, paths: &[MeasurementPath]) -> Result<Call> {
    let paths = joined(paths)?;
    Ok(of_one_test(route, filter)?.query_opt("measurementPaths", paths))
}
