//! The integration tests of `wats-sim`, in one binary.

mod access;
mod analytics;
mod asset;
mod barcode;
mod common;
mod data;
mod described;
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
mod server;
mod software;
