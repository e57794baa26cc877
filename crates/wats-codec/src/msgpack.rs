//! MessagePack by way of `rmp-serde`, with the checks it leaves out.
//!
//! A document is walked once before it is decoded ([`check`]): without recursion, so that neither
//! nesting nor hostile lengths reach the decoder, which would overflow a small stack, does not
//! count the levels of enums, and ignores bytes after the document.

use rmp_serde::decode::Error as DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::guard::Guard;
use crate::{Error, Format, Limits, Position, Result};

/// Appends `value` to `out`, structs as maps of names.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let guard = Guard::new(limits.depth(), None);
    let mut writer = rmp_serde::Serializer::new(out).with_struct_map();
    guard.wrap(value).serialize(&mut writer).map_err(|error| {
        guard.fault().unwrap_or_else(|| Error::Unwritable {
            format: Format::MessagePack,
            reason: error.to_string().into(),
            source: Some(Box::new(error)),
        })
    })
}

/// Reads a whole document.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let max_depth = limits.depth();
    check(bytes, max_depth)?;
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    // The decoder counts an extension as a level and stops one early.
    reader.set_max_depth(max_depth + 3);
    T::deserialize(&mut reader).map_err(|error| classify::<T>(error, bytes, max_depth))
}

#[cold]
fn classify<T: DeserializeOwned>(error: DecodeError, bytes: &[u8], max_depth: usize) -> Error {
    // Only the decoder over a cursor tells its position, and it is slower: ask it now.
    let mut again = rmp_serde::Deserializer::new(std::io::Cursor::new(bytes));
    again.set_max_depth(max_depth + 3);
    let failed = T::deserialize(&mut again).is_err();
    let at = Position::Offset(if failed { again.position() as usize } else { 0 });
    let format = Format::MessagePack;
    match error {
        DecodeError::DepthLimitExceeded => Error::TooDeep {
            limit: max_depth,
            at: Some(at),
        },
        DecodeError::InvalidMarkerRead(_) | DecodeError::InvalidDataRead(_) => {
            Error::Truncated { format, at }
        }
        other => Error::Data {
            format,
            at,
            reason: other.to_string().into(),
            source: Some(Box::new(other)),
        },
    }
}

/// Checks that `bytes` hold exactly one complete value, nested no deeper than `max_depth`.
fn check(bytes: &[u8], max_depth: usize) -> Result<()> {
    let end = skip_value(bytes, 0, max_depth)?;
    if end < bytes.len() {
        return Err(Error::TrailingBytes {
            format: Format::MessagePack,
            at: Position::Offset(end),
        });
    }
    Ok(())
}

/// Walks over the value that starts at `offset` and returns where it ends.
pub(crate) fn skip_value(bytes: &[u8], offset: usize, max_depth: usize) -> Result<usize> {
    let truncated = || Error::Truncated {
        format: Format::MessagePack,
        at: Position::Offset(bytes.len()),
    };
    let mut at = offset;
    // How many values each open container still waits for.
    let mut open: Vec<u64> = Vec::with_capacity(max_depth.min(16));
    loop {
        let marker = *bytes.get(at).ok_or_else(truncated)?;
        let length = |width: usize| {
            let digits = bytes.get(at + 1..at + 1 + width).ok_or_else(truncated)?;
            Ok::<_, Error>(
                digits
                    .iter()
                    .fold(0u64, |sum, digit| sum << 8 | u64::from(*digit)),
            )
        };
        // Bytes that belong to the marker, bytes of contents, values inside.
        let (head, contents, values) = match marker {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (1, 0, 0),
            0x80..=0x8f => (1, 0, 2 * u64::from(marker & 15)),
            0x90..=0x9f => (1, 0, u64::from(marker & 15)),
            0xa0..=0xbf => (1, u64::from(marker & 31), 0),
            0xc1 => {
                let at = Position::Offset(at);
                return Err(Error::syntax(
                    Format::MessagePack,
                    at,
                    "reserved marker 0xc1",
                ));
            }
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
        let start = at;
        at = usize::try_from(contents)
            .ok()
            .and_then(|contents| at.checked_add(head)?.checked_add(contents))
            .ok_or_else(truncated)?;
        // Every value takes a byte at least, so a count beyond what is left is a lie.
        let left = bytes.len().checked_sub(at).ok_or_else(truncated)?;
        if values > left as u64 {
            return Err(truncated());
        }
        let container = matches!(marker, 0x80..=0x9f | 0xdc..=0xdf);
        if container {
            if open.len() >= max_depth {
                return Err(Error::TooDeep {
                    limit: max_depth,
                    at: Some(Position::Offset(start)),
                });
            }
            open.push(values + 1);
        }
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
