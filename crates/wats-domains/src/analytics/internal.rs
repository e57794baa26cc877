//! Statistics by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;
use wats_http::Call;

use super::flow::{UnitFlowLink, UnitFlowNode, UnitFlowUnit};
use super::route::internal as route;
use super::{
    AlarmLog, AlarmTypes, AnalyticsService, FailedStep, MeasurementListItem, Scope,
    StatisticsFilter, StepStatusItem, TopFailedOf,
};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::error::{Error, Result};

request! {
    /// From [`InternalAnalytics::alarm_logs`].
    pub struct AlarmLogs -> Vec<AlarmLog>, by ask {
        /// Whether each one tells how it was calculated.
        "includeCalculationString" => include_calculation: bool,
        /// Only those of these types.
        "includeTypes" => types: AlarmTypes,
    }
}

/// Which steps a list is of, in the XML that the server gives with [failed steps](InternalAnalytics::top_failed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepFilters<'a> {
    /// The filter of steps.
    pub steps: &'a str,
    /// The filter of sequences.
    pub sequences: &'a str,
}

impl StepFilters<'_> {
    fn query(self, call: Call) -> Result<Call> {
        for (name, xml) in [("steps", self.steps), ("sequences", self.sequences)] {
            if xml.trim().is_empty() {
                return Err(Error::Query(format!("the filter of {name} is empty")));
            }
        }
        let call = call.query("stepFilters", self.steps);
        Ok(call.query("sequenceFilters", self.sequences))
    }
}

service! {
    /// Internal statistics; from [`AnalyticsService::internal`]. Members that were never described are those that clients of
    /// the server know; the others are in `extra`.
    pub struct InternalAnalytics, internal of AnalyticsService;
}

