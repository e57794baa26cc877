//! Processes of their own: this very test program, told by its environment to run one test that takes orders.
//!
//! A worker connects to the test that has started it and carries out what it reads, a line at a time; each answer is a line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// Where a worker finds who has started it.
const ORDERS: &str = "WATS_REDIS_TEST_ORDERS";

/// One end of the conversation.
pub(crate) struct Lines {
    reader: BufReader<TcpStream>,
}

impl Lines {
    pub(crate) fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            reader: BufReader::new(stream),
        }
    }

    /// Says a line.
    pub(crate) fn say(&mut self, line: &str) -> std::io::Result<()> {
        let mut stream = self.reader.get_ref();
        stream.write_all(format!("{line}\n").as_bytes())
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(1..) => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }
}

/// In a worker: whoever gives orders. `None` in any other process.
pub(crate) fn orders() -> Option<Lines> {
    let port: u16 = env::var(ORDERS).ok()?.parse().ok()?;
    Some(Lines::of(TcpStream::connect(("127.0.0.1", port)).unwrap()))
}

/// A process that takes orders; killed with this value.
pub(crate) struct Worker {
    process: Child,
    lines: Lines,
}

impl Worker {
    /// Starts this program with nothing but this test, which is marked as ignored.
    pub(crate) fn start(test: &str) -> Self {
        Self::start_in(test, [])
    }

    /// The same with these variables in its environment.
    pub(crate) fn start_in(
        test: &str,
        environment: impl IntoIterator<Item = (&'static str, PathBuf)>,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut process = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                test,
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .envs(environment)
            .env(ORDERS, port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        listener.set_nonblocking(true).unwrap();
        let begin = Instant::now();
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    let lines = Lines::of(stream);
                    return Self { process, lines };
                }
                Err(_) if begin.elapsed() < Duration::from_secs(30) => {
                    let ended = process.try_wait().unwrap();
                    assert_eq!(ended, None, "the worker did not come");
                    thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("the worker did not come: {error}"),
            }
        }
    }

    /// Gives an order, whose answer is not waited for.
    pub(crate) fn tell(&mut self, order: &str) {
        self.lines.say(order).unwrap();
    }

    /// The answer to the order that was given.
    pub(crate) fn answer(&mut self) -> String {
        self.lines.next().expect("the worker has ended")
    }

    /// Gives an order and waits for the answer.
    pub(crate) fn ask(&mut self, order: &str) -> String {
        self.tell(order);
        self.answer()
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Stops the process, as it stands (`SIGSTOP`).
    #[cfg(unix)]
    pub(crate) fn freeze(&self) {
        super::signal(&self.process, "-STOP");
    }

    /// Lets it go on (`SIGCONT`).
    #[cfg(unix)]
    pub(crate) fn thaw(&self) {
        super::signal(&self.process, "-CONT");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}
