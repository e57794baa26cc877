//! The integration tests of `wats-sim`, in one binary.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "a panic is the failing test, a skipped one should say so, and tables are long"
)]

mod access;
mod analytics;
mod asset;
mod asset_due;
mod barcode;
mod common;
mod data;
mod described;
mod export;
mod factory;
mod factory_steps;
mod fault;
mod fault_choice;
mod manual_inspection;
mod pages;
mod peers;
mod process;
mod product;
mod product_parts;
mod production;
mod program;
mod protocol;
mod random;
mod record;
mod report;
mod report_life;
mod root_cause;
mod scim;
mod server;
mod software;
mod software_files;
mod stumbles;
