//! Operations on serial numbers: taking them from a type, finding those that were taken, and files of them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use wats_http::{Multipart, Part};

use super::{ProductionService, SerialNumberType, route};
use crate::RemoteFile;
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::error::Result;
use crate::scanned::{self, Kind};

/// In which form a file has serial numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFormat {
    /// XML.
    Xml,
    /// Values with separators.
    Csv,
}

impl FileFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Xml => "XML",
            Self::Csv => "CSV",
        }
    }
}

/// Serial numbers from one to another, both of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberRange<'a> {
    /// The first one.
    pub first: &'a str,
    /// The last one.
    pub last: &'a str,
}

impl NumberRange<'_> {
    /// Refuses ends that are empty or hold what nobody sees.
    pub(super) fn check(self) -> Result<()> {
        scanned::check_some("first number", self.first, Kind::Number)?;
        scanned::check_some("last number", self.last, Kind::Number)
    }
}

/// For what serial numbers were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reference<'a> {
    /// For a unit of this serial number.
    SerialNumber(&'a str),
    /// For units of this part number.
    PartNumber(&'a str),
    /// For a unit of these.
    Unit(super::UnitKey<'a>),
}

request! {
    /// From [`ProductionService::take_serial_numbers`].
    pub struct TakeSerialNumbers -> RemoteFile, by download {
        /// The serial number that they are taken for, by which
        /// [`serial_numbers_of`](ProductionService::serial_numbers_of) finds them.
        "refSN" => for_serial_number: String as Number,
        /// The part number that they are taken for.
        "refPN" => for_part_number: String as Number,
        /// The test station that takes them.
        "stationName" => station: String as Name,
        /// Whether they must follow each other without gaps; if there are no such, nothing is taken.
        "onlyInSequence" => only_in_sequence: bool,
    }

    /// From [`ProductionService::serial_numbers_in`].
    pub struct SerialNumbersIn -> Value, by ask_any {
        /// Only those that were made at this time or later.
        "startDate" => from: Timestamp,
        /// Only those that were made at this time or earlier.
        "endDate" => until: Timestamp as AtLeast(from),
    }

    /// From [`ProductionService::serial_numbers_of`].
    pub struct SerialNumbersOf -> Value, by ask_any {
        /// Only those that were made at this time or later.
        "startDate" => from: Timestamp,
        /// Only those that were made at this time or earlier.
        "endDate" => until: Timestamp as AtLeast(from),
    }

    /// From [`ProductionService::export_serial_numbers`].
    pub struct ExportSerialNumbers -> RemoteFile, by download {
        /// Only those from this one on.
        "startAddress" => first: String as Number,
        /// Only those up to this one.
        "endAddress" => last: String as Number,
        /// Only those that were made at this time or later.
        "startDate" => from: Timestamp,
        /// Only those that were made at this time or earlier.
        "endDate" => until: Timestamp as AtLeast(from),
    }
}

impl ProductionService {
    /// Types of serial numbers (`GET /api/Production/SerialNumbers/Types`), from memory if they were read lately
    /// ([`CacheOptions::serial_number_types`](crate::CacheOptions::serial_number_types)).
    pub fn serial_number_types(&self) -> Ask<Arc<[SerialNumberType]>> {
        let route = &route::serial_number_types;
        self.core.ask_list(route, Ok(route.call()))
    }

    /// Takes free serial numbers of a type (`POST /api/Production/SerialNumbers/Take`): as many as there are, if there are
    /// fewer. They come as a file, which [`SerialNumbers::read`](super::SerialNumbers::read) takes apart.
    ///
    /// It is not repeated, as each call takes others. Say for which unit they are: then those that were taken by a call
    /// whose answer was lost are found by [`serial_numbers_of`](Self::serial_numbers_of).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type and for none; or the call fails.
    pub fn take_serial_numbers(
        &self,
        type_name: &str,
        quantity: u32,
        format: FileFormat,
    ) -> TakeSerialNumbers {
        let route = &route::take;
        let call = of_type(type_name)
            .and_then(|()| argument::count("quantity", quantity))
            .map(|quantity| {
                let call = route.call().query("serialNumberType", type_name);
                call.query("quantity", quantity)
                    .query("format", format.name())
            });
        TakeSerialNumbers::new(&self.core, route, call)
    }

    /// Serial numbers of a type in a range (`GET /api/Production/SerialNumbers/ByRange`). The form of the answer is not
    /// described.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type or end; or the call fails.
    pub fn serial_numbers_in(&self, type_name: &str, range: NumberRange<'_>) -> SerialNumbersIn {
        let route = &route::serial_numbers_in;
        let call = of_type(type_name).and_then(|()| range.check()).map(|()| {
            let call = route.call().query("serialNumberType", type_name);
            call.query("startAddress", range.first)
                .query("endAddress", range.last)
        });
        SerialNumbersIn::new(&self.core, route, call)
    }

    /// Serial numbers of a type that were taken for a unit or a product
    /// (`GET /api/Production/SerialNumbers/ByReference`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type or number; or the call fails.
    pub fn serial_numbers_of(&self, type_name: &str, reference: Reference<'_>) -> SerialNumbersOf {
        let route = &route::serial_numbers_of;
        let (serial_number, part_number) = match reference {
            Reference::SerialNumber(number) => (Some(number), None),
            Reference::PartNumber(number) => (None, Some(number)),
            Reference::Unit(unit) => (Some(unit.serial_number), Some(unit.part_number)),
        };
        let check = |what, number: Option<&str>| match number {
            Some(number) => scanned::check_some(what, number, Kind::Number),
            None => Ok(()),
        };
        let call = of_type(type_name)
            .and_then(|()| check("serial number", serial_number))
            .and_then(|()| check("part number", part_number))
            .map(|()| {
                let call = route.call().query("serialNumberType", type_name);
                call.query_opt("refSN", serial_number)
                    .query_opt("refPN", part_number)
            });
        SerialNumbersOf::new(&self.core, route, call)
    }

    /// A file of the serial numbers of a type (`GET /api/Production/SerialNumbers`), which
    /// [`SerialNumbers::read`](super::SerialNumbers::read) takes apart.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type; or the call fails.
    pub fn export_serial_numbers(
        &self,
        type_name: &str,
        format: FileFormat,
    ) -> ExportSerialNumbers {
        let route = &route::export_serial_numbers;
        let call = of_type(type_name).map(|()| {
            let call = route.call().query("serialNumberType", type_name);
            call.query("format", format.name())
        });
        ExportSerialNumbers::new(&self.core, route, call)
    }

    /// Adds the serial numbers of a file to a type (`PUT /api/Production/SerialNumbers`).
    /// [`SerialNumbers::write`](super::SerialNumbers::write) makes such a file. It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type; or the call fails.
    pub fn upload_serial_numbers(
        &self,
        type_name: &str,
        format: FileFormat,
        file: Part,
    ) -> Ask<()> {
        let route = &route::upload_serial_numbers;
        let call = of_type(type_name).map(|()| {
            let form = Multipart::new().part("file", file);
            let call = route.call().query("serialNumberType", type_name);
            call.query("format", format.name()).multipart(form)
        });
        self.core.tell(route, call)
    }
}

pub(super) fn of_type(name: &str) -> Result<()> {
    scanned::check_some("type of serial numbers", name, Kind::Number)
}
