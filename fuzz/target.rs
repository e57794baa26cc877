//! Every fuzz target: the name of the program says which criterion of `criteria/` it feeds.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_fuzz::check(env!("CARGO_BIN_NAME"), bytes));
