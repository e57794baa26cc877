//! A `redis-server` of one's own, and a TCP proxy that swallows.

use crate::{Error, Result};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program that is started.
fn program() -> String {
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

/// Why there is no server to start, if so.
pub(super) fn missing() -> Option<String> {
    let program = program();
    let version = Command::new(&program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if version.is_ok_and(|status| status.success()) {
        return None;
    }
    Some(format!(
        "there is no `{program}` (Debian: apt-get install redis-server; REDIS_SERVER names another program)"
    ))
}

/// A server on a free port of the loopback interface, which keeps nothing on disk. It ends with this value.
pub(super) struct Redis {
    port: u16,
    folder: TempDir,
    process: Option<Child>,
}

impl Redis {
    pub(super) fn start() -> Result<Self> {
        let mut redis = Self {
            port: 0,
            folder: tempfile::tempdir()?,
            process: None,
        };
        // The port may be taken by another between finding and using it.
        for _ in 0..20 {
            redis.port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
            if redis.spawn()? {
                return Ok(redis);
            }
        }
        Err(Error::from("the redis-server does not start"))
    }

    fn spawn(&mut self) -> Result<bool> {
        let mut child = Command::new(program())
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &self.port.to_string(), "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if child.try_wait()?.is_some() {
                return Ok(false);
            }
            if self.answers() {
                self.process = Some(child);
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(2));
        }
        child.kill()?;
        child.wait()?;
        Ok(false)
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && &answer == b"+PONG"
    }

    pub(super) fn url(&self) -> String {
        url(self.port)
    }

    /// A proxy in front of it.
    pub(super) fn proxy(&self) -> Result<Proxy> {
        Proxy::to(self.port)
    }

    /// Kills it, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on the same port, empty.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.kill();
        for _ in 0..50 {
            if self.spawn()? {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(Error::from("the redis-server does not start again"))
    }

    /// Stops the process as it stands, or lets it go on: `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let process = self.process.as_ref().ok_or("the redis-server is gone")?;
        let status = Command::new("kill")
            .args([&format!("-{name}"), &process.id().to_string()])
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("kill -{name}: {status}").into())
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// Passes bytes on, or swallows them: a connection on which something was swallowed stays so for ever.
pub(super) struct Proxy {
    port: u16,
    swallows: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    fn to(target: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let proxy = Self {
            port: listener.local_addr()?.port(),
            swallows: Arc::default(),
            stopped: Arc::default(),
        };
        let (swallows, stopped) = (Arc::clone(&proxy.swallows), Arc::clone(&proxy.stopped));
        thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let server = TcpStream::connect(("127.0.0.1", target));
                if let (Ok(client), Ok(server)) = (client, server) {
                    serve(&client, &server, &swallows);
                }
            }
        });
        Ok(proxy)
    }

    pub(super) fn url(&self) -> String {
        url(self.port)
    }

    pub(super) fn swallow(&self, swallows: bool) {
        self.swallows.store(swallows, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts. The others end with their connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(client: &TcpStream, server: &TcpStream, swallows: &Arc<AtomicBool>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let dead = Arc::new(AtomicBool::new(false));
    for (from, to) in [(client, server), (server, client)] {
        let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
            return;
        };
        let (swallows, dead) = (Arc::clone(swallows), Arc::clone(&dead));
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                if swallows.load(Ordering::Relaxed) {
                    dead.store(true, Ordering::Relaxed);
                }
                if !dead.load(Ordering::Relaxed) && to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
    }
}
