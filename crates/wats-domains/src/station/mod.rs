//! The station that a client works for: `defaults` is where its reports come from and what they begin with, `reports` begins
//! them.

mod defaults;
mod reports;

pub(crate) use defaults::{PROCESS_CODES, StationDefaults};
