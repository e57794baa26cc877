//! Operations on units by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;
use wats_http::Call;

use super::{AddChild, Phase, ProductionService, UnitKey, UnitPair, UnitPhase, route};
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Route};
use crate::error::Result;
use crate::scanned::{self, Kind};

service! {
    /// Internal operations on units and their serial numbers; from [`ProductionService::internal`]. Where the form of an answer
    /// is not described, it is given as it came.
    pub struct InternalProduction, internal of ProductionService;
}

/// A unit that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUnit<'a> {
    /// Serial number.
    pub serial_number: &'a str,
    /// Part number.
    pub part_number: &'a str,
    /// Revision.
    pub revision: &'a str,
}

impl<'a> NewUnit<'a> {
    fn query(self, call: Call) -> Result<Call> {
        let call = self.key().query(call)?;
        scanned::check_some("revision", self.revision, Kind::Number)?;
        Ok(call.query("revision", self.revision))
    }

    fn key(self) -> UnitKey<'a> {
        UnitKey {
            serial_number: self.serial_number,
            part_number: self.part_number,
        }
    }
}

request! {
    /// From [`InternalProduction::unit_by_serial_number`].
    pub struct GetUnit -> Value, by ask_any {
        /// Its part number, where serial numbers alone do not tell units apart.
        "partNumber" => part_number: String as Number,
    }

    /// From [`InternalProduction::create_unit`].
    pub struct CreateUnit -> Value, by ask_any {
        /// The batch that it belongs to.
        "batchNumber" => batch_number: String as Number,
        /// The phase that it begins in.
        "unitPhase" => phase: UnitPhase,
    }

    /// From [`InternalProduction::add_child`].
    pub struct AddChildChecked -> Value, by ask_any {
        /// Whether the child must be in a phase in which it may be built in.
        "checkPhase" => check_phase: bool,
    }

    /// From [`InternalProduction::remove_child`].
    pub struct RemoveChild -> Value, by ask_any {
        /// The language of messages in the answer, such as `zh-CN`.
        "cultureCode" => culture_code: String as Number,
    }

    /// From [`InternalProduction::remove_all_children`].
    pub struct RemoveAllChildren -> Value, by ask_any {
        /// The language of messages in the answer, such as `zh-CN`.
        "cultureCode" => culture_code: String as Number,
    }
}

impl InternalProduction {
    /// A unit by its serial number alone, or with [a part number](GetUnit::part_number) (`GET /api/internal/Production/GetUnit`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a number that is empty or holds what nobody sees; or the call fails.
    pub fn unit_by_serial_number(&self, serial_number: &str) -> GetUnit {
        let route = &route::internal::unit;
        let call = scanned::check_some("serial number", serial_number, Kind::Number)
            .map(|()| route.call().query("serialNumber", serial_number));
        GetUnit::new(&self.core, route, call)
    }

    /// What is known of a unit (`GET /api/internal/Production/GetUnitInfo`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a number that is empty or holds what nobody sees; or the call fails.
    pub fn unit_info(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.read(&route::internal::unit_info, unit)
    }

