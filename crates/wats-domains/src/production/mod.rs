//! Units: what they are, where they are, what they are made of, and their serial numbers.
//!
//! `key` says which unit, `model` holds the wire models, `service` the operations on units, `family` those on parents and
//! children, `numbers` those on serial numbers, `serial_numbers` the files of them.

#[cfg(test)]
pub(crate) mod calls;
mod family;
mod key;
mod model;
mod numbers;
pub(crate) mod route;
mod serial_numbers;
mod service;

pub use family::{AddChild, UnitPair};
pub use key::UnitKey;
pub use model::{
    ProductionBatch, SerialNumberIdentifier, SerialNumberType, Unit, UnitChange, UnitPhase,
    UnitVerification, UnitVerificationGrade,
};
pub use numbers::{
    ExportSerialNumbers, FileFormat, NumberRange, Reference, SerialNumbersIn, SerialNumbersOf,
    TakeSerialNumbers,
};
pub use serial_numbers::SerialNumbers;
pub use service::{ProductionService, Verify};
