//! The one error of this crate: what went wrong, where, and what to do about it.

use std::fmt;

use crate::Format;

/// The result of this crate's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// A place in text: line from 1, column in bytes from the start of the line.
    Text {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1; 0 stands before the first byte of the line.
        column: usize,
    },
    /// Bytes from the start of a binary document.
    Offset(usize),
    /// No place that is known: a type that chooses among variants refused what it was given, or it stands in an archive.
    Whole,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { line, column } => write!(f, "line {line} column {column}"),
            Self::Offset(offset) => write!(f, "byte {offset}"),
            Self::Whole => f.write_str("an unknown place"),
        }
    }
}

/// " at" a position, if it is known.
fn place(position: &Position) -> String {
    match position {
        Position::Whole => String::new(),
        known => format!(" at {known}"),
    }
}

/// Why a document could not be read or written.
///
/// ```
/// use wats_codec::{Error, Format, Position, Serializer};
///
/// let error = Serializer::new(Format::Json)
///     .from_slice::<Vec<u32>>(b"[1,\n 2,,3]")
///     .unwrap_err();
/// assert!(matches!(error, Error::Syntax { .. }));
/// assert_eq!(error.position(), Some(Position::Text { line: 2, column: 4 }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A format name that no format has.
    #[error("unknown format `{name}`: choose one of {choices}")]
    #[non_exhaustive]
    UnknownFormat {
        /// The name that was given, shortened if long.
        name: Box<str>,
        /// The names there are, separated by commas.
        choices: Box<str>,
    },

    /// Nothing to read: no bytes, or only white space.
    #[error("the input is empty")]
    Empty,

    /// The first bytes belong to no format of this build.
    #[error("the input is in no known format: it starts with {start}")]
    #[non_exhaustive]
    Unrecognised {
        /// The first bytes, printable.
        start: Box<str>,
    },

    /// The input is in a format that this build leaves out.
    #[error("the input needs the feature `{feature}` of wats-codec, which this build leaves out")]
    #[non_exhaustive]
    NotBuilt {
        /// The cargo feature that reads it.
        feature: &'static str,
    },

    /// Text in another encoding than UTF-8.
    #[error("the input is {encoding} text: convert it to UTF-8 first")]
    #[non_exhaustive]
    Encoding {
        /// The encoding that the byte order mark announces.
        encoding: &'static str,
    },

    /// The document ends before it is complete.
    #[error("{format}: the document ends too early, at {at}")]
    #[non_exhaustive]
    Truncated {
        /// The format that was recognised.
        format: Format,
        /// Where the input ended.
        at: Position,
    },

    /// Bytes that break the rules of the format.
    #[error("{format}: malformed at {at}: {reason}")]
    #[non_exhaustive]
    Syntax {
        /// The format that was recognised.
        format: Format,
        /// Where reading stopped.
        at: Position,
        /// What is wrong there.
        reason: Box<str>,
        /// The error of the parser, if it came from one.
        source: Option<Source>,
    },

    /// A well-formed document that does not fit the type it is read into.
    #[error("{format}: does not fit the type{}: {reason}", place(.at))]
    #[non_exhaustive]
    Data {
        /// The format that was recognised.
        format: Format,
        /// Where reading stopped.
        at: Position,
        /// What was found and what was expected.
        reason: Box<str>,
        /// The error of the parser.
        source: Option<Source>,
    },

    /// Something follows after the end of the document.
    #[error("{format}: unexpected bytes after the end of the document, at {at}")]
    #[non_exhaustive]
    TrailingBytes {
        /// The format that was recognised.
        format: Format,
        /// Where the first surplus byte stands.
        at: Position,
    },

    /// A checksum or length that does not match the contents.
    #[error("{format}: the checksum does not match: the data is damaged (stream ends at {at})")]
    #[non_exhaustive]
    Checksum {
        /// The format that was recognised.
        format: Format,
        /// The end of the damaged stream in the compressed bytes.
        at: Position,
    },

    /// The document is larger than [`Limits::max_bytes`](crate::Limits::max_bytes), read or to be
    /// written.
    #[error("the document is larger than the limit of {limit} bytes (Limits::max_bytes)")]
    #[non_exhaustive]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },

    /// Decompression passed [`Limits::max_ratio`](crate::Limits::max_ratio), or would pass it if this
    /// were written.
    #[error("the document expands more than {limit} times, as bombs do (Limits::max_ratio)")]
    #[non_exhaustive]
    RatioTooHigh {
        /// The limit, decompressed to compressed.
        limit: u32,
    },

    /// The document is nested deeper than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("the document is nested deeper than {limit} levels (Limits::max_depth)")]
    #[non_exhaustive]
    TooDeep {
        /// The limit in levels of arrays and objects.
        limit: usize,
        /// Where the first level beyond the limit opens; `None` while writing.
        at: Option<Position>,
    },

    /// NaN or an infinity was to be written to JSON, which has no number for them.
    #[error(
        "{value} has no JSON number: annotate the field with \
         `#[serde(with = \"wats_codec::float\")]`, or write it as text with \
         `Serializer::non_finite(NonFinite::Text)`"
    )]
    #[non_exhaustive]
    NonFinite {
        /// `NaN`, `Infinity` or `-Infinity`.
        value: &'static str,
    },

    /// The value itself refused to be written, or the format cannot hold it.
    #[error("{format}: cannot write the value: {reason}")]
    #[non_exhaustive]
    Unwritable {
        /// The format that was asked for.
        format: Format,
        /// Why not.
        reason: Box<str>,
        /// The error of the encoder.
        source: Option<Source>,
    },

    /// A type's fast path and its `serde` implementation differ; from
    /// [`fast::verify`](crate::fast::verify) only.
    #[error("{format}: {what} differs from what serde does")]
    #[non_exhaustive]
    Mismatch {
        /// The format in which they differ.
        format: Format,
        /// Which side differs.
        what: &'static str,
    },

    /// One of many records could not be read or written.
    #[error("record {index} at byte {offset}: {source}")]
    #[non_exhaustive]
    Record {
        /// The number of the record, from 0.
        index: u64,
        /// Where the record starts in the stream, in bytes.
        offset: u64,
        /// What is wrong with it; positions there count from the start of the record.
        source: Box<Error>,
    },

    /// Records in lines were asked for in a format that may contain line breaks.
    #[error("{format} records cannot be told apart by lines: use json, or length prefixes")]
    #[non_exhaustive]
    Unframeable {
        /// The format that was asked for.
        format: Format,
    },

    /// The reader or writer failed.
    #[error("reading or writing failed: {0}")]
    Io(#[from] std::io::Error),
}