impl InternalAnalytics {
    /// The steps that fail most often (`POST /api/internal/App/TopFailed`). It takes part number, process, yield, product
    /// group, level, periods and top count.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused; or the call fails.
    pub fn top_failed(&self, filter: &StatisticsFilter) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed;
        self.core.ask_list(route, filter.body_of(route.call()))
    }

    /// As [`top_failed`](Self::top_failed), of some days (`GET /api/internal/App/TopFailed`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty part number, no days and no steps; or the call fails.
    pub fn top_failed_of(&self, query: TopFailedOf<'_>) -> Ask<Arc<[FailedStep]>> {
        let route = &route::top_failed_of;
        self.core.ask_list(route, query.query(route.call()))
    }

    /// Measured values of steps (`POST /api/internal/App/MeasurementList`). It takes yield, product group, level and periods.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused or empty; or the call fails.
    pub fn measurement_list(
        &self,
        filter: &StatisticsFilter,
        steps: StepFilters<'_>,
    ) -> Ask<Arc<[MeasurementListItem]>> {
        let route = &route::measurement_list;
        let call = steps.query(route.call());
        self.core
            .ask_list(route, call.and_then(|call| filter.body_of(call)))
    }

    /// As [`measurement_list`](Self::measurement_list), of some days (`GET /api/internal/App/MeasurementList`).
    ///
    /// # Errors
    /// [`Error::Query`] for no days and for an empty filter; or the call fails.
    pub fn measurement_list_of(
        &self,
        scope: Scope<'_>,
        steps: StepFilters<'_>,
    ) -> Ask<Arc<[MeasurementListItem]>> {
        let route = &route::measurement_list_of;
        let call = steps.query(route.call());
        self.core
            .ask_list(route, call.and_then(|call| scope.query(call)))
    }

    /// The statuses of steps (`POST /api/internal/App/StepStatusList`). It takes what
    /// [`measurement_list`](Self::measurement_list) does.
    ///
    /// # Errors
    /// As [`measurement_list`](Self::measurement_list).
    pub fn step_status_list(
        &self,
        filter: &StatisticsFilter,
        steps: StepFilters<'_>,
    ) -> Ask<Arc<[StepStatusItem]>> {
        let route = &route::step_status_list;
        let call = steps.query(route.call());
        self.core
            .ask_list(route, call.and_then(|call| filter.body_of(call)))
    }

    /// As [`step_status_list`](Self::step_status_list), of some days (`GET /api/internal/App/StepStatusList`).
    ///
    /// # Errors
    /// As [`measurement_list_of`](Self::measurement_list_of).
    pub fn step_status_list_of(
        &self,
        scope: Scope<'_>,
        steps: StepFilters<'_>,
    ) -> Ask<Arc<[StepStatusItem]>> {
        let route = &route::step_status_list_of;
        let call = steps.query(route.call());
        self.core
            .ask_list(route, call.and_then(|call| scope.query(call)))
    }

    /// How units go from process to process (`POST /api/internal/UnitFlow`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused; or the call fails.
    pub fn unit_flow(&self, filter: &StatisticsFilter) -> Ask<Value> {
        let route = &route::unit_flow;
        self.core.ask_any(route, filter.body_of(route.call()))
    }

    /// As [`unit_flow`](Self::unit_flow), with the flow split by a dimension (`POST /api/internal/UnitFlow/SplitBy`), which
    /// the filter names as its `dimensions`.
    ///
    /// # Errors
    /// As [`unit_flow`](Self::unit_flow).
    pub fn unit_flow_split(&self, filter: &StatisticsFilter) -> Ask<Value> {
        let route = &route::unit_flow_split;
        self.core.ask_any(route, filter.body_of(route.call()))
    }

    /// The flow of units of these ids (`POST /api/internal/UnitFlow/SN`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for no ids; or the call fails.
    pub fn unit_flow_of(&self, unit_ids: &[i32]) -> Ask<Value> {
        let route = &route::unit_flow_of;
        let call = argument::some("unit_ids", unit_ids).map(|ids| route.call().json(ids));
        self.core.ask_any(route, call)
    }

    /// Units of a flow in their order (`POST /api/internal/UnitFlow/UnitOrder`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for no units; or the call fails.
    pub fn unit_flow_order(&self, units: &[UnitFlowUnit]) -> Ask<Value> {
        let route = &route::unit_flow_order;
        let call = argument::some("units", units).map(|units| route.call().json(units));
        self.core.ask_any(route, call)
    }

    /// The ways between the processes of a flow (`GET /api/internal/UnitFlow/Links`). The filter is a text whose form the
    /// server does not describe.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty filter; or the call fails.
    pub fn unit_flow_links(&self, filter: &str) -> Ask<Vec<UnitFlowLink>> {
        self.core.ask(
            &route::unit_flow_links,
            by(route::unit_flow_links.call(), filter),
        )
    }

    /// The processes of a flow (`GET /api/internal/UnitFlow/Nodes`); as [`unit_flow_links`](Self::unit_flow_links) otherwise.
    ///
    /// # Errors
    /// As [`unit_flow_links`](Self::unit_flow_links).
    pub fn unit_flow_nodes(&self, filter: &str) -> Ask<Vec<UnitFlowNode>> {
        self.core.ask(
            &route::unit_flow_nodes,
            by(route::unit_flow_nodes.call(), filter),
        )
    }

    /// The units of a flow (`GET /api/internal/UnitFlow/Units`); as [`unit_flow_links`](Self::unit_flow_links) otherwise.
    ///
    /// # Errors
    /// As [`unit_flow_links`](Self::unit_flow_links).
    pub fn unit_flow_units(&self, filter: &str) -> Ask<Vec<UnitFlowUnit>> {
        self.core.ask(
            &route::unit_flow_units,
            by(route::unit_flow_units.call(), filter),
        )
    }

    /// Alarms and notifications that there were (`POST /api/internal/Trigger/GetAlarmAndNotificationLogs`). It takes level,
    /// product group, dates and top count.
    ///
    /// # Errors
    /// [`Error::Query`] for a filter that is refused; or the call fails.
    pub fn alarm_logs(&self, filter: &StatisticsFilter) -> AlarmLogs {
        let route = &route::alarm_logs;
        AlarmLogs::new(&self.core, route, filter.body_of(route.call()))
    }
}

fn by(call: Call, filter: &str) -> Result<Call> {
    if filter.trim().is_empty() {
        return Err(Error::Query("the filter of the flow is empty".to_owned()));
    }
    Ok(call.query("filter", filter))
}
