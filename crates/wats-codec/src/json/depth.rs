//! How deep a text is nested, told without parsing it.

use crate::{Error, Position, Result};

/// Finds the first bracket that opens a level beyond the limit, without recursion.
///
/// Malformed text is none of its business: the parser finds that.
pub(crate) fn check_depth(text: &[u8], limit: usize) -> Result<()> {
    let (mut depth, mut line, mut line_start) = (0usize, 1, 0);
    let (mut in_string, mut escaped) = (false, false);
    for (offset, byte) in text.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'\n' => (line, line_start) = (line + 1, offset + 1),
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    let column = offset + 1 - line_start;
                    return Err(Error::TooDeep {
                        limit,
                        at: Some(Position::Text { line, column }),
                    });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
