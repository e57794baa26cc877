//! Operations that list reports and repairs.

use std::sync::Arc;

use jiff::civil::DateTime;

use super::{AnalyticsService, RepairedFailure, StatisticsFilter, route};
use crate::ask::request::request;
use crate::ask::{Ask, Route};
use crate::product::RevisionKey;
use crate::report::ReportHeader;

request! {
    /// From [`AnalyticsService::repair_history`].
    pub struct RepairHistory -> Arc<[RepairedFailure]>, by ask_list {
        /// Only repairs of this process, by code.
        "repairOperationCode" => repair_operation: i32,
        /// Only failures of this process, by code.
        "testOperationCode" => test_operation: i32,
    }

    /// From [`AnalyticsService::uut_reports_of`].
    pub struct UutReportsOf -> Arc<[ReportHeader]>, by ask_list {
        /// Serial number.
        "serialNumber" => serial_number: String as Number,
        /// Part number.
        "partNumber" => part_number: String as Number,
        /// Revision.
        "revision" => revision: String as Number,
        /// Batch number.
        "batchNumber" => batch_number: String as Number,
        /// Test station.
        "stationName" => station_name: String as Name,
        /// Name of the process.
        "testOperation" => test_operation: String as Name,
        /// Status, such as `Passed`.
        "status" => status: String as Name,
        /// The first moment, without a zone. The server does not say which one it reads it in; where hours count, ask
        /// [`uut_reports`](AnalyticsService::uut_reports), whose filter has moments.
        "dateFrom" => from: DateTime,
        /// The last moment; as [`from`](Self::from).
        "dateTo" => until: DateTime as AtLeast(from),
        /// Id of a group of products.
        "productGroupId" => product_group: String as Name,
        /// Ids of levels, separated by `;`.
        "levelId" => level: String as Name,
    }
}

impl AnalyticsService {
    /// Failures of a revision that were repaired (`GET /api/App/RelatedRepairHistory`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty number; or the call fails.
    pub fn repair_history(&self, key: RevisionKey<'_>) -> RepairHistory {
        let route = &route::repair_history;
        let call = key.check().map(|()| {
            let call = route.call().query("partNumber", key.part_number);
            call.query("revision", key.revision)
        });
        RepairHistory::new(&self.core, route, call)
    }

    /// All reports of units (`POST /api/App/SerialNumberHistory`). It takes product group, level, serial number, part number,
    /// batch number and misc value.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a filter that is refused; or the call fails.
    pub fn serial_number_history(&self, filter: &StatisticsFilter) -> Ask<Arc<[ReportHeader]>> {
        self.reports(&route::serial_number_history, filter)
    }

    /// Headers of the newest test reports, 1000 unless the filter's top count says otherwise (`POST /api/App/UutReport`). It
    /// takes product group, level, serial number, part number, revision, batch number, station, process, status, misc value
    /// and dates. [`ReportService::headers`](crate::ReportService::headers) is for going through all of them.
    ///
    /// # Errors
    /// As [`serial_number_history`](Self::serial_number_history).
    pub fn uut_reports(&self, filter: &StatisticsFilter) -> Ask<Arc<[ReportHeader]>> {
        self.reports(&route::uut_reports, filter)
    }

    /// The 1000 newest test reports that have what is asked for (`GET /api/App/UutReport`).
    pub fn uut_reports_of(&self) -> UutReportsOf {
        let route = &route::uut_reports_of;
        UutReportsOf::new(&self.core, route, Ok(route.call()))
    }

    /// Headers of the newest repair reports (`POST /api/App/UurReport`); as [`uut_reports`](Self::uut_reports) otherwise.
    ///
    /// # Errors
    /// As [`serial_number_history`](Self::serial_number_history).
    pub fn uur_reports(&self, filter: &StatisticsFilter) -> Ask<Arc<[ReportHeader]>> {
        self.reports(&route::uur_reports, filter)
    }

    fn reports(
        &self,
        route: &'static Route,
        filter: &StatisticsFilter,
    ) -> Ask<Arc<[ReportHeader]>> {
        self.core.ask_list(route, filter.body_of(route.call()))
    }
}
