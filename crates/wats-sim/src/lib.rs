//! An in-process WATS server over real TCP: for demos, tests, benchmarks, and the CI of programs
//! that talk to WATS.
//!
//! It is written from the server's published description and shares no code with any client, so a
//! wrong name on the wire fails a test instead of agreeing with itself. It keeps real state (what is
//! posted is what is read), counts what happens on the sockets, and fails on purpose when told to.
//!
//! ```
//! # async fn doc() -> Result<(), wats_sim::Error> {
//! use std::time::Duration;
//! use wats_sim::{Fault, Simulator};
//!
//! let sim = Simulator::builder().latency(Duration::from_millis(20)).products(10).start().await?;
//! sim.inject(Fault::status(503).times(2));
//! assert!(sim.product("PART-0007").is_some());
//! assert_eq!(sim.counters().total_requests(), 0);
//! sim.shutdown().await;
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doc()).unwrap();
//! ```
//!
//! # Layout
//!
//! A request travels downwards:
//!
//! - `builder`: how a server is to run, and its start; `simulator`: the handle of a running one; `tls`: the certificates,
//! - `server`, `connection`, `io`: connections, counted below TLS,
//! - `service`: the steps of one request; `body`: its body; `routes`, `query`: its address; `access`: tokens, rights and
//!   rate limits; `fault`: failures on purpose; `clock`: the time; `duration`: times as options write them; `answer`: what goes back; `settings`: how the server behaves;
//!   `shared`: all of these in one; `log`: the requests that came last,
//! - `backend`: who answers: this server, a real one behind it, or an archive,
//! - `api`: the handlers and their routes; `call`, `multipart`: a request as they see it; `shape`: the members of
//!   documents; `odata`: filters; `report_rules`: what a report must keep,
//! - `cli`: the options of the program `wats-sim`, and its run,
//! - `store`, `seed`, `demo`, `product_shape`, `xml_data`: the state; `counters`, `arrivals`: what was seen.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod answer;
mod api;
mod arrivals;
mod backend;
mod body;
mod builder;
mod call;
#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
pub mod cli;
mod clock;
mod connection;
mod counters;
mod demo;
mod duration;
mod error;
mod fault;
mod io;
mod log;
mod multipart;
mod odata;
mod product_shape;
mod query;
mod report_rules;
mod routes;
mod seed;
mod server;
mod service;
mod settings;
mod shape;
mod shared;
mod simulator;
mod store;
mod tls;
mod xml_data;

pub use access::Access;
pub use builder::Builder;
pub use counters::Counters;
pub use duration::{parse_duration, parse_rate};
pub use error::Error;
pub use fault::Fault;
pub use log::RequestRecord;
pub use report_rules::ReportRules;
pub use simulator::{DEFAULT_TOKEN, Simulator};

/// The README, whose example must compile as printed.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
