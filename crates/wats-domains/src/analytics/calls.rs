//! A call of each row, for the tests of the table.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::{
    AlarmType, DateGrouping, Dimension, InternalAnalytics, MeasurementPath, RepairDimension, Scope,
    StatisticsFilter, StepFilters, TopFailedOf, UnitFlowUnit,
};
use crate::Wats;
use crate::product::RevisionKey;
use crate::route::tests::{Lacks, NUMBER, arg, range, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let analytics = api.analytics();
    let (from, until) = range::<(Timestamp, Timestamp)>("date_to");
    let filter = StatisticsFilter::default()
        .part_number(text())
        .test_operation(text())
        .from(from)
        .until(until)
        .periods(arg("period_count", 3), DateGrouping::Week)
        .top_count(arg("top_count", 10));
    let groups = [text(), "2"];
    let scope = Scope {
        days: arg("days", 30),
        product_groups: arg("product_groups", &groups),
        levels: &[],
    };
    let paths = [MeasurementPath::new(["Main", text()]).measurement("U")];
    let paths = arg("paths", &paths[..]);
    said(analytics.levels().await);
    said(analytics.product_groups().include_filters(true).await);
    let dimensions = [Dimension::Fpy.desc(), Dimension::PartNumber.into()];
    said(
        analytics
            .dynamic_yield(&filter)
            .dimensions(dimensions)
            .await,
    );
    let repairs = analytics.dynamic_repair(&filter);
    said(repairs.dimensions([RepairDimension::RepairCode]).await);
    said(analytics.volume_yield(&filter).await);
    said(analytics.volume_yield_of(scope).await);
    said(analytics.high_volume(&filter).await);
    said(analytics.high_volume_of(scope).await);
    said(analytics.high_volume_by_group(&filter).await);
    said(analytics.worst_yield(&filter).await);
    said(analytics.worst_yield_of(scope).await);
    said(analytics.worst_yield_by_group(&filter).await);
    said(analytics.top_failed(&filter).await);
    let failed = TopFailedOf {
        part_number: text(),
        process_code: arg("process_code", 10),
        product_group: text(),
        level: text(),
        days: arg("days", 7),
        count: arg("count", 5),
    };
    said(analytics.top_failed_of(failed).await);
    said(analytics.step_analysis(&filter).await);
    said(analytics.measurements(&filter, paths).await);
    said(analytics.aggregated_measurements(&filter, paths).await);
    let oee = analytics.oee(
        &filter,
        [
            arg("available_hours", 24.0),
            24.0,
            24.0,
            24.0,
            7.5,
            0.0,
            0.0,
        ],
    );
    let (least, most) = arg("max_connection_time", (3_u32, 4_u32));
    let oee = oee.min_connection_time(least).max_connection_time(most);
    let (least, most) = arg("max_execution_time", (5_u32, 6_u32));
    let oee = oee.min_execution_time(least).max_execution_time(most);
    said(oee.target_output(arg("target_output", 100_u32)).await);
    let key = RevisionKey {
        part_number: text(),
        revision: text(),
    };
    let history = analytics
        .repair_history(key)
        .repair_operation(arg("repair_operation", NUMBER));
    said(history.test_operation(arg("test_operation", NUMBER)).await);
    said(analytics.serial_number_history(&filter).await);
    said(analytics.uut_reports(&filter).await);
    let (from, until) = range::<(DateTime, DateTime)>("until");
    let reports = analytics
        .uut_reports_of()
        .serial_number(text())
        .part_number(text());
    let reports = reports
        .revision(text())
        .batch_number(text())
        .station_name(text());
    let reports = reports
        .test_operation(text())
        .status("Passed")
        .from(from)
        .until(until);
    said(reports.product_group(text()).level(text()).await);
    said(analytics.uur_reports(&filter).await);
    call_internal(&analytics.internal(), &filter, (scope, failed)).await;
}

async fn call_internal(
    internal: &InternalAnalytics,
    filter: &StatisticsFilter,
    (scope, failed): (Scope<'_>, TopFailedOf<'_>),
) {
    let steps = StepFilters {
        steps: "<Step/>",
        sequences: "<Sequence/>",
    };
    said(internal.top_failed(filter).await);
    said(internal.top_failed_of(failed).await);
    said(internal.measurement_list(filter, steps).await);
    said(internal.measurement_list_of(scope, steps).await);
    said(internal.step_status_list(filter, steps).await);
    said(internal.step_status_list_of(scope, steps).await);
    said(internal.unit_flow(filter).await);
    said(internal.unit_flow_split(filter).await);
    said(internal.unit_flow_of(arg("unit_ids", &[1, 2])).await);
    let units = [UnitFlowUnit::default()];
    said(internal.unit_flow_order(arg("units", &units)).await);
    said(internal.unit_flow_links(text()).await);
    said(internal.unit_flow_nodes(text()).await);
    said(internal.unit_flow_units(text()).await);
    let logs = internal.alarm_logs(filter).include_calculation(true);
    said(logs.types([AlarmType::Report, AlarmType::Asset]).await);
}
