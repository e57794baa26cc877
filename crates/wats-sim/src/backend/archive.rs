//! Exchanges in a file: a line of JSON for each, after one that says what the file is. Here they are read; `writer` adds them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The first line.
pub(super) const HEAD: &str = r#"{"format":"wats-sim archive","version":1}"#;

/// What stands in place of a secret.
pub(super) const SCRUBBED: &str = "scrubbed";

/// What tells requests apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestKey {
    method: String,
    /// In lower case, as paths compare without regard to it.
    pub(super) path: String,
    /// The options in the order of their names, without what gives access.
    query: String,
    /// A hash of the body; of JSON, whatever the order of its members and its spaces; of a form, whatever its boundary.
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
    pub(crate) fn new(head: &Parts, body: &Bytes) -> Self {
        let mut options: Vec<String> = head
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|option| !option.is_empty())
            .map(without_secret)
            .collect();
        options.sort_unstable();
        // A tree of JSON has its members in order.
        let body = match serde_json::from_slice::<Value>(body) {
            Ok(json) => fnv1a([json.to_string().as_bytes()]),
            Err(_) => match boundary(&head.headers) {
                Some(boundary) => fnv1a(pieces(body, boundary.as_bytes())),
                None => fnv1a([body.as_ref()]),
            },
        };
        Self {
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_ascii_lowercase(),
            query: options.join("&"),
            body,
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

/// Whether what has this name, in lower case, gives access.
pub(super) fn is_secret(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "token",
        "password",
        "secret",
        "apikey",
        "accesskey",
        "authorization",
        "credential",
        "connectionstring",
    ];
    NAMES.iter().any(|secret| name.contains(secret))
}

/// An option of a query; requests are alike whatever the secret in it.
fn without_secret(option: &str) -> String {
    match option.split_once('=') {
        Some((name, _)) if is_secret(&name.to_ascii_lowercase()) => format!("{name}={SCRUBBED}"),
        _ => option.to_owned(),
    }
}

/// What separates the parts of a form; clients make up another one each time.
fn boundary(headers: &HeaderMap) -> Option<&str> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = kind.split(';').map(str::trim);
    let is_multipart = parameters
        .next()?
        .get(..10)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
    let boundary = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("boundary")
            .then(|| value.trim_matches('"'))
    })?;
    (is_multipart && !boundary.is_empty()).then_some(boundary)
}

/// What stands between the places of a text that is not empty.
fn pieces<'a>(body: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let body = rest?;
        let at = body.windows(text.len()).position(|part| part == text);
        rest = at.and_then(|at| body.get(at + text.len()..));
        body.get(..at.unwrap_or(body.len()))
    })
}

/// The 64-bit FNV-1a hash, which stays the same from build to build.
fn fnv1a<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let bytes = pieces.into_iter().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
