//! Starting other programs, and Ctrl-C.
//!
//! A terminal sends Ctrl-C to the whole process group, so a running child ends by itself. This program survives it
//! to say what had been done by then.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted command, as shells give it.
pub(crate) const INTERRUPTED: u8 = 130;

/// What keeps the target directory of a whole run at a few gigabytes: debug information and the state of incremental
/// builds made it 48 GB, which filled the disk of a machine. Who sets a variable keeps it.
const SMALL: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_INCREMENTAL", "0")];

/// Why a command could not be run.
#[derive(Debug)]
pub(crate) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Whether Ctrl-C was pressed.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes over Ctrl-C from the default, which would end this program without a word.
    pub(crate) fn watch() -> Self {
        let interrupt = Self(Arc::default());
        let flag = Arc::clone(&interrupt.0);
        // Without a handler Ctrl-C still ends the program, only less politely.
        let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
        interrupt
    }

    /// Whether Ctrl-C was pressed since the start.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The cargo that runs us, or the one on the path.
///
/// `cargo run` tells us about our own package in the environment. Passed on, that would have build scripts that watch
/// these variables (ring's does), and all that depends on them, built anew after each plain `cargo build`.
pub(crate) fn cargo() -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for (name, _) in std::env::vars_os() {
        let of_our_package = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if of_our_package {
            command.env_remove(name);
        }
    }
    for (name, value) in SMALL {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    command
}

/// Runs a command with our terminal.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, Error> {
    let status = command.status();
    status.map_err(|error| cannot_start(command, &error))
}

/// Runs a command with our terminal in our place, so that who ends us ends it, and its exit code is ours. Where a process
/// cannot become another one it is waited for.
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode, Error> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(cannot_start(command, &error))
    }
    #[cfg(not(unix))]
    status(command).map(exit_code)
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    let program = command.get_program().to_string_lossy().into_owned();
    Error(format!("cannot start {program}: {error}"))
}

/// Whether a command runs at all and ends well, without output: a probe for a tool.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Hands a child's exit code on; one that a signal ended gives 128 + signal, as in a shell.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| signal_code(status));
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(unix)]
fn signal_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or(1, |signal| 128 + signal)
}

#[cfg(not(unix))]
fn signal_code(_: ExitStatus) -> i32 {
    1
}
