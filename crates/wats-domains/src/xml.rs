//! Writing XML: attributes that are read again as they were written.

use crate::error::{Error, Result};

/// What begins each document. All bodies are UTF-8.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Adds an attribute with a space before it. Line ends and tabs become references, for readers make spaces of others.
pub(crate) fn push_attribute(xml: &mut String, name: &str, value: &str) -> Result<()> {
    xml.extend([" ", name, "=\""]);
    for character in value.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\t' => xml.push_str("&#9;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Error::Query(format!(
                    "`{name}` holds {character:?}, which XML has no way to write"
                )));
            }
            other => xml.push(other),
        }
    }
    xml.push('"');
    Ok(())
}
