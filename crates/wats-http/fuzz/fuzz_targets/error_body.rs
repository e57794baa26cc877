//! Any body of a refusal: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| wats_http_fuzz::error_body(body));
