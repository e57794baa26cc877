//! Any `Retry-After`: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| wats_http_fuzz::retry_after(text));
