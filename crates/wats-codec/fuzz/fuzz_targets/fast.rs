//! The fast path against `serde` on any bytes: the same value or the same error.
#![no_main]

mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| model::read_alike(bytes));
