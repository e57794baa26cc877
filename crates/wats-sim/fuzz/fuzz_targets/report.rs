//! Any report, as WSJF and as WSXF: see the function of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wats_sim_fuzz::report(bytes));
