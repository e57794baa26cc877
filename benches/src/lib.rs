//! Side-by-side measurements of the `wats` crates against named peers.
//!
//! One run does everything in one process group on one machine, so that the *ratio* between two rows is worth
//! something even on a noisy host. The way of a run, top to bottom:
//!
//! 1. [`cli`] reads the options and asks every file of [`areas`] for its rows ([`spec::RowSpec`]);
//! 2. [`runner`] measures row by row, subject and peers alternately, at the [`pace`] that the time budget allows;
//! 3. rows that count allocations run in the second binary, see [`memory`];
//! 4. [`report`] writes `report.json`, `report.md` and `report.html`, with what the rows are to reach from [`goals`].
//!
//! Who adds a row needs [`spec::RowSpec`], [`spec::Context`] and one of the measuring helpers: [`pace::Timer`] for
//! time, [`cpu`] for processor time, [`memory`] for allocations, [`server`] for a server in a process of its own and
//! [`python`] for the Python peer. `README.md` shows each in a few lines.

pub mod areas;
pub mod cli;
pub mod cpu;
pub mod goals;
pub mod machine;
pub mod memory;
pub mod pace;
pub mod python;
pub mod report;
pub mod row;
pub mod runner;
pub mod server;
pub mod slope;
pub mod spec;

/// What anything here may fail with: a measurement stops at any error and keeps its text.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a set-up step or a round.
pub type Result<T, E = Error> = std::result::Result<T, E>;
