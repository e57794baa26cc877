//! Texts that are asked for and tell units apart: one with a character that nobody sees would find nothing.

use wats_report::scanned::hidden;

pub(crate) use wats_report::scanned::Kind;

use crate::error::{Error, Result};

/// Refuses to ask for a text that has a character that nobody sees.
pub(crate) fn check(name: &str, text: &str, kind: Kind) -> Result<()> {
    match hidden(text, kind) {
        None => Ok(()),
        Some(hidden) => Err(Error::Query(format!(
            "the {name} `{:.100}` contains {hidden}; take it off first, as `clean_scanned` does",
            text.escape_debug().to_string()
        ))),
    }
}

/// As [`check`], for a text that must not be empty either.
pub(crate) fn check_some(name: &str, text: &str, kind: Kind) -> Result<()> {
    if text.is_empty() {
        return Err(Error::Query(format!("the {name} is empty")));
    }
    check(name, text, kind)
}
