//! Adds exchanges to an archive, without what is secret.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::archive::{Exchange, HEAD, RequestKey, check_head};
use super::scrub;

impl Exchange {
    /// An exchange as it may be kept: without what is secret.
    pub(crate) fn scrubbed(
        request: RequestKey,
        status: u16,
        headers: Vec<(String, String)>,
        body: &Bytes,
    ) -> Self {
        let body = scrub::body(&request.path, body);
        let (text, base64) = match std::str::from_utf8(&body) {
            Ok(text) => (Some(text.to_owned()), None),
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

/// A file that exchanges are added to.
#[derive(Debug)]
pub(crate) struct Archive {
    file: Mutex<File>,
}

impl Archive {
    /// Makes the file, or goes on with one that is an archive.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let known = path.exists() && path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        if known {
            check_head(&mut BufReader::new(
                File::open(path).map_err(|error| error.to_string())?,
            ))?;
        }
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|error| error.to_string())?;
        if !known {
            writeln!(file, "{HEAD}").map_err(|error| error.to_string())?;
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
