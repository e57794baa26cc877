//! Operations on serial numbers by routes that the server does not publish.

use jiff::Timestamp;
use serde_json::{Value, json};
use wats_report::wire;

use super::internal::InternalProduction;
use super::numbers::of_type;
use super::{NumberRange, SerialNumberIdentifier, route};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::error::Result;
use crate::scanned::{self, Kind};

wire! {
    /// A range of serial numbers of a type, both ends included.
    pub struct SerialNumberRange {
        /// Name of the type.
        "type" => type_name: String,
        /// What kind of number it is.
        "identifier" => identifier: SerialNumberIdentifier,
        /// The kind in words.
        "identifierName" => identifier_name: String,
        /// The first one.
        "startAddress" => first: String,
        /// The last one.
        "endAddress" => last: String,
        /// How many there are.
        "total" => total: i32,
        /// How many of them are free.
        "free" => free: i32,
        /// How many are taken.
        "taken" => taken: i32,
        /// How many are reserved.
        "reserved" => reserved: i32,
    }
}

impl SerialNumberRange {
    /// The range of a type.
    pub fn new(type_name: impl Into<String>, range: NumberRange<'_>) -> Self {
        Self {
            type_name: Some(type_name.into()),
            first: Some(range.first.to_owned()),
            last: Some(range.last.to_owned()),
            ..Self::default()
        }
    }
}

/// Which serial numbers to reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation<'a> {
    /// Name of the type.
    pub type_name: &'a str,
    /// How many.
    pub quantity: u32,
    /// The test station that reserves them.
    pub station: &'a str,
    /// Whether they must follow each other without gaps.
    pub only_in_sequence: bool,
}

request! {
    /// From [`InternalProduction::serial_numbers`].
    pub struct FindSerialNumbers -> Value, by ask_any {
        /// Only those that were made at this time or later.
        "startDate" => from: Timestamp,
        /// Only those that were made at this time or earlier.
        "endDate" => until: Timestamp as AtLeast(from),
    }

    /// From [`InternalProduction::serial_number_count`].
    pub struct SerialNumberCount -> Value, by ask_any {
        /// Only those from this one on.
        "startAddress" => first: String as Number,
        /// Only those up to this one.
        "endAddress" => last: String as Number,
        /// Only those that were made at this time or later.
        "fromDate" => from: Timestamp,
        /// Only those that were made at this time or earlier.
        "toDate" => until: Timestamp as AtLeast(from),
    }

    /// From [`InternalProduction::serial_number_ranges`].
    pub struct NumberRanges -> Vec<SerialNumberRange>, by ask {
        /// Only those of this type.
        "serialNumberType" => of_type: String as Number,
    }

    /// From [`InternalProduction::serial_number_statistics`].
    pub struct NumberStatistics -> Value, by ask_any {
        /// Only those of this type.
        "serialNumberType" => of_type: String as Number,
    }
}

impl InternalProduction {
    /// All serial numbers of a type in a range (`GET /api/internal/Production/SerialNumbers`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type or end; or the call fails.
    pub fn serial_numbers(&self, type_name: &str, range: NumberRange<'_>) -> FindSerialNumbers {
        let route = &route::internal::serial_numbers;
        let call = of_type(type_name).and_then(|()| range.check()).map(|()| {
            let call = route.call().query("serialNumberType", type_name);
            call.query("startAddress", range.first)
                .query("endAddress", range.last)
        });
        FindSerialNumbers::new(&self.core, route, call)
    }

    /// How many serial numbers of a type there are (`GET /api/internal/Production/SerialNumbers/Count`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type; or the call fails.
    pub fn serial_number_count(&self, type_name: &str) -> SerialNumberCount {
        let route = &route::internal::count;
        let call = of_type(type_name).map(|()| route.call().query("serialNumberType", type_name));
        SerialNumberCount::new(&self.core, route, call)
    }

    /// The ranges that there are (`GET /api/internal/Production/SerialNumbers/Ranges`).
    pub fn serial_number_ranges(&self) -> NumberRanges {
        let route = &route::internal::ranges;
        NumberRanges::new(&self.core, route, Ok(route.call()))
    }

    /// How many serial numbers are free and taken (`GET /api/internal/Production/SerialNumbers/Statistics`).
    pub fn serial_number_statistics(&self) -> NumberStatistics {
        let route = &route::internal::statistics;
        NumberStatistics::new(&self.core, route, Ok(route.call()))
    }

    /// Makes the reserved serial numbers of ranges free again; taken ones stay taken
    /// (`PUT /api/internal/Production/SerialNumbers/Free`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for no ranges, and for one without a type, a first or a last number; or
    /// the call fails.
    pub fn free_serial_numbers(&self, ranges: &[SerialNumberRange]) -> Ask<()> {
        let route = &route::internal::free;
        let call = checked(ranges).map(|()| route.call().json(ranges));
        self.core.tell(route, call)
    }

    /// Deletes the free serial numbers of ranges; taken ones stay
    /// (`DELETE /api/internal/Production/SerialNumbers/Free`).
    ///
    /// # Errors
    /// As [`free_serial_numbers`](Self::free_serial_numbers).
    pub fn delete_free_serial_numbers(&self, ranges: &[SerialNumberRange]) -> Ask<()> {
        let route = &route::internal::delete_free;
        let call = checked(ranges).map(|()| route.call().json(ranges));
        self.core.tell(route, call)
    }

    /// Reserves serial numbers (`POST /api/internal/Production/GetAndReserveNewSerialNumbers`). It is not repeated,
    /// as each
    /// call reserves others.
    ///
    /// The server's own client sends its token in the body, too. This one does not, as the header has it; whether every
    /// server does without is not known.
    /// [`ProductionService::take_serial_numbers`](super::ProductionService::take_serial_numbers)
    /// is published.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty type or station, and for none; or the call fails.
    pub fn reserve_serial_numbers(&self, numbers: Reservation<'_>) -> Ask<Value> {
        let route = &route::internal::reserve;
        let call = of_type(numbers.type_name)
            .and_then(|()| scanned::check_some("station", numbers.station, Kind::Name))
            .and_then(|()| argument::count("quantity", numbers.quantity))
            .map(|quantity| {
                route.call().json(&json!({"sn": {
                    "serialNumberType": numbers.type_name,
                    "batchSize": quantity,
                    "requestType": "Reserve",
                    "onlyInSequence": numbers.only_in_sequence,
                    "stationName": numbers.station,
                }}))
            });
        self.core.ask_any(route, call)
    }
}

/// Refuses what the server might take for all numbers.
fn checked(ranges: &[SerialNumberRange]) -> Result<()> {
    let ranges = argument::some("ranges", ranges)?;
    ranges.iter().try_for_each(|range| {
        of_type(range.type_name.as_deref().unwrap_or_default())?;
        let text = |end: &'_ Option<String>| end.clone().unwrap_or_default();
        NumberRange {
            first: &text(&range.first),
            last: &text(&range.last),
        }
        .check()
    })
}
