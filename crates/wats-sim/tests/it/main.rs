//! The integration tests of `wats-sim`, in one binary.

mod access;
mod analytics;
mod asset;
mod common;
mod data;
mod factory;
mod factory_steps;
mod fault;
mod pages;
mod product;
mod program;
mod protocol;
mod random;
mod record;
mod report;
mod report_life;
mod software;
