//! What is told of the calls of a client: a line of each on standard error (`-v`), with headers (`-vv`), and the trace of
//! `--trace` in a file. None of it has the token.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use wats::Intercept;
use wats::http::{Attempt, Capture, Outcome as Ended, Trace, http::HeaderMap};

use crate::Outcome;
use crate::failure::Failure;
use crate::output::{line_on_stderr, shown};

/// Most calls of a trace, and most bytes of each body in it.
const MOST_CALLS: usize = 1_000;
const MOST_BYTES: usize = 16 * 1024;

/// Headers whose values are secrets.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Tells each attempt on standard error as it ends.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) with_headers: bool,
}

impl Intercept for Told {
    fn after_attempt(&self, attempt: &Attempt<'_>, outcome: &Ended<'_>) {
        let mut lines = format!("{} {}", attempt.method(), shown(&attempt.url()));
        if attempt.number() > 1 {
            let _ = write!(lines, " (attempt {})", attempt.number());
        }
        let ended = match (outcome.status(), outcome.error()) {
            (Some(status), _) => status.to_string(),
            (None, Some(error)) => shown(&format!("{error:#}")).into_owned(),
            (None, None) => "no answer".to_owned(),
        };
        let _ = writeln!(lines, ": {ended} in {:.1?}", outcome.elapsed());
        if self.with_headers {
            headers(&mut lines, '>', attempt.headers());
            if let Some(of_answer) = outcome.headers() {
                headers(&mut lines, '<', of_answer);
            }
        }
        line_on_stderr(lines.trim_end());
    }
}

fn headers(lines: &mut String, way: char, of: &HeaderMap) {
    for (name, value) in of {
        let value = if value.is_sensitive() || SECRET.contains(&name.as_str()) {
            "[redacted]".into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        let _ = writeln!(lines, "  {way} {name}: {}", shown(&value));
    }
}

/// The file of a trace.
#[derive(Debug)]
pub(crate) struct TraceFile {
    path: PathBuf,
    file: File,
}

impl TraceFile {
    /// Makes the file, which its owner alone can read: that it cannot be written is told before anything is sent.
    pub(crate) fn create(path: &Path) -> Outcome<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| Failure::io(format!("--trace {}", path.display()), &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Does the work, and writes what was sent and got meanwhile.
    pub(crate) async fn of<T>(mut self, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let limits = Capture::default()
            .max_exchanges(MOST_CALLS)
            .max_body(MOST_BYTES);
        let (outcome, trace) = limits.of(work).await;
        let written = self.write(&trace);
        // Of two failures, that of the work is told.
        outcome.and_then(|done| written.map(|()| done))
    }

    fn write(&mut self, trace: &Trace) -> Outcome<()> {
        let mut document = json!({ "schema": 1 });
        if let (Some(all), Ok(serde_json::Value::Object(members))) =
            (document.as_object_mut(), serde_json::to_value(trace))
        {
            all.extend(members);
        }
        writeln!(self.file, "{document:#}")
            .map_err(|error| Failure::io(format!("--trace {}", self.path.display()), &error))
    }
}

#[cfg(test)]
mod tests {
    use wats::http::http::HeaderValue;

    use super::*;

    #[test]
    fn secrets_of_headers_are_not_told_marked_or_not() {
        let mut of = HeaderMap::new();
        for name in SECRET {
            of.insert(name, HeaderValue::from_static("hidden"));
        }
        let mut marked = HeaderValue::from_static("hidden");
        marked.set_sensitive(true);
        of.insert("x-marked", marked);
        of.insert("x-open", HeaderValue::from_static("open"));
        let mut lines = String::new();
        headers(&mut lines, '<', &of);
        assert!(
            !lines.contains("hidden") && lines.contains("< x-open: open"),
            "{lines}"
        );
        assert_eq!(lines.matches("[redacted]").count(), SECRET.len() + 1);
    }
}
