//! A walk over MessagePack without decoding it, and without recursion.

use crate::{Error, Format, Position, Result};

/// Walks over the value that starts at `offset` and returns where it ends.
pub(crate) fn skip_value(bytes: &[u8], offset: usize, max_depth: usize) -> Result<usize> {
    let mut at = offset;
    // How many values each open container still waits for.
    let mut open: Vec<u64> = Vec::with_capacity(max_depth.min(16));
    loop {
        let value = header(bytes, at)?;
        if value.is_container {
            if open.len() >= max_depth {
                return Err(Error::TooDeep {
                    limit: max_depth,
                    at: Some(Position::Offset(at)),
                });
            }
            open.push(value.values + 1);
        }
        at = value.end;
        // Close what this value completes.
        loop {
            let Some(waiting) = open.last_mut() else {
                return Ok(at);
            };
            *waiting -= 1;
            if *waiting > 0 {
                break;
            }
            open.pop();
        }
    }
}

/// A value without the values inside it.
pub(super) struct Header {
    /// Where it ends, or its first value begins.
    pub(super) end: usize,
    /// How many values stand inside.
    pub(super) values: u64,
    pub(super) is_container: bool,
}

/// Looks at the value that starts at `at`.
pub(super) fn header(bytes: &[u8], at: usize) -> Result<Header> {
    let truncated = || Error::Truncated {
        format: Format::MessagePack,
        at: Position::Offset(bytes.len()),
    };
    let malformed = |reason| Error::syntax(Format::MessagePack, Position::Offset(at), reason);
    let marker = *bytes.get(at).ok_or_else(truncated)?;
    let length = |width: usize| {
        let digits = bytes.get(at + 1..at + 1 + width).ok_or_else(truncated)?;
        let digits = digits.iter();
        Ok::<_, Error>(digits.fold(0u64, |sum, digit| sum << 8 | u64::from(*digit)))
    };
    // Bytes that belong to the marker, bytes of contents, values inside.
    let (head, contents, values) = match marker {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (1, 0, 0),
        0x80..=0x8f => (1, 0, 2 * u64::from(marker & 15)),
        0x90..=0x9f => (1, 0, u64::from(marker & 15)),
        0xa0..=0xbf => (1, u64::from(marker & 31), 0),
        0xc1 => return Err(malformed("reserved marker 0xc1")),
        0xc4 | 0xd9 => (2, length(1)?, 0),
        0xc5 | 0xda => (3, length(2)?, 0),
        0xc6 | 0xdb => (5, length(4)?, 0),
        0xc7 => (3, length(1)?, 0),
        0xc8 => (4, length(2)?, 0),
        0xc9 => (6, length(4)?, 0),
        0xcc | 0xd0 => (1, 1, 0),
        0xcd | 0xd1 => (1, 2, 0),
        0xca | 0xce | 0xd2 => (1, 4, 0),
        0xcb | 0xcf | 0xd3 => (1, 8, 0),
        0xd4..=0xd8 => (2, 1 << (marker - 0xd4), 0),
        0xdc => (3, 0, length(2)?),
        0xdd => (5, 0, length(4)?),
        0xde => (3, 0, 2 * length(2)?),
        0xdf => (5, 0, 2 * length(4)?),
    };
    let start = at + head;
    let end = usize::try_from(contents)
        .ok()
        .and_then(|contents| start.checked_add(contents))
        .ok_or_else(truncated)?;
    // Every value takes a byte at least, so a count beyond what is left is a lie.
    let left = bytes.len().checked_sub(end).ok_or_else(truncated)?;
    if values > left as u64 {
        return Err(truncated());
    }
    if matches!(marker, 0xa0..=0xbf | 0xd9..=0xdb) {
        let text = bytes.get(start..end).unwrap_or_default();
        std::str::from_utf8(text).map_err(|_| malformed("text that is not UTF-8"))?;
    }
    Ok(Header {
        end,
        values,
        is_container: matches!(marker, 0x80..=0x9f | 0xdc..=0xdf),
    })
}
