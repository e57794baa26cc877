//! Any filter and order: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| wats_sim_fuzz::filter(text));
