//! Many records one after the other, read and written in memory that does not grow with their
//! number.
//!
//! [`Framing`] says where a record ends: at a line break (NDJSON), or after a length before it, for
//! any format. Data flows `framer` (bytes to records, no I/O) → `decoder` (records to values, with
//! counting and progress) → [`RecordReader`] (an iterator over a `BufRead`), or `RecordStream` (an
//! async stream over chunks of bytes, feature `stream`). [`RecordWriter`] is the other direction.

mod decoder;
mod framer;
mod reader;
#[cfg(feature = "stream")]
mod stream;
mod writer;

pub use reader::RecordReader;
#[cfg(feature = "stream")]
pub use stream::RecordStream;
pub use writer::RecordWriter;

/// How records are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// One JSON document per line (NDJSON, `application/x-ndjson`). Blank lines are skipped.
    Lines,
    /// A length of four bytes, most significant first, before each document. For every format.
    LengthPrefixed,
}

/// How far a reader or writer of records is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordProgress {
    /// Records so far, including those that could not be decoded.
    pub records: u64,
    /// Bytes of these records, with their framing.
    pub bytes: u64,
}

type OnProgress = Box<dyn FnMut(RecordProgress) + Send>;
