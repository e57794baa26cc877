//! Serial numbers: types of them, and the numbers of each, which are free, reserved or taken.
//!
//! - `kind`: what a number is, its place in the order, and what follows it; the types,
//! - `kept`: the numbers that are kept, and giving them,
//! - `file`: numbers as XML and CSV, read and written,
//! - `calls`: public operations, with those that look for numbers; `ranges`: ranges and counts; `reserve`: reservations.
//!
//! Assumed: types cannot be made, so there are three, of which no numbers are there until they are uploaded. The numbers of
//! a type differ, in whatever writing; an upload answers those that were there already, which are not taken over. A sequence
//! that is not there is 409.

pub(super) mod calls;
mod file;
mod kept;
mod kind;
pub(super) mod ranges;
pub(super) mod reserve;
