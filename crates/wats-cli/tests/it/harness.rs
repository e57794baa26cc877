//! Servers and programs for the other modules.
//!
//! A program runs with a cleared environment and a home of its own. Whatever it prints is searched for the token: no test
//! has to ask for that.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use assert_cmd::assert::{Assert, OutputAssertExt as _};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use wats_sim::{Builder, Simulator};

/// The token of all servers here: `test:secret-of-tests` in base64, as WATS has them.
pub(crate) const TOKEN: &str = "dGVzdDpzZWNyZXQtb2YtdGVzdHM=";

/// What no output may hold: the token, what it is made of, and the token in base64 again.
const SECRETS: [&str; 3] = [
    "dGVzdDpzZWNyZXQtb2YtdGVzdHM",
    "secret-of-tests",
    "ZEdWemREcHpaV055WlhRdGIyWXRkR1Z6ZEhN",
];

/// Longer than any wait of a test takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// What of the own environment a program needs to run at all.
const NEEDED: [&str; 8] = [
    "PATH",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "TEMP",
    "TMP",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
];

/// A simulated server with a runtime of its own.
pub(crate) struct Server {
    // Before the runtime, which it needs to the end.
    simulator: Simulator,
    runtime: Runtime,
    home: Home,
}

impl Server {
    /// An empty one.
    pub(crate) fn start() -> Self {
        Self::of(Simulator::builder())
    }

    /// One that was set up.
    pub(crate) fn of(builder: Builder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let simulator = runtime.block_on(builder.token(TOKEN).start()).unwrap();
        Self {
            simulator,
            runtime,
            home: Home::new(),
        }
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// A folder of this test.
    pub(crate) fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// The program, with the address and token of this server in its environment.
    pub(crate) fn wats<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Program {
        self.home
            .wats(arguments)
            .env("WATS_BASE_URL", self.simulator.base_url())
            .env("WATS_AUTH_TOKEN", TOKEN)
    }

    /// Stops the server: from now on nothing answers at its address. The address remains.
    pub(crate) fn stop(&self) {
        self.runtime.block_on(self.simulator.shutdown());
    }
}

/// A folder that is the home and the working directory of programs.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into the folder, and gives its path.
    pub(crate) fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program, with no server and no token.
    pub(crate) fn wats<I: IntoIterator<Item: AsRef<OsStr>>>(&self, arguments: I) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wats"));
        command.args(arguments).current_dir(self.folder());
        environment(&mut command, self.folder());
        Program {
            command,
            stdin: None,
        }
    }
}

/// Clears the environment but for what is needed, and sets the home.
pub(crate) fn environment(command: &mut Command, home: &Path) {
    command.env_clear();
    for name in NEEDED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for name in ["HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"] {
        command.env(name, home);
    }
    // An address of this machine is never asked for through a proxy, whatever a system's settings say.
    command.env("NO_PROXY", "127.0.0.1,localhost");
}

/// The program with its arguments, to be run.
pub(crate) struct Program {
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Program {
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads on its standard input; nothing unless this is called.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Runs it to its end, and checks that nothing secret was printed.
    pub(crate) fn run(self) -> Output {
        self.start().output()
    }

    /// Runs it to its end; what is to be asserted follows, such as `.code(3)`.
    pub(crate) fn assert(self) -> Assert {
        self.run().assert()
    }

    /// Starts it; what it prints is collected.
    pub(crate) fn start(mut self) -> Running {
        let input = if self.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        self.command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let stdin = self.stdin.map(|bytes| {
            let mut stdin = child.stdin.take().unwrap();
            // A program that ended before it read everything is its own matter.
            thread::spawn(move || drop(stdin.write_all(&bytes)))
        });
        Running {
            stdout: child.stdout.take().map(BufReader::new),
            child,
            stderr: Some(stderr),
            stdin,
        }
    }
}

/// A program that runs; it is killed when this is dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<std::process::ChildStdout>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    stdin: Option<JoinHandle<()>>,
}

impl Running {
    /// The next line of its standard output, without its end; `None` when there are no more.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        secretless(line.as_bytes());
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next byte of its standard output; nothing behind it is taken out of the pipe. Not after [`line`](Self::line).
    pub(crate) fn byte(&mut self) -> u8 {
        let mut byte = [0];
        let pipe = self.stdout.as_mut().unwrap().get_mut();
        pipe.read_exact(&mut byte).unwrap();
        byte[0]
    }

    /// Closes the reading end of its standard output, as `| head` does when it has enough.
    pub(crate) fn close(&mut self) {
        self.stdout = None;
    }

    /// Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, and says how many kilobytes of memory it had at most.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory(&mut self) -> u64 {
        let status = format!("/proc/{}/status", self.child.id());
        let mut peak = 0;
        until("the program has ended", || {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let told = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
            peak = told.unwrap_or(peak);
            self.child.try_wait().unwrap().is_some()
        });
        peak
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end, and gives what it printed since the last [`line`](Self::line).
    pub(crate) fn output(mut self) -> Output {
        let mut stdout = Vec::new();
        if let Some(mut pipe) = self.stdout.take() {
            pipe.read_to_end(&mut stdout).unwrap();
        }
        let stderr = self.stderr.take().unwrap().join().unwrap();
        if let Some(stdin) = self.stdin.take() {
            stdin.join().unwrap();
        }
        let status = self.child.wait().unwrap();
        secretless(&stdout);
        secretless(&stderr);
        Output {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fails when there is anything of the token in what was printed or written.
pub(crate) fn secretless(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in SECRETS {
        assert!(!text.contains(secret), "there is the token in: {text}");
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited too long until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output as the document of `--json`.
pub(crate) fn document(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", stdout(output), stderr(output));
    })
}

/// Says where it is seen that a part of a test could not run.
pub(crate) fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}
