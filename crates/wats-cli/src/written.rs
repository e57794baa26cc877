//! Reports as the bytes of a file, in one of the formats of WATS, and what of them does not carry over.

use std::path::Path;

use wats::report::{Report, wsxf};
use wats::serde_json;

use crate::Outcome;
use crate::failure::Failure;

/// A format of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON: an object, or a list of several.
    Wsjf,
    /// JSON: a report a line.
    Lines,
    /// XML.
    Wsxf,
}

impl Form {
    /// What the name of a file says.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "json" | "wsjf" => Self::Wsjf,
            "jsonl" => Self::Lines,
            "xml" | "wsxf" => Self::Wsxf,
            _ => return None,
        })
    }
}

/// Reports as bytes.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// What is not in them.
    pub(crate) losses: Vec<wsxf::Loss>,
}

/// Writes reports in a format.
pub(crate) fn written(reports: &[Report], form: Form, pretty: bool) -> Outcome<Written> {
    if form == Form::Wsxf {
        let written = wsxf::write_all(reports).map_err(wats::Error::from)?;
        return Ok(Written {
            bytes: written.xml.into_bytes(),
            losses: written.losses,
        });
    }
    let mut bytes = Vec::new();
    let list = form == Form::Wsjf && reports.len() != 1;
    if list {
        bytes.push(b'[');
    }
    for (at, report) in reports.iter().enumerate() {
        if at > 0 {
            bytes.extend_from_slice(if list { b",\n" } else { b"\n" });
        }
        let json = if pretty && form == Form::Wsjf {
            serde_json::to_writer_pretty(&mut bytes, report)
        } else {
            serde_json::to_writer(&mut bytes, report)
        };
        json.map_err(|error| Failure::failed(format!("the report cannot be written: {error}")))?;
    }
    if list {
        bytes.push(b']');
    }
    bytes.push(b'\n');
    Ok(Written {
        bytes,
        losses: Vec::new(),
    })
}
