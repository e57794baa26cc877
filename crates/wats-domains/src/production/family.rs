//! Operations on what units are made of.

use serde_json::Value;
use wats_http::Call;

use super::{ProductionService, UnitKey, route};
use crate::ask::Ask;
use crate::error::Result;
use crate::scanned::{self, Kind};

/// A unit and one that is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitPair<'a> {
    /// The whole.
    pub parent: UnitKey<'a>,
    /// The part.
    pub child: UnitKey<'a>,
}

impl UnitPair<'_> {
    fn query(self, call: Call) -> Result<Call> {
        self.child.check()?;
        let call = parent(self.parent, call)?;
        Ok(call
            .query("childSerialNumber", self.child.serial_number)
            .query("childPartNumber", self.child.part_number))
    }
}

/// By which box build a child is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddChild<'a> {
    /// That of the parent.
    #[default]
    ByBoxBuild,
    /// None; it must be a unit of this part number and revision.
    As {
        /// Part number.
        part_number: &'a str,
        /// Revision.
        revision: &'a str,
    },
}

impl AddChild<'_> {
    /// Names the check in the query of a call. Both are empty for the box build, as the server has it.
    pub(super) fn query(self, call: Call) -> Result<Call> {
        let (part_number, revision) = match self {
            Self::ByBoxBuild => ("", ""),
            Self::As {
                part_number,
                revision,
            } => {
                scanned::check_some("part number to check", part_number, Kind::Number)?;
                scanned::check_some("revision to check", revision, Kind::Number)?;
                (part_number, revision)
            }
        };
        Ok(call
            .query("checkPartNumber", part_number)
            .query("checkRevision", revision))
    }
}

fn parent(unit: UnitKey<'_>, call: Call) -> Result<Call> {
    unit.check()?;
    Ok(call
        .query("parentSerialNumber", unit.serial_number)
        .query("parentPartNumber", unit.part_number))
}

impl ProductionService {
    /// Makes a unit part of another (`POST /api/Production/AddChildUnit`). It must not be part of one yet, be finished, and
    /// be what the box build of the parent says. It is not repeated; [`check_children`](Self::check_children) tells what a
    /// call has done whose answer was lost.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a number that is empty or holds what nobody sees; or the call fails.
    pub fn add_child(&self, units: UnitPair<'_>, check: AddChild<'_>) -> Ask<()> {
        let call = units.query(route::add_child.call());
        let call = call.and_then(|call| check.query(call));
        self.core.tell(&route::add_child, call)
    }

    /// Takes a unit out of another (`POST /api/Production/RemoveChildUnit`). It is not repeated.
    ///
    /// # Errors
    /// As [`add_child`](Self::add_child).
    pub fn remove_child(&self, units: UnitPair<'_>) -> Ask<()> {
        self.core.tell(
            &route::remove_child,
            units.query(route::remove_child.call()),
        )
    }

    /// Whether what a unit is made of is right by its box build (`GET /api/Production/CheckChildUnits`). The form of the
    /// answer is not described.
    ///
    /// # Errors
    /// As [`add_child`](Self::add_child).
    pub fn check_children(&self, unit: UnitKey<'_>) -> Ask<Value> {
        self.core.ask_any(
            &route::check_children,
            parent(unit, route::check_children.call()),
        )
    }
}