impl Error {
    /// Where in the document the fault is; a line and column for text, else a byte offset.
    ///
    /// For a compressed document, faults of the JSON inside are positions in that JSON.
    pub fn position(&self) -> Option<Position> {
        let at = match self {
            Self::Truncated { at, .. }
            | Self::Syntax { at, .. }
            | Self::Data { at, .. }
            | Self::TrailingBytes { at, .. }
            | Self::Checksum { at, .. } => Some(*at),
            Self::TooDeep { at, .. } => *at,
            Self::Record { source, .. } => source.position(),
            _ => None,
        };
        at.filter(|at| *at != Position::Whole)
    }

    /// Whether one of the [`Limits`](crate::Limits) was passed.
    pub const fn is_limit(&self) -> bool {
        match self {
            Self::TooLarge { .. } | Self::RatioTooHigh { .. } | Self::TooDeep { .. } => true,
            Self::Record { source, .. } => source.is_limit(),
            _ => false,
        }
    }

    pub(crate) fn unknown_format(name: &str) -> Self {
        let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        Self::UnknownFormat {
            name: name.chars().take(40).collect(),
            choices: names.join(", ").into(),
        }
    }

    pub(crate) fn syntax(format: Format, at: Position, reason: impl Into<Box<str>>) -> Self {
        Self::Syntax {
            format,
            at,
            reason: reason.into(),
            source: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_small_and_crosses_threads() {
        fn assert_send_sync<T: Send + Sync + 'static>() {}
        assert_send_sync::<Error>();
        assert!(size_of::<Error>() <= 80, "{}", size_of::<Error>());
    }
}