    /// What a unit is made of and part of (`GET /api/internal/Production/GetUnitHierarchy`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn unit_hierarchy(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.read(&route::internal::unit_hierarchy, unit)
    }

    /// The phase of a unit (`GET /api/internal/Production/GetUnitPhase`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn unit_phase(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.read(&route::internal::unit_phase, unit)
    }

    /// The process that a unit is in (`GET /api/internal/Production/GetUnitProcess`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn unit_process(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.read(&route::internal::unit_process, unit)
    }

    /// The phases and processes that a unit went through (`GET /api/internal/Production/GetUnitStateHistory`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn unit_history(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.read(&route::internal::unit_history, unit)
    }

    /// What a unit of a revision is made of (`GET /api/internal/Production/GetUnitContents`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn unit_contents(&self, unit: NewUnit<'_>) -> Ask<Value> {
        let route = &route::internal::unit_contents;
        self.core.ask_any(route, unit.query(route.call()))
    }

    /// All phases (`GET /api/internal/Mes/GetUnitPhases`), from memory if they were read lately
    /// ([`CacheOptions::phases`](crate::CacheOptions::phases)).
    pub fn phases(&self) -> Ask<Arc<[Phase]>> {
        let route = &route::internal::phases;
        self.core.ask_list(route, Ok(route.call()))
    }

    /// The phase of a name or a code, whatever the case of its letters, of those of [`phases`](Self::phases).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a name that is empty or holds what nobody sees; or the call fails.
    pub fn phase(&self, name: &str) -> Ask<Option<Phase>> {
        let checked = scanned::check_some("phase", name, Kind::Name);
        let name = name.to_lowercase();
        let all = self.phases();
        self.core.run(|_| async move {
            checked?;
            let is = |text: &Option<String>| {
                text.as_ref()
                    .is_some_and(|text| text.to_lowercase() == name)
            };
            let all = all.await?;
            let named = all.iter().find(|phase| is(&phase.name));
            Ok(named
                .or_else(|| all.iter().find(|phase| is(&phase.code)))
                .cloned())
        })
    }

    /// All sites (`GET /api/internal/Production/GetSites`), from memory if they were read lately
    /// ([`CacheOptions::sites`](crate::CacheOptions::sites)).
    pub fn sites(&self) -> Ask<Arc<[Value]>> {
        let route = &route::internal::sites;
        self.core.ask_list(route, Ok(route.call()))
    }

    /// Whether production is connected (`GET /api/internal/Production/isConnected`).
    pub fn is_connected(&self) -> Ask<Value> {
        let route = &route::internal::is_connected;
        self.core.ask_any(route, Ok(route.call()))
    }

    /// Makes a unit (`POST /api/internal/Production/CreateUnit`). It is not repeated; [`unit_info`](Self::unit_info) tells what a call
    /// has done whose answer was lost.
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn create_unit(&self, unit: NewUnit<'_>) -> CreateUnit {
        let route = &route::internal::create_unit;
        CreateUnit::new(&self.core, route, unit.query(route.call()))
    }

    /// Makes a unit part of another, with messages in a language such as `en-US`
    /// (`POST /api/internal/Production/AddChildUnit`). It is not repeated.
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info), and for an empty language.
    pub fn add_child(
        &self,
        units: UnitPair<'_>,
        check: AddChild<'_>,
        culture_code: &str,
    ) -> AddChildChecked {
        let route = &route::internal::add_child;
        let call = pair(units, route.call())
            .and_then(|call| check.query(call))
            .and_then(|call| language("cultureCode", culture_code, call));
        AddChildChecked::new(&self.core, route, call)
    }

    /// Takes a unit out of another (`POST /api/internal/Production/RemoveChildUnit`). It is not repeated.
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn remove_child(&self, units: UnitPair<'_>) -> RemoveChild {
        let route = &route::internal::remove_child;
        RemoveChild::new(&self.core, route, pair(units, route.call()))
    }

    /// Takes all units out of a unit (`POST /api/internal/Production/RemoveAllChildUnits`). It is not repeated.
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info).
    pub fn remove_all_children(&self, parent: UnitKey<'_>) -> RemoveAllChildren {
        let route = &route::internal::remove_all_children;
        RemoveAllChildren::new(&self.core, route, parent.query(route.call()))
    }

    /// Whether what a unit is made of is right by its box build, with messages in a language such as `en-US`
    /// (`GET /api/internal/Production/CheckChildUnits`).
    ///
    /// # Errors
    /// As [`unit_info`](Self::unit_info), and for an empty language.
    pub fn check_children(&self, parent: UnitKey<'_>, culture_code: &str) -> Ask<Value> {
        let route = &route::internal::check_children;
        let call = parent.check().map(|()| {
            let call = route
                .call()
                .query("ParentSerialNumber", parent.serial_number);
            call.query("ParentPartNumber", parent.part_number)
        });
        let call = call.and_then(|call| language("CultureCode", culture_code, call));
        self.core.ask_any(route, call)
    }

    fn read(&self, route: &'static Route, unit: UnitKey<'_>) -> Ask<Value> {
        self.core.ask_any(route, unit.query(route.call()))
    }
}

fn pair(units: UnitPair<'_>, call: Call) -> Result<Call> {
    units.child.check()?;
    Ok(units
        .parent
        .query(call)?
        .query("childSerialNumber", units.child.serial_number)
        .query("childPartNumber", units.child.part_number))
}

fn language(name: &'static str, culture_code: &str, call: Call) -> Result<Call> {
    scanned::check_some("culture code", culture_code, Kind::Number)?;
    Ok(call.query(name, culture_code))
}
