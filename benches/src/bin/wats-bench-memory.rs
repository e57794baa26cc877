//! `wats-bench-memory`: the same rows, but only those that count allocations.
//!
//! Counting costs time at every allocation and would bias the timed rows against whoever allocates more, so it
//! happens in a binary of its own. `wats-bench` starts it and takes its rows over.

use std::process::ExitCode;
use wats_benches::memory::Counted;

fn main() -> ExitCode {
    wats_benches::cli::main(Some(count))
}

fn count(work: &mut dyn FnMut()) -> Counted {
    let info = allocation_counter::measure(work);
    Counted {
        allocations: info.count_total,
        bytes: info.bytes_total,
        live: info.bytes_current,
        peak: info.bytes_max,
    }
}
