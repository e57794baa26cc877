//! `wats-bench`: measures everything with the system's own allocator; see `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    wats_benches::cli::main(None)
}
