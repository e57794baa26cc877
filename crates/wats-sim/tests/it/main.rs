//! The integration tests of `wats-sim`, in one binary.

mod common;
mod fault;
mod product;
mod production;
mod program;
mod protocol;
mod report;
mod report_life;
mod serial_numbers;
