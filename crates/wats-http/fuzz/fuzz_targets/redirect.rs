//! Any `Location`: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|location: &str| wats_http_fuzz::redirect(location));
