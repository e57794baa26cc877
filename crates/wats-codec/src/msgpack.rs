//! MessagePack: written by `rmp-serde` under the rules of a [`Guard`], read by the scanner of the fast path.
//!
//! Types with two forms (addresses, UUIDs) are written in the one for people, in MessagePack as in JSON: what `serde` collects
//! first, for a flattened member or to choose a variant, is always read so. Documents that were written in the form for
//! programs are read too.
//!
//! What goes wrong in reading is judged by a walk over the document ([`check`]), without recursion: whether it is cut, too
//! deep or malformed, or merely of another type. [`trees`] sees to NaN and infinities where a tree might take them.

mod trees;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fast::pack::{PackError, PackSource, StandIn};
use crate::guard::{Guard, PackRules};
use crate::{Error, Format, Limits, Position, Result};

/// Appends `value` to `out`, structs as maps of names.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let guard = Guard::new(limits.depth(), PackRules);
    let mut writer = rmp_serde::Serializer::new(out).with_struct_map();
    guard.wrap(value).serialize(&mut writer).map_err(|error| {
        guard.fault(Format::MessagePack).unwrap_or_else(|| {
            let reason = error.to_string().into();
            let source = Some(error.into());
            let format = Format::MessagePack;
            Error::Unwritable {
                format,
                reason,
                source,
            }
        })
    })
}

/// Reads a whole document.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let max_depth = limits.depth();
    let (at, error) = match read_as(bytes, max_depth, false) {
        Ok(value) => return value,
        Err(failed) => failed,
    };
    check(bytes, max_depth)?;
    // The form for programs, in which older documents stand.
    read_as(bytes, max_depth, true).unwrap_or_else(|_| {
        Err(Error::Data {
            format: Format::MessagePack,
            at: Position::Offset(at),
            reason: error.to_string().into(),
            source: Some(Box::new(error)),
        })
    })
}

/// Reads a whole document in one of the two forms. Where that fails, it says at which byte; a value that must not be
/// handed out is an error within.
fn read_as<T: DeserializeOwned>(
    bytes: &[u8],
    max_depth: usize,
    compact: bool,
) -> Result<Result<T>, (usize, PackError)> {
    let mut source = PackSource::new(bytes, max_depth).compact(compact);
    let value = T::deserialize(&mut source);
    let at = bytes.len() - source.rest().len();
    let value = value.map_err(|error| (at, error))?;
    if !source.at_end() {
        return Err((at, PackError::Malformed));
    }
    if source.was_special() {
        let decode = |stand_in: StandIn<'_>| {
            let mut source = PackSource::new(bytes, max_depth).compact(compact);
            source = source.with_stand_in(stand_in);
            let read = T::deserialize(&mut source).is_ok();
            let taken = source.was_taken();
            trees::Tried { read, taken }
        };
        if let Err(error) = trees::check(bytes, max_depth, decode) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(value))
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
    let mut at = offset;
    // How many values each open container still waits for.
    let mut open: Vec<u64> = Vec::with_capacity(max_depth.min(16));
    loop {
        let head = head(bytes, at)?;
        if head.is_container {
            if open.len() >= max_depth {
                return Err(Error::TooDeep {
                    limit: max_depth,
                    at: Some(Position::Offset(at)),
                });
            }
            open.push(head.values + 1);
        }
        at = head.end;
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
struct Head {
    /// Where it ends, or its first value begins.
    end: usize,
    /// How many values stand inside.
    values: u64,
    is_container: bool,
}

/// Looks at the value that starts at `at`.
fn head(bytes: &[u8], at: usize) -> Result<Head> {
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
    Ok(Head {
        end,
        values,
        is_container: matches!(marker, 0x80..=0x9f | 0xdc..=0xdf),
    })
}
