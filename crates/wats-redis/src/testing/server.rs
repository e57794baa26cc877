//! A `redis-server` of one's own.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use tempfile::TempDir;

/// Keeps nothing on disk, and does what tests want of it.
const PLAIN: [&str; 6] = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];

/// A server on a free port of the loopback interface; it ends with this value.
pub(crate) struct Server {
    port: u16,
    program: String,
    args: Vec<String>,
    environment: Vec<(&'static str, PathBuf)>,
    folder: TempDir,
    process: Option<Child>,
}

/// The program, or `None` with a line that says what is missing.
pub(crate) fn found() -> Option<String> {
    let program = env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let version = Command::new(&program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if version.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    let name = thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {name}: there is no `{program}` (Debian: apt-get install redis-server)");
    None
}

/// The first number of the server's version.
pub(crate) fn major() -> Option<u32> {
    let program = env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
    let version = Command::new(program).arg("--version").output().ok()?;
    let version = String::from_utf8(version.stdout).ok()?;
    // "Redis server v=7.0.15 sha=00000000:0 ..."
    let number = version.split("v=").nth(1)?.split('.').next()?;
    number.parse().ok()
}

/// Whether the program was built with TLS. Where it was not, that is said.
pub(crate) fn has_tls() -> bool {
    let Some(program) = found() else {
        return false;
    };
    // It ends at once, for want of a certificate or of TLS.
    let port = free_port().to_string();
    let output = Command::new(program)
        .args(["--port", "0", "--tls-port", &port, "--save", ""])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let has_tls = String::from_utf8_lossy(&said).contains("tls-cert-file");
    if !has_tls {
        eprintln!("SKIPPED: the server was built without TLS");
    }
    has_tls
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    free.local_addr().unwrap().port()
}

impl Server {
    /// Starts one that keeps nothing on disk; `None` where there is no such program.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&[])
    }

    /// A sentinel with this configuration.
    pub(crate) fn sentinel(config: &str) -> Option<Self> {
        found()?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, config).unwrap();
        let args = [file.to_str().unwrap(), "--sentinel"];
        Self::begin(&args, Vec::new(), folder)
    }

    /// The same with these variables in its environment.
    #[cfg(target_os = "linux")]
    pub(crate) fn in_environment(
        environment: impl IntoIterator<Item = (&'static str, PathBuf)>,
    ) -> Option<Self> {
        found()?;
        let environment = environment.into_iter().collect();
        Self::begin(&PLAIN, environment, tempfile::tempdir().unwrap())
    }

    /// The same with further arguments, such as `["--maxmemory", "5mb"]`.
    pub(crate) fn with(args: &[&str]) -> Option<Self> {
        found()?;
        // Before that version it needs no permission.
        let debug: &[&str] = match major() {
            Some(..7) => &[],
            _ => &["--enable-debug-command", "yes"],
        };
        let args = [&PLAIN[..], debug, args].concat();
        Self::begin(&args, Vec::new(), tempfile::tempdir().unwrap())
    }

    fn begin(
        args: &[&str],
        environment: Vec<(&'static str, PathBuf)>,
        folder: TempDir,
    ) -> Option<Self> {
        let mut server = Self {
            port: 0,
            program: found()?,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            environment,
            folder,
            process: None,
        };
        // The port may be taken by another between finding and using it.
        for _ in 0..20 {
            server.port = free_port();
            if server.spawn() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    fn spawn(&mut self) -> bool {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .envs(self.environment.iter().cloned())
            .args(["--port", &self.port.to_string(), "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.answers() {
                self.process = Some(child);
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }

    fn answers(&self) -> bool {
        let Ok(client) = redis::Client::open(self.url()) else {
            return false;
        };
        let Ok(mut connection) = client.get_connection_with_timeout(Duration::from_secs(1)) else {
            return false;
        };
        let answer = redis::cmd("PING").query::<redis::Value>(&mut connection);
        match answer {
            Ok(_) => true,
            // It is there, and wants a password.
            Err(error) => error.code() == Some("NOAUTH"),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A connection of a bystander.
    pub(crate) fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// Runs a command as a bystander.
    #[track_caller]
    pub(crate) fn run<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let (name, args) = words.split_first().unwrap();
        let mut command = redis::cmd(name);
        command.arg(args);
        command.query(&mut self.connection()).unwrap()
    }

    /// What it has saved.
    pub(crate) fn dump(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("dump.rdb")).unwrap()
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on the same port, empty.
    pub(crate) fn restart(&mut self) {
        self.kill();
        for _ in 0..50 {
            if self.spawn() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server does not start again");
    }

    /// Stops the process, as it stands (`SIGSTOP`).
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on (`SIGCONT`).
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        super::signal(self.process.as_ref().unwrap(), signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
