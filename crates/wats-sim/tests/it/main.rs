//! The integration tests of `wats-sim`, in one binary.

mod analytics;
mod common;
mod fault;
mod product;
mod program;
mod protocol;
mod report;
mod report_life;
