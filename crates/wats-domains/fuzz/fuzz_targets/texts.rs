//! Any bytes as the text of a report that is submitted: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_domains_fuzz::texts(bytes));
