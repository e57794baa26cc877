//! The integration tests of `wats-cache`, in one binary.

mod background;
mod basics;
#[cfg(all(feature = "macros", feature = "async"))]
mod cached;
mod expiring;
mod loading;
#[cfg(feature = "metrics")]
mod metrics;
mod model;
mod options;
#[cfg(feature = "async")]
mod tasks;
#[cfg(feature = "async")]
mod tier;
