//! Any bytes as a report: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_domains_fuzz::report(bytes));
