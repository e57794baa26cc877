//! Any answer of a proxy: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wats_http_fuzz::proxy(input));
