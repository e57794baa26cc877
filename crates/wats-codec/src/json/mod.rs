//! JSON by way of `serde_json`, with typed errors.

mod depth;
mod writer;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::fast;
use crate::{Decode, Error, Format, Limits, Position, Result, Serde};
pub(crate) use depth::check_depth;
pub(crate) use writer::write;

/// Reads a whole document; `text` has no byte order mark any more.
///
/// What the type's own path leaves, such as a key that comes twice, the scanner reads by way of `serde`: in about half the
/// time of `serde_json`, which reads what is then left.
pub(crate) fn read<T: Decode>(text: &[u8], limits: &Limits) -> Result<T> {
    let depth = limits.depth();
    fast::read_json(text, depth).or_else(|_| {
        let left = match fast::read_json::<Serde<T>>(text, depth) {
            Ok(Serde(value)) => return Ok(value),
            Err(left) => left,
        };
        parse_strict(text, limits, left)
    })
}

/// Reads a whole document by way of `serde_json`, whose errors are told.
pub(crate) fn parse_strict<T: DeserializeOwned>(
    text: &[u8],
    limits: &Limits,
    left: fast::Left,
) -> Result<T> {
    let mut read = None;
    strict(text, limits, left, &mut |parser| {
        read = Some(T::deserialize(parser)?);
        Ok(())
    })?;
    // It has read something, or failed.
    read.ok_or_else(|| Error::syntax(Format::Json, Position::Whole, "nothing was read"))
}

type Parser<'a> = serde_json::Deserializer<serde_json::de::SliceRead<'a>>;

/// What all types have in common in being read strictly.
///
/// It is no laxer than the scanner that left the document: it passes over text that is no UTF-8, and over numbers beyond a
/// float where it has its feature `arbitrary_precision`.
#[cold]
fn strict(
    text: &[u8],
    limits: &Limits,
    left: fast::Left,
    read: &mut dyn FnMut(&mut Parser<'_>) -> serde_json::Result<()>,
) -> Result<()> {
    let max_depth = limits.depth();
    // The parser stops by itself at the ceiling; a lower limit is ours to check.
    if max_depth < Limits::DEPTH_CEILING {
        check_depth(text, max_depth)?;
    }
    if check_depth(text, STRICT_LEVELS).is_err() {
        return Err(deep(text, max_depth));
    }
    let mut parser = serde_json::Deserializer::from_slice(text);
    read(&mut parser)
        .and_then(|()| parser.end())
        .map_err(|error| classify(error, text))?;
    let malformed = |offset, reason: &str| {
        let at = position_of(text, offset);
        Err(Error::syntax(Format::Json, at, reason))
    };
    if let Err(error) = std::str::from_utf8(text) {
        return malformed(error.valid_up_to(), "text that is not UTF-8");
    }
    if let Some(offset) = left.too_large {
        return malformed(offset, "number out of range");
    }
    Ok(())
}

/// `serde_json` takes more stack for a level than the scanner. So it is asked for the words of an error only in documents of
/// no more levels than these, and told by [`deep`] what is wrong with others.
const STRICT_LEVELS: usize = 64;

/// What is wrong with a document of many levels that the scanner left, without recursion.
#[cold]
fn deep(text: &[u8], max_depth: usize) -> Error {
    let too_deep = check_depth(text, max_depth).err();
    let limit = match too_deep.as_ref().and_then(Error::position) {
        Some(Position::Text { line, column }) => (line, column),
        _ => (usize::MAX, 0),
    };
    match serde_json::from_slice::<IgnoredAny>(text) {
        Err(error) if (error.line(), error.column()) < limit => classify(error, text),
        _ => too_deep.unwrap_or_else(|| Error::Data {
            format: Format::Json,
            at: Position::Whole,
            reason: format!("a value of another kind, within more than {STRICT_LEVELS} levels")
                .into(),
            source: None,
        }),
    }
}

fn classify(error: serde_json::Error, text: &[u8]) -> Error {
    let format = Format::Json;
    let at = match (error.line(), error.column()) {
        // A type that chooses among variants says nothing of where.
        (0, 0) => Position::Whole,
        (line, column) => Position::Text { line, column },
    };
    match error.classify() {
        Category::Io => Error::Io(error.into()),
        Category::Eof => Error::Truncated { format, at },
        Category::Data => Error::Data {
            format,
            at,
            reason: reason(&error),
            source: Some(Box::new(error)),
        },
        Category::Syntax => {
            // Two of the parser's faults have names of their own here, but not there.
            let parsed = offset_of(text, error.line(), error.column());
            let parsed = text.get(..=parsed).unwrap_or(text);
            if let Err(too_deep) = check_depth(parsed, Limits::DEPTH_CEILING) {
                return too_deep;
            }
            let reason = reason(&error);
            if &*reason == "trailing characters" {
                return Error::TrailingBytes { format, at };
            }
            Error::Syntax {
                format,
                at,
                reason,
                source: Some(Box::new(error)),
            }
        }
    }
}

/// The parser's message without its position, which stands in ours already.
fn reason(error: &serde_json::Error) -> Box<str> {
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&suffix).unwrap_or(&message).into()
}

/// The line and column of an offset.
fn position_of(text: &[u8], offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let (mut line, mut start) = (1, 0);
    for (at, byte) in before.iter().enumerate() {
        if *byte == b'\n' {
            (line, start) = (line + 1, at + 1);
        }
    }
    let column = offset + 1 - start;
    Position::Text { line, column }
}

/// The offset of a line (from 1) and column.
fn offset_of(text: &[u8], line: usize, column: usize) -> usize {
    let mut newlines = (0..text.len()).filter(|at| text.get(*at) == Some(&b'\n'));
    let start = match line.checked_sub(2) {
        Some(skip) => newlines.nth(skip).map_or(text.len(), |at| at + 1),
        None => 0,
    };
    start.saturating_add(column)
}
