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
