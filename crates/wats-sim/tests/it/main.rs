//! The integration tests of `wats-sim`, in one binary.

mod access;
mod asset;
mod asset_due;
mod barcode;
mod common;
mod data;
mod fault;
mod judges;
mod manual_inspection;
mod pages;
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
mod serial_numbers;
mod server;
mod software;
mod software_files;
