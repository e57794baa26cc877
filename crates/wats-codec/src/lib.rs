#![cfg_attr(docsrs, feature(doc_cfg))]
//! JSON, MessagePack, compressed JSON and a compact archive form behind one [`Serializer`].
//!
//! * Writing takes any `serde` type and one [`Format`]; reading recognises the format from the
//!   first bytes and keeps within [`Limits`], so that a hostile document costs an error, not the
//!   process.
//! * Nothing is lost on the way: NaN and infinities are refused or written in an agreed text form
//!   ([`float`]), never turned into `null`; what follows after a document is an error.
//! * [`fast_struct!`] gives a model a path of its own, several times as fast, with the same bytes.
//! * [`RecordReader`] and [`RecordWriter`] stream any number of records in bounded memory.
//! * [`compare()`] and [`benchmark`] show what each format costs for *your* data.
//!
//! ```
//! use wats_codec::{Format, Serializer};
//!
//! let json = Serializer::new(Format::Json);
//! let bytes = json.to_vec(&["PCBA-001", "PCBA-002"])?;
//! assert_eq!(bytes, br#"["PCBA-001","PCBA-002"]"#);
//! let back: Vec<String> = json.from_slice(&bytes)?;
//! # assert_eq!(back.len(), 2);
//! # Ok::<(), wats_codec::Error>(())
//! ```
//!
//! # Cargo features
//! JSON is always there. The formats beside it can be left out; their documents are then refused with
//! [`Error::NotBuilt`].
//!
//! * `msgpack`, on by default: `Format::MessagePack`.
//! * `gzip`, on by default: `Format::JsonGzip`.
//! * `archive`, on by default: `Format::Archive`; turns on `msgpack`.
//! * `stream`: `RecordStream`, records from an async stream of byte chunks.
//! * `zstd`: `Format::JsonZstd`; compiles the C library.
//!
//! # Layout
//! `serializer` puts the parts together: `format` (names), `detect` (first bytes), `json`,
//! `msgpack`, `gzip`, `zstd` and `archive` (one format each), `guard` (checks while writing),
//! `limits`. Beside it stand [`fast`] (models written and read without `serde`), [`float`],
//! `records` (streams), `compare`, `bench` and `size`.

#[cfg(feature = "archive")]
mod archive;
mod bench;
mod compare;
mod detect;
mod error;
pub mod fast;
pub mod float;
mod format;
mod guard;
#[cfg(feature = "gzip")]
mod gzip;
mod json;
mod limits;
#[cfg(feature = "msgpack")]
mod msgpack;
mod records;
mod serializer;
mod size;
#[cfg(feature = "zstd")]
mod zstd;

pub use bench::{BenchOptions, BenchReport, FormatSpeed, benchmark, benchmark_with};
pub use compare::{Comparison, FormatSize, compare};
pub use error::{Error, Position, Result};
pub use fast::{Decode, Encode, Serde};
pub use float::NonFinite;
pub use format::Format;
pub use limits::Limits;
#[cfg(feature = "stream")]
pub use records::RecordStream;
pub use records::{Framing, RecordProgress, RecordReader, RecordWriter};
pub use serializer::{Encoded, Serializer};
pub use size::{format_bytes, format_bytes_iec};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
