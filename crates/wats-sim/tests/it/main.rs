//! The integration tests of `wats-sim`, in one binary.

mod asset;
mod common;
mod fault;
mod manual_inspection;
mod product;
mod program;
mod protocol;
mod report;
mod report_life;
mod root_cause;
mod scim;
mod software;
