//! `api/App`: statistics, calculated anew for each request from the reports that are stored.
//!
//! - `filter`: which reports count; `pattern`: its texts, `period`: its times, `catalog`: groups of products and levels,
//! - `history`: the reports as units and their runs; `dimension`: what rows are told apart by,
//! - `yields`, `reports`: from headers alone.

mod catalog;
mod dimension;
mod filter;
mod history;
mod pattern;
mod period;
mod reports;
mod yields;

use crate::routes::routes;

routes! {
    GET "/api/App/Levels" => catalog::levels;
    GET "/api/App/ProductGroups" => catalog::product_groups;
    POST "/api/App/DynamicYield" => yields::dynamic;
    POST "/api/App/VolumeYield" => yields::volume;
    GET "/api/App/VolumeYield" => yields::volume_of;
    POST "/api/App/HighVolume" => yields::high_volume;
    GET "/api/App/HighVolume" => yields::high_volume_of;
    POST "/api/App/HighVolumeByProductGroup" => yields::high_volume_by_group;
    POST "/api/App/WorstYield" => yields::worst;
    GET "/api/App/WorstYield" => yields::worst_of;
    POST "/api/App/WorstYieldByProductGroup" => yields::worst_by_group;
    POST "/api/App/UutReport" => reports::tests;
    GET "/api/App/UutReport" => reports::tests_of;
    POST "/api/App/UurReport" => reports::repairs;
    POST "/api/App/SerialNumberHistory" => reports::of_units;
}
