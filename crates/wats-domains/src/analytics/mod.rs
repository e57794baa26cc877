//! Statistics of the factory: yields, volumes, failures, measurements, repairs, levels and groups of products.
//!
//! `filter` says which reports count, `dimension` by what rows are told apart, `path` which measurement, `model` holds the wire
//! models, `service` the operations on yields and groups, `steps` those on steps and measurements, `reports` those that list
//! reports.

#[cfg(test)]
pub(crate) mod calls;
mod dimension;
mod filter;
mod model;
mod path;
mod reports;
pub(crate) mod route;
mod service;
mod steps;

pub use dimension::{Dimension, Dimensions, RepairDimension};
pub use filter::{DateGrouping, StatisticsFilter};
pub use model::{
    AggregatedMeasurement, FailedStep, Level, MeasuredValue, Oee, ProductGroup, RepairCount,
    RepairedFailure, StepAnalysis, Yield,
};
pub use path::MeasurementPath;
pub use reports::{RepairHistory, UutReportsOf};
pub use service::{AnalyticsService, DynamicRepair, DynamicYield, ProductGroups, Scope};
pub use steps::{GetOee, TopFailedOf};
