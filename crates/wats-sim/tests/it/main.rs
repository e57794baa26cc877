//! The integration tests of `wats-sim`, in one binary.

mod barcode;
mod common;
mod fault;
mod process;
mod product;
mod product_parts;
mod program;
mod protocol;
mod report;
mod report_life;
mod server;
