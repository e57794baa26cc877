//! Any bytes as what lists hold: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_domains_fuzz::lists(bytes));
