//! `api/Production` and `api/internal/Production`: units, batches, serial numbers.
//!
//! - `phase`, `units`: what a unit is; `relations`: what is part of what,
//! - `report`: what a stored report changes; `verify`: how good a unit is,
//! - `view`: units as they are answered; `calls`: the other operations on them,
//! - `batches`; `undescribed`: operations that clients use and no description has,
//! - `numbers`: serial numbers.
//!
//! The descriptions name few answers. The internal ones are those that the server's own client reads, as far as it is known.
//! What is assumed beyond that is said where it is done; here what concerns all of it:
//!
//! - lists of units are answered with counters, of which the refused ones are not saved; batches are all saved, or none,
//! - a write that answers nothing of its own answers `true`,
//! - a unit may be made of a product that is not known; with a revision, it makes both known,
//! - a unit that is made is no change of it; changes are not told per client, so one that is deleted is gone for all.

mod batches;
mod calls;
mod numbers;
mod phase;
mod relations;
mod report;
mod undescribed;
mod units;
mod verify;
mod view;

use crate::routes::routes;

pub(crate) use batches::by_number as batch;
pub(super) use report::reported;
pub(crate) use units::{by_serial as unit, key_of_numbers as unit_key};

routes! {
    GET "/api/Production/Unit/{serialNumber}/{partNumber}" => calls::get;
    PUT "/api/Production/Units" => calls::put_units;
    GET "/api/Production/UnitVerification" => verify::verify;
    PUT "/api/Production/SetUnitPhase" => calls::set_phase;
    PUT "/api/Production/SetUnitProcess" => calls::set_process;
    GET "/api/Production/Units/Changes" => calls::changes;
    DELETE "/api/Production/Units/Changes/{id}" => calls::handled;
    POST "/api/Production/AddChildUnit" => relations::add;
    POST "/api/Production/RemoveChildUnit" => relations::remove;
    GET "/api/Production/CheckChildUnits" => relations::check;
    PUT "/api/Production/Batches" => batches::put;
    GET "/api/Production/SerialNumbers/Types" => numbers::calls::types;
    POST "/api/Production/SerialNumbers/Take" => numbers::calls::take;
    GET "/api/Production/SerialNumbers/ByRange" => numbers::calls::by_range;
    GET "/api/Production/SerialNumbers/ByReference" => numbers::calls::by_reference;
    GET "/api/Production/SerialNumbers" => numbers::calls::export;
    PUT "/api/Production/SerialNumbers" => numbers::calls::upload;
    GET "/api/Production/Unit/Query" => undescribed::query;
    POST "/api/Production/Unit" => undescribed::create;
    PUT "/api/Production/Unit" => undescribed::update;
    DELETE "/api/Production/Unit" => undescribed::delete;
    PUT "/api/Production/ChangeUnit" => undescribed::change_numbers;
    PUT "/api/Production/UnitTag" => undescribed::set_tag;
    GET "/api/Production/Batches" => undescribed::list_batches;
    PUT "/api/Production/Batch" => undescribed::put_batch;

    GET "/api/internal/Production/GetUnit" => calls::get_internal;
    GET "/api/internal/Production/GetUnitInfo" => calls::info;
    GET "/api/internal/Production/GetUnitHierarchy" => calls::hierarchy;
    GET "/api/internal/Production/GetUnitPhase" => calls::phase_of;
    GET "/api/internal/Production/GetUnitProcess" => calls::process_of;
    GET "/api/internal/Production/GetUnitStateHistory" => calls::history;
    GET "/api/internal/Production/GetUnitContents" => calls::contents;
    GET "/api/internal/Mes/GetUnitPhases" => phase::list;
    GET "/api/internal/Production/GetSites" => calls::sites;
    GET "/api/internal/Production/isConnected" => calls::is_connected;
    POST "/api/internal/Production/CreateUnit" => calls::create;
    POST "/api/internal/Production/AddChildUnit" => relations::add_internal;
    POST "/api/internal/Production/RemoveChildUnit" => relations::remove_internal;
    POST "/api/internal/Production/RemoveAllChildUnits" => relations::remove_all;
    GET "/api/internal/Production/CheckChildUnits" => relations::check_internal;
    GET "/api/internal/Production/SerialNumbers" => numbers::calls::by_range;
    GET "/api/internal/Production/SerialNumbers/Count" => numbers::calls::count;
    GET "/api/internal/Production/SerialNumbers/Ranges" => numbers::ranges::list;
    GET "/api/internal/Production/SerialNumbers/Statistics" => numbers::ranges::statistics;
    PUT "/api/internal/Production/SerialNumbers/Free" => numbers::ranges::free;
    DELETE "/api/internal/Production/SerialNumbers/Free" => numbers::ranges::delete;
    GET "/api/internal/Production/GetAndReserveNewSerialNumbers" => numbers::reserve::get;
    POST "/api/internal/Production/GetAndReserveNewSerialNumbers" => numbers::reserve::post;
}
