//! Exchanges in a file: a line of JSON for each, after one that says what the file is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::scrub;

/// The first line.
const HEAD: &str = r#"{"format":"wats-sim archive","version":1}"#;

/// What tells requests apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestKey {
    method: String,
    /// In lower case, as paths compare without regard to it.
    path: String,
    /// The options in the order of their names.
    query: String,
    /// A hash of the body; of JSON, whatever the order of its members and its spaces.
    body: u64,
}

/// One exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exchange {
    #[serde(flatten)]
    pub(crate) request: RequestKey,
    pub(crate) status: u16,
    /// Those that matter, in lower case.
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The body, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl RequestKey {
    pub(crate) fn new(method: &str, path: &str, query: Option<&str>, body: &Bytes) -> Self {
        let mut options: Vec<&str> = query
            .unwrap_or_default()
            .split('&')
            .filter(|option| !option.is_empty())
            .collect();
        options.sort_unstable();
        // A tree of JSON has its members in order.
        let canonical = serde_json::from_slice::<Value>(body).map(|json| json.to_string());
        let body = canonical
            .as_ref()
            .map_or(body.as_ref(), |text| text.as_bytes());
        Self {
            method: method.to_owned(),
            path: path.to_ascii_lowercase(),
            query: options.join("&"),
            body: fnv1a(body),
        }
    }
}

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

    pub(crate) fn body(&self) -> Bytes {
        match (&self.text, &self.base64) {
            (Some(text), _) => Bytes::from(text.clone()),
            (None, Some(base64)) => STANDARD.decode(base64).map(Bytes::from).unwrap_or_default(),
            (None, None) => Bytes::new(),
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

/// All exchanges of an archive, in their order. A last line that was not finished is left out.
pub(crate) fn read(path: &Path) -> Result<Vec<Exchange>, String> {
    let mut lines = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    check_head(&mut lines)?;
    let mut exchanges = Vec::new();
    let mut line = String::new();
    for number in 2.. {
        line.clear();
        if lines
            .read_line(&mut line)
            .map_err(|error| error.to_string())?
            == 0
            || !line.ends_with('\n')
        {
            break;
        }
        let exchange =
            serde_json::from_str(&line).map_err(|error| format!("line {number}: {error}"))?;
        exchanges.push(exchange);
    }
    Ok(exchanges)
}

fn check_head(lines: &mut impl BufRead) -> Result<(), String> {
    let mut head = String::new();
    lines
        .read_line(&mut head)
        .map_err(|error| error.to_string())?;
    if head.trim_end() != HEAD {
        return Err("it is no archive of this version".to_owned());
    }
    Ok(())
}

/// The 64-bit FNV-1a hash, which stays the same from build to build.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
