//! The Python peer `pywats-api`, driven over a pipe.
//!
//! A driver is a script of `benches/python/` that sets itself up, prints `ready`, and then, for every line with a
//! number of seconds, works for about that long and prints its figures as a JSON list: one process for all rounds, so
//! the start of the interpreter is never measured. Scripts are compiled in (`include_str!`).

use crate::{Error, Result};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The peer's name in the report.
pub const NAME: &str = "pywats";

/// What every driver begins with: the exchange with this program.
const COMMON: &str = include_str!("../python/common.py");

/// A running driver.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Driver {
    pub(crate) fn start(interpreter: &Path, script: &str, arguments: &[String]) -> Result<Self> {
        let mut child = Command::new(interpreter)
            .arg("-c")
            .arg(format!("{COMMON}\n{script}"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", interpreter.display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a child without output")?;
        let mut driver = Self {
            child,
            input,
            output: BufReader::new(output),
        };
        let line = driver.read_line()?;
        if line != "ready" {
            return Err(Error::from(format!(
                "the Python driver said {line:?} instead of \"ready\""
            )));
        }
        Ok(driver)
    }

    /// Number of the interpreter's process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The figures of one round, one for each metric; `NaN` where the driver has none.
    pub(crate) fn round(&mut self, length: Duration, metrics: usize) -> Result<Vec<f64>> {
        let input = self.input.as_mut().ok_or("the Python driver is stopped")?;
        writeln!(input, "{}", length.as_secs_f64())?;
        input.flush()?;
        let line = self.read_line()?;
        let values: Vec<Option<f64>> = serde_json::from_str(&line)
            .map_err(|error| format!("the Python driver said {line:?}: {error}"))?;
        if values.len() != metrics {
            return Err(Error::from(format!(
                "the Python driver gave {} figures, the row has {metrics}",
                values.len()
            )));
        }
        Ok(values
            .into_iter()
            .map(|value| value.unwrap_or(f64::NAN))
            .collect())
    }

    fn read_line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.is_empty() {
            return Err(Error::from(format!(
                "the Python driver ended: {}",
                self.last_words()
            )));
        }
        Ok(line.trim_end().to_owned())
    }

    /// The last line the interpreter wrote about its end, which names the exception.
    fn last_words(&mut self) -> String {
        let Some(stderr) = self.child.stderr.take() else {
            return String::new();
        };
        BufReader::new(stderr)
            .lines()
            .map_while(Result::ok)
            .last()
            .unwrap_or_default()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.input.take());
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
