//! The program `wats`.

fn main() -> std::process::ExitCode {
    wats_cli::main()
}
