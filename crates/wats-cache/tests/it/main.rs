//! The integration tests of `wats-cache`, in one binary.

mod background;
mod basics;
#[cfg(all(feature = "macros", feature = "async"))]
mod cached;
mod loading;
#[cfg(feature = "metrics")]
mod metrics;
mod model;
#[cfg(feature = "async")]
mod tasks;
