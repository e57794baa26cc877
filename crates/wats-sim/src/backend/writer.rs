//! Adds exchanges to an archive, without what is secret.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::archive::{Exchange, HEAD, RequestKey, SCRUBBED, check_head};
use super::scrub;

/// A text that is shorter is no token.
const MIN_TOKEN: usize = 6;

impl Exchange {
    /// An exchange as it may be kept: without what is secret.
    pub(crate) fn scrubbed(
        request: RequestKey,
        status: u16,
        headers: Vec<(String, String)>,
        body: &Bytes,
        token: Option<&str>,
    ) -> Self {
        let body = scrub::body(&request.path, body);
        // A server may show the client its own token, in an error say.
        let token = token.filter(|token| token.len() >= MIN_TOKEN);
        let (text, base64) = match std::str::from_utf8(&body) {
            Ok(text) => {
                let text = token.map_or(text.to_owned(), |token| text.replace(token, SCRUBBED));
                (Some(text), None)
            }
            Err(_) => (None, Some(STANDARD.encode(&body))),
        };
        let headers = headers
            .into_iter()
            .filter(|(name, _)| scrub::may_keep(name))
            .collect();
        Self {
            request,
            status,
            headers,
            text,
            base64,
        }
    }
}

/// How many bytes of a file are lines with an end.
fn whole_lines(path: &Path) -> io::Result<u64> {
    let mut lines = BufReader::new(File::open(path)?);
    let (mut line, mut whole) = (Vec::new(), 0);
    while lines.read_until(b'\n', &mut line)? > 0 {
        if line.ends_with(b"\n") {
            whole += line.len() as u64;
        }
        line.clear();
    }
    Ok(whole)
}

/// A file that exchanges are added to.
#[derive(Debug)]
pub(crate) struct Archive {
    file: Mutex<File>,
}

impl Archive {
    /// Makes the file, or goes on with one that is an archive.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let known = path.exists() && path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        let words = |error: io::Error| error.to_string();
        let mut whole = 0;
        if known {
            let mut lines = BufReader::new(File::open(path).map_err(words)?);
            check_head(&mut lines)?;
            whole = whole_lines(path).map_err(words)?;
        }
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(words)?;
        if known {
            // A recorder that was killed may have left half a line.
            file.set_len(whole).map_err(words)?;
        } else {
            writeln!(file, "{HEAD}").map_err(words)?;
        }
        Ok(Self {
            file: Mutex::new(file),
        })
    }

    /// Adds an exchange in one write.
    pub(crate) fn add(&self, exchange: &Exchange) -> io::Result<()> {
        let mut line = serde_json::to_vec(exchange)?;
        line.push(b'\n');
        self.file
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&line)
    }
}
