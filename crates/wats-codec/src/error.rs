//! The one error of this crate: what went wrong, where, and what to do about it.

use std::fmt;
use std::str::FromStr;

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

/// Why a document could not be read or written. `{}` says what is wrong and where, `{:#}` also the causes, each once.
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
    #[error(fmt = words::malformed)]
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
    #[error(fmt = words::unfit)]
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
    #[error(fmt = words::unwritable)]
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
    #[error(fmt = words::record)]
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
    #[error(fmt = words::io)]
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

/// Here and not beside the format, of which the error tells.
impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::named(text).ok_or_else(|| Error::unknown_format(text))
    }
}

/// How the kinds with causes are told.
#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "so the derived code hands over the fields"
)]
mod words {
    use std::error::Error as StdError;
    use std::fmt;

    use super::{Error, Position, Source, place};
    use crate::Format;

    pub(super) fn malformed(
        format: &Format,
        at: &Position,
        reason: &str,
        source: &Option<Source>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let said = format!("{format}: malformed at {at}: {reason}");
        with_causes(&said, Some(at), inside(source), f)
    }

    pub(super) fn unfit(
        format: &Format,
        at: &Position,
        reason: &str,
        source: &Option<Source>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let said = format!("{format}: does not fit the type{}: {reason}", place(at));
        with_causes(&said, Some(at), inside(source), f)
    }

    pub(super) fn unwritable(
        format: &Format,
        reason: &str,
        source: &Option<Source>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let said = format!("{format}: cannot write the value: {reason}");
        with_causes(&said, None, inside(source), f)
    }

    pub(super) fn record(
        index: &u64,
        offset: &u64,
        source: &Error,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        write!(f, "record {index} at byte {offset}: ")?;
        fmt::Display::fmt(source, f)
    }

    pub(super) fn io(error: &std::io::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = format!("reading or writing failed: {error}");
        with_causes(&said, None, error.source(), f)
    }

    fn inside(source: &Option<Source>) -> Option<&(dyn StdError + 'static)> {
        source.as_deref().map(|source| source as _)
    }

    /// What was said, and in the alternate form the causes behind it, but for those that say the same again: a parser's error
    /// is the reason and the place, which stand in ours already.
    fn with_causes(
        said: &str,
        at: Option<&Position>,
        mut cause: Option<&(dyn StdError + 'static)>,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        f.write_str(said)?;
        if !f.alternate() {
            return Ok(());
        }
        let place = at.map(|at| format!(" at {at}")).unwrap_or_default();
        let mut said = said.to_owned();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(text.strip_suffix(&place).unwrap_or(&text)) {
                write!(f, ": {text}")?;
                said.push_str(&text);
            }
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the plug is loose")]
    struct Inner;

    #[derive(Debug, thiserror::Error)]
    #[error("no current")]
    struct Outer(#[source] Inner);

    /// An error of every kind, with causes where it takes some.
    fn every_kind() -> Vec<Error> {
        let (format, at) = (Format::Json, Position::Text { line: 3, column: 7 });
        let source = || -> Option<Source> { Some(Box::new(Outer(Inner))) };
        let reason = || "dark".into();
        let syntax = || Error::Syntax {
            format,
            at,
            reason: reason(),
            source: source(),
        };
        let all = vec![
            Error::unknown_format("xml"),
            Error::Empty,
            Error::Unrecognised { start: "?".into() },
            Error::NotBuilt { feature: "zstd" },
            Error::Encoding { encoding: "UTF-16" },
            Error::Truncated { format, at },
            syntax(),
            Error::Data {
                format,
                at,
                reason: reason(),
                source: source(),
            },
            Error::TrailingBytes { format, at },
            Error::Checksum { format, at },
            Error::TooLarge { limit: 1 },
            Error::RatioTooHigh { limit: 1 },
            Error::TooDeep { limit: 1, at: None },
            Error::NonFinite { value: "NaN" },
            Error::Unwritable {
                format,
                reason: reason(),
                source: source(),
            },
            Error::Mismatch { format, what: "it" },
            Error::Record {
                index: 1,
                offset: 2,
                source: Box::new(syntax()),
            },
            Error::Unframeable { format },
            Error::Io(std::io::Error::other(Outer(Inner))),
        ];
        // A new kind belongs into the list.
        let kinds: std::collections::HashSet<_> = all.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 19);
        all
    }

    #[test]
    fn the_long_form_of_every_kind_has_all_its_causes() {
        for error in every_kind() {
            let (short, long) = (format!("{error}"), format!("{error:#}"));
            assert!(long.starts_with(&short) && !long.contains('\n'), "{long}");
            let mut cause = error.source();
            while let Some(inner) = cause {
                let text = inner.to_string();
                assert_eq!(long.matches(&text).count(), 1, "{text} in {long}");
                cause = inner.source();
            }
            if error.source().is_none() {
                assert_eq!(short, long);
            }
        }
    }

    #[test]
    fn a_cause_that_says_the_same_again_is_left_out() {
        let parsed = serde_json::from_str::<u8>("\n true").unwrap_err();
        let error = Error::Data {
            format: Format::Json,
            at: Position::Text { line: 2, column: 5 },
            reason: "invalid type: boolean `true`, expected u8".into(),
            source: Some(Box::new(parsed)),
        };
        assert_eq!(format!("{error:#}"), format!("{error}"));
    }

    #[test]
    fn the_error_is_small_and_crosses_threads() {
        fn assert_send_sync<T: Send + Sync + 'static>() {}
        assert_send_sync::<Error>();
        assert!(size_of::<Error>() <= 80, "{}", size_of::<Error>());
    }
}
