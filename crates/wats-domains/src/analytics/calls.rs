//! A call of each row, for the tests of the table.

use jiff::civil::date;

use super::{
    AlarmType, DateGrouping, Dimension, MeasurementPath, RepairDimension, Scope, StatisticsFilter,
    StepFilters, TopFailedOf, UnitFlowUnit,
};
use crate::Wats;
use crate::product::RevisionKey;
use crate::route::tests::{AWKWARD, Lacks, NUMBER};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let analytics = api.analytics();
    let filter = StatisticsFilter::default()
        .part_number(AWKWARD)
        .test_operation(AWKWARD)
        .last_days(30)
        .periods(3, DateGrouping::Week)
        .top_count(10);
    let scope = Scope {
        days: 30,
        product_groups: &["1", "2"],
        levels: &[],
    };
    let paths = [MeasurementPath::new(["Main", AWKWARD]).measurement("U")];
    drop(analytics.levels().await);
    drop(analytics.product_groups().include_filters(true).await);
    let dimensions = [Dimension::Fpy.desc(), Dimension::PartNumber.into()];
    drop(
        analytics
            .dynamic_yield(&filter)
            .dimensions(dimensions)
            .await,
    );
    let dimensions = [RepairDimension::RepairCode];
    drop(
        analytics
            .dynamic_repair(&filter)
            .dimensions(dimensions)
            .await,
    );
    drop(analytics.volume_yield(&filter).await);
    drop(analytics.volume_yield_of(scope).await);
    drop(analytics.high_volume(&filter).await);
    drop(analytics.high_volume_of(scope).await);
    drop(analytics.high_volume_by_group(&filter).await);
    drop(analytics.worst_yield(&filter).await);
    drop(analytics.worst_yield_of(scope).await);
    drop(analytics.worst_yield_by_group(&filter).await);
    drop(analytics.top_failed(&filter).await);
    let failed = TopFailedOf {
        part_number: AWKWARD,
        process_code: 10,
        product_group: "1",
        level: "",
        days: 7,
        count: 5,
    };
    drop(analytics.top_failed_of(failed).await);
    drop(analytics.step_analysis(&filter).await);
    drop(analytics.measurements(&filter, &paths).await);
    drop(analytics.aggregated_measurements(&filter, &paths).await);
    let oee = analytics.oee(&filter, [24.0, 24.0, 24.0, 24.0, 7.5, 0.0, 0.0]);
    let oee = oee.min_connection_time(1_u32).max_connection_time(2_u32);
    let oee = oee.min_execution_time(1_u32).max_execution_time(2_u32);
    drop(oee.target_output(100_u32).await);
    let key = RevisionKey {
        part_number: AWKWARD,
        revision: AWKWARD,
    };
    let history = analytics.repair_history(key).repair_operation(NUMBER);
    drop(history.test_operation(NUMBER).await);
    drop(analytics.serial_number_history(&filter).await);
    drop(analytics.uut_reports(&filter).await);
    let now = date(2026, 1, 30).at(22, 1, 41, 0);
    let reports = analytics
        .uut_reports_of()
        .serial_number(AWKWARD)
        .part_number(AWKWARD);
    let reports = reports.revision("A").batch_number("B").station_name("S");
    let reports = reports
        .test_operation("T")
        .status("Passed")
        .from(now)
        .until(now);
    drop(reports.product_group("1;2").level("3").await);
    drop(analytics.uur_reports(&filter).await);
    let internal = analytics.internal();
    let steps = StepFilters {
        steps: "<Step/>",
        sequences: "<Sequence/>",
    };
    drop(internal.top_failed(&filter).await);
    drop(internal.top_failed_of(failed).await);
    drop(internal.measurement_list(&filter, steps).await);
    drop(internal.measurement_list_of(scope, steps).await);
    drop(internal.step_status_list(&filter, steps).await);
    drop(internal.step_status_list_of(scope, steps).await);
    drop(internal.unit_flow(&filter).await);
    drop(internal.unit_flow_split(&filter).await);
    drop(internal.unit_flow_of(&[1, 2]).await);
    let units = [UnitFlowUnit::default()];
    drop(internal.unit_flow_order(&units).await);
    drop(internal.unit_flow_links(AWKWARD).await);
    drop(internal.unit_flow_nodes(AWKWARD).await);
    drop(internal.unit_flow_units(AWKWARD).await);
    let logs = internal.alarm_logs(&filter).include_calculation(true);
    drop(logs.types([AlarmType::Report, AlarmType::Asset]).await);
}
