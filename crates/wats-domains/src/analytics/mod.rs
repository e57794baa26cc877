//! Statistics of the factory: yields, volumes, failures, measurements, repairs, levels and groups of products.
//!
//! `filter` says which reports count, `dimension` by what rows are told apart, `path` which measurement. The wire models are in
//! `model` (yields, repairs, levels), `step_model` (steps and measurements), `alarm` and `flow`. `service` has the operations
//! on yields and groups, `steps` those on steps and measurements, `reports` those that list reports, `internal` those that
//! the server does not publish.

mod alarm;
#[cfg(test)]
pub(crate) mod calls;
mod dimension;
mod filter;
mod flow;
mod internal;
mod model;
mod path;
mod reports;
pub(crate) mod route;
mod service;
mod step_model;
mod steps;

pub use alarm::{AlarmLog, AlarmType, AlarmTypes};
pub use dimension::{Dimension, Dimensions, RepairDimension};
pub use filter::{DateGrouping, StatisticsFilter};
pub use flow::{UnitFlowLink, UnitFlowNode, UnitFlowUnit};
pub use internal::{AlarmLogs, InternalAnalytics, StepFilters};
pub use model::{Level, Oee, ProductGroup, RepairCount, RepairedFailure, Yield};
pub use path::MeasurementPath;
pub use reports::{RepairHistory, UutReportsOf};
pub use service::{AnalyticsService, DynamicRepair, DynamicYield, ProductGroups, Scope};
pub use step_model::{
    AggregatedMeasurement, FailedStep, MeasuredValue, MeasurementListItem, StepAnalysis,
    StepStatusItem,
};
pub use steps::{GetOee, TopFailedOf};
