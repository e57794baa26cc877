//! The integration tests of `wats-background`, in one binary. Those of `fork` run beside the threads of the others: a fork in the middle of
//! anything is what they are about.

#[cfg(unix)]
mod fork;
mod jobs;
