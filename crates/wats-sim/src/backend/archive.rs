//! Exchanges in a file: a line of JSON for each, after one that says what the file is. Here they are read; `writer` adds them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The first line.
pub(super) const HEAD: &str = r#"{"format":"wats-sim archive","version":1}"#;

/// What tells requests apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestKey {
    method: String,
    /// In lower case, as paths compare without regard to it.
    pub(super) path: String,
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
    pub(super) text: Option<String>,
    /// The body, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base64: Option<String>,
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
    pub(crate) fn body(&self) -> Bytes {
        match (&self.text, &self.base64) {
            (Some(text), _) => Bytes::from(text.clone()),
            (None, Some(base64)) => STANDARD.decode(base64).map(Bytes::from).unwrap_or_default(),
            (None, None) => Bytes::new(),
        }
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

pub(super) fn check_head(lines: &mut impl BufRead) -> Result<(), String> {
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
