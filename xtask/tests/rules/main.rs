//! The rules of the project that a compiler does not check.
//!
//! `layers`: who may depend on whom. `manifests`: what every crate has, and that each dependency has its reason.
//! `binaries`: one test program per crate. `default_build`: how much a user of `wats` builds. `packages`: what a published
//! crate needs. `files`: what no file contains, and how modules are laid out. `service`: the layers do not name WATS.
//! `circles`: no module uses itself by way of others. `migration`: the guide from the Python client. `words`: the terms that are used. `workspace` and `modules` read what
//! these rules are about.

#![allow(
    clippy::unwrap_used,
    reason = "all of this is test code: what cannot be read has failed"
)]

mod binaries;
mod circles;
mod default_build;
mod files;
mod layers;
mod manifests;
mod migration;
mod modules;
mod packages;
mod service;
mod words;
mod workspace;
