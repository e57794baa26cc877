//! `report.json`: the rows as they are.

use crate::Result;
use crate::row::Report;
use std::path::Path;

/// Writes the report, indented.
///
/// # Errors
/// When the file cannot be written.
pub fn write(report: &Report, path: &Path) -> Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    super::write_text(path, &text)
}
