//! Units: what they are, where they are, what they are made of, and their serial numbers.
//!
//! `key` says which unit, `model` holds the wire models, `service` the operations on units, `family` those on parents and
//! children, `numbers` those on serial numbers, `internal` and `internal_numbers` those that the server does not publish.

#[cfg(test)]
pub(crate) mod calls;
mod family;
mod internal;
mod internal_numbers;
mod key;
mod model;
mod numbers;
pub(crate) mod route;
mod service;

pub use family::{AddChild, UnitPair};
pub use internal::{
    AddChildChecked, CreateUnit, GetUnit, InternalProduction, NewUnit, RemoveAllChildren,
    RemoveChild,
};
pub use internal_numbers::{
    FindSerialNumbers, NumberRanges, NumberStatistics, Reservation, SerialNumberCount,
    SerialNumberRange,
};
pub use key::UnitKey;
pub use model::{
    Phase, ProductionBatch, SerialNumberIdentifier, SerialNumberType, Unit, UnitChange, UnitPhase,
    UnitVerification, UnitVerificationGrade,
};
pub use numbers::{
    ExportSerialNumbers, FileFormat, NumberRange, Reference, SerialNumbersIn, SerialNumbersOf,
    TakeSerialNumbers,
};
pub use service::{ProductionService, Verify};
