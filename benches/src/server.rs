//! A server in a process of its own, so that its work does not count as the client's.
//!
//! The benchmark starts itself again as `wats-bench serve NAME ARGUMENTS…`. The child says in one line where it
//! listens and then serves until its standard input closes, which happens when [`Server`] is dropped or the parent
//! dies: no server outlives its run.

use crate::{Error, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// First word of the line in which a child says that it is ready.
pub(crate) const READY: &str = "ready";

/// A running child server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    /// Starts this program again as the server `name` and waits until it is ready.
    ///
    /// # Errors
    /// When the child cannot be started or ends before it is ready.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the server {name:?}: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a child without output")?;
        let mut server = Self {
            child,
            input,
            output: BufReader::new(output),
            address: String::new(),
        };
        let line = server.read_line()?;
        let address = line
            .strip_prefix(READY)
            .ok_or_else(|| format!("the server {name:?} ended before it was ready"))?;
        address.trim().clone_into(&mut server.address);
        Ok(server)
    }

    /// What the child said about where it listens, such as `127.0.0.1:4711`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Number of the child process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks the child one line and returns its answer, such as its counters.
    ///
    /// # Errors
    /// When the child is gone.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        let input = self.input.as_mut().ok_or("the server is stopped")?;
        writeln!(input, "{question}")?;
        input.flush()?;
        self.read_line()
    }

    /// Kills the child as it is, and gives back the lines that it had still written.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> Result<Vec<String>> {
        self.child.kill()?;
        self.child.wait()?;
        let mut said = String::new();
        self.output.read_to_string(&mut said)?;
        // What it had half written is no line.
        let whole = said.rfind('\n').map_or("", |end| &said[..end]);
        Ok(whole.lines().map(str::to_owned).collect())
    }

    fn read_line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            return Err(Error::from("the server ended"));
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        // Its input is closed, so it ends by itself; killing covers a server that hangs.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// In the child: says where it listens, then answers each line of the parent until there is no more.
///
/// # Errors
/// When the parent's pipe breaks.
pub fn serve_until_closed(address: &str, mut answer: impl FnMut(&str) -> String) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{READY} {address}")?;
    output.flush()?;
    let mut input = BufReader::new(std::io::stdin().lock().take(u64::MAX));
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        writeln!(output, "{}", answer(line.trim_end()))?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}
