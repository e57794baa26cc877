//! What tells a unit from all others.

use wats_http::Call;

use crate::error::Result;
use crate::scanned::{self, Kind};

/// A unit: its serial number and its part number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitKey<'a> {
    /// Serial number.
    pub serial_number: &'a str,
    /// Part number.
    pub part_number: &'a str,
}

impl UnitKey<'_> {
    /// Refuses numbers that are empty or hold what nobody sees.
    pub(crate) fn check(self) -> Result<()> {
        scanned::check_some("serial number", self.serial_number, Kind::Number)?;
        scanned::check_some("part number", self.part_number, Kind::Number)
    }

    /// Names the unit in the query of a call.
    pub(crate) fn query(self, call: Call) -> Result<Call> {
        self.check()?;
        Ok(call
            .query("serialNumber", self.serial_number)
            .query("partNumber", self.part_number))
    }
}
