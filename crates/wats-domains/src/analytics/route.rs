//! The operations on statistics. Those that are `POST` only read: the filter is their body.

use crate::ask::route::routes;

routes! { "analytics";
    levels                  = GET  "/api/App/Levels"                   safe keeps Levels;
    product_groups          = GET  "/api/App/ProductGroups"            safe keeps ProductGroups;
    dynamic_yield           = POST "/api/App/DynamicYield"             safe keeps Analytics;
    dynamic_repair          = POST "/api/App/DynamicRepair"            safe keeps Analytics;
    volume_yield            = POST "/api/App/VolumeYield"              safe keeps Analytics;
    volume_yield_of         = GET  "/api/App/VolumeYield"              safe keeps Analytics;
    high_volume             = POST "/api/App/HighVolume"               safe keeps Analytics;
    high_volume_of          = GET  "/api/App/HighVolume"               safe keeps Analytics;
    high_volume_by_group    = POST "/api/App/HighVolumeByProductGroup" safe keeps Analytics;
    worst_yield             = POST "/api/App/WorstYield"               safe keeps Analytics;
    worst_yield_of          = GET  "/api/App/WorstYield"               safe keeps Analytics;
    worst_yield_by_group    = POST "/api/App/WorstYieldByProductGroup" safe keeps Analytics;
    top_failed              = POST "/api/App/TopFailed"                safe keeps Analytics;
    top_failed_of           = GET  "/api/App/TopFailed"                safe keeps Analytics;
    step_analysis           = POST "/api/App/TestStepAnalysis"         safe keeps Analytics;
    measurements            = POST "/api/App/Measurements"             safe keeps Analytics;
    aggregated_measurements = POST "/api/App/AggregatedMeasurements"   safe keeps Analytics;
    oee                     = POST "/api/App/OeeAnalysis"              safe keeps Analytics;
    repair_history          = GET  "/api/App/RelatedRepairHistory"     safe keeps Analytics;
    serial_number_history   = POST "/api/App/SerialNumberHistory"      safe keeps Analytics;
    uut_reports             = POST "/api/App/UutReport"                safe keeps Analytics;
    uut_reports_of          = GET  "/api/App/UutReport"                safe keeps Analytics;
    uur_reports             = POST "/api/App/UurReport"                safe keeps Analytics;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "analytics.internal";
        top_failed          = POST "/api/internal/App/TopFailed"                       safe keeps Analytics;
        top_failed_of       = GET  "/api/internal/App/TopFailed"                       safe keeps Analytics;
        measurement_list    = POST "/api/internal/App/MeasurementList"                 safe keeps Analytics;
        measurement_list_of = GET  "/api/internal/App/MeasurementList"                 safe keeps Analytics;
        step_status_list    = POST "/api/internal/App/StepStatusList"                  safe keeps Analytics;
        step_status_list_of = GET  "/api/internal/App/StepStatusList"                  safe keeps Analytics;
        unit_flow           = POST "/api/internal/UnitFlow"                            safe;
        unit_flow_split     = POST "/api/internal/UnitFlow/SplitBy"                    safe;
        unit_flow_of        = POST "/api/internal/UnitFlow/SN"                         safe;
        unit_flow_order     = POST "/api/internal/UnitFlow/UnitOrder"                  safe;
        unit_flow_links     = GET  "/api/internal/UnitFlow/Links"                      safe;
        unit_flow_nodes     = GET  "/api/internal/UnitFlow/Nodes"                      safe;
        unit_flow_units     = GET  "/api/internal/UnitFlow/Units"                      safe;
        alarm_logs          = POST "/api/internal/Trigger/GetAlarmAndNotificationLogs" safe;
    }
}
