//! `api/App`: statistics, calculated anew for each request from the reports that are stored.
//!
//! - `filter`: which reports count; `period`: its times, `catalog`: groups of products and levels,
//! - `history`: the reports as units and their runs; `dimension`: what rows are told apart by,
//! - `yields`, `reports`, `equipment`, `flow`, `alarms`: from headers alone,
//! - `steps`: what is in a report, `summary`: figures of numbers; `step_analysis`, `failed_steps`, `measurements`,
//!   `step_lists`, `repairs`: from whole reports.

mod alarms;
mod catalog;
mod dimension;
mod equipment;
mod failed_steps;
mod filter;
mod flow;
mod history;
mod measurements;
mod period;
mod repairs;
mod reports;
mod step_analysis;
mod step_lists;
mod steps;
mod summary;
mod yields;

pub(super) use reports::to_export as reports_to_export;

use crate::routes::routes;

routes! {
    GET "/api/App/Levels" => catalog::levels;
    GET "/api/App/ProductGroups" => catalog::product_groups;
    POST "/api/App/DynamicYield" => yields::dynamic;
    POST "/api/App/DynamicRepair" => repairs::dynamic;
    POST "/api/App/VolumeYield" => yields::volume;
    GET "/api/App/VolumeYield" => yields::volume_of;
    POST "/api/App/HighVolume" => yields::high_volume;
    GET "/api/App/HighVolume" => yields::high_volume_of;
    POST "/api/App/HighVolumeByProductGroup" => yields::high_volume_by_group;
    POST "/api/App/WorstYield" => yields::worst;
    GET "/api/App/WorstYield" => yields::worst_of;
    POST "/api/App/WorstYieldByProductGroup" => yields::worst_by_group;
    POST "/api/App/TopFailed" => failed_steps::by_filter;
    GET "/api/App/TopFailed" => failed_steps::by_query;
    POST "/api/App/TestStepAnalysis" => step_analysis::analysis;
    POST "/api/App/Measurements" => measurements::list;
    POST "/api/App/AggregatedMeasurements" => measurements::aggregated;
    POST "/api/App/OeeAnalysis" => equipment::analysis;
    GET "/api/App/RelatedRepairHistory" => repairs::history;
    POST "/api/App/SerialNumberHistory" => reports::of_units;
    POST "/api/App/UutReport" => reports::tests;
    GET "/api/App/UutReport" => reports::tests_of;
    POST "/api/App/UurReport" => reports::repairs;
    POST "/api/internal/App/TopFailed" => failed_steps::by_filter;
    GET "/api/internal/App/TopFailed" => failed_steps::by_query;
    POST "/api/internal/App/MeasurementList" => step_lists::measurements;
    GET "/api/internal/App/MeasurementList" => step_lists::measurements_of;
    POST "/api/internal/App/StepStatusList" => step_lists::statuses;
    GET "/api/internal/App/StepStatusList" => step_lists::statuses_of;
    POST "/api/internal/UnitFlow" => flow::all;
    POST "/api/internal/UnitFlow/SplitBy" => flow::split;
    POST "/api/internal/UnitFlow/SN" => flow::units_of;
    POST "/api/internal/UnitFlow/UnitOrder" => flow::order;
    GET "/api/internal/UnitFlow/Links" => flow::links;
    GET "/api/internal/UnitFlow/Nodes" => flow::nodes;
    GET "/api/internal/UnitFlow/Units" => flow::units;
    POST "/api/internal/Trigger/GetAlarmAndNotificationLogs" => alarms::logs;
}
