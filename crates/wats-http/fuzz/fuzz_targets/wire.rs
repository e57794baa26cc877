//! Any answer of a server: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_http_fuzz::wire(bytes));
