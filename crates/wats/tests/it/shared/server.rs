//! A `redis-server` of one's own.

#![allow(clippy::print_stderr, reason = "what is skipped is told")]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// A server on a free port of the loopback interface that keeps nothing on disk; it ends with this value.
pub(super) struct Server {
    port: u16,
    process: Child,
}

fn program() -> String {
    env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

impl Server {
    /// `None` where there is no such program, with a line that says so.
    pub(super) fn start() -> Option<Self> {
        let version = Command::new(program())
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if !version.is_ok_and(|status| status.success()) {
            let name = thread::current().name().unwrap_or("a test").to_owned();
            eprintln!(
                "SKIPPED {name}: there is no `{}` (Debian: apt-get install redis-server)",
                program()
            );
            return None;
        }
        // The port may be taken by another between finding and using it.
        let server = (0..20).find_map(|_| Self::on(free_port()));
        assert!(server.is_some(), "redis-server does not start");
        server
    }

    fn on(port: u16) -> Option<Self> {
        let mut process = Command::new(program())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string(), "--dir"])
            .arg(env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Self { port, process });
            }
            thread::sleep(Duration::from_millis(2));
        }
        let _ = process.kill();
        let _ = process.wait();
        None
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on at the moment.
pub(super) fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    free.local_addr().unwrap().port()
}
