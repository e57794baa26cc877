//! The integration tests of `wats-sim`, in one binary.

mod access;
mod asset;
mod common;
mod data;
mod fault;
mod pages;
mod product;
mod production;
mod program;
mod protocol;
mod random;
mod record;
mod report;
mod report_life;
mod software;
