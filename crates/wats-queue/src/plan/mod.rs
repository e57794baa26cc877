//! What happens next: state, verdict and time give the next state. No file, no thread and no clock is touched here.
//!
//! - [`verdict`]: what a delivery may come to.
//! - [`flow`]: what holds for the whole queue: pauses, probes, the rate, the slow start. Shared by all processes.
//! - [`settle`]: what a verdict does to the item and to the flow.
//! - [`backoff`]: how long a wait is.
//!
//! An outage is a state of the queue and not of an item: it counts against none. Times are milliseconds since 1970; that a
//! wall clock may jump is dealt with by keeping the length of each wait beside its end, see [`clamp`].

mod backoff;
mod flow;
mod settle;
#[cfg(test)]
mod stations;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use backoff::clamp;
pub use flow::Reason;
pub(crate) use flow::{Admit, Flow};
pub(crate) use settle::{Change, Facts, Next, settle};
pub use verdict::Verdict;

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
