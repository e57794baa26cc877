//! The integration tests of `wats-background`, in one binary.

#[cfg(unix)]
mod fork;
mod jobs;
