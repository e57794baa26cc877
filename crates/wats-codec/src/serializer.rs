//! The serializer: one format for writing, every format for reading.

use std::borrow::Cow;
use std::io::{Read, Write};

#[cfg(feature = "archive")]
use crate::archive;
use crate::detect::{UTF8_BOM, recognise};
#[cfg(feature = "gzip")]
use crate::gzip;
#[cfg(feature = "msgpack")]
use crate::msgpack;
use crate::{Decode, Encode, Error, Format, Limits, NonFinite, Position, Result, fast, json};

/// Writes values in one format and reads them in any.
///
/// Reading recognises the format from the first bytes, so a serializer reads what any other wrote.
/// It stays within its [`Limits`] and takes one whole document: what follows after is an error.
///
/// The settings are plain data: build one serializer and share it, or copy it.
///
/// ```
/// use wats_codec::{Format, Serializer};
///
/// let reports = vec![("SN-1", 50u32, true), ("SN-2", 50, false)];
/// let packed = Serializer::new(Format::MessagePack).to_vec(&reports)?;
///
/// let json = Serializer::new(Format::Json);
/// let back: Vec<(String, u32, bool)> = json.from_slice(&packed)?;
/// assert_eq!(back[1].0, "SN-2");
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serializer {
    format: Format,
    limits: Limits,
    #[cfg(feature = "gzip")]
    gzip_level: u32,
    #[cfg(feature = "zstd")]
    zstd_level: i32,
    compress_threshold: usize,
    non_finite: NonFinite,
}

/// A document with what HTTP needs to know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The document.
    pub bytes: Vec<u8>,
    /// The value for `Content-Type`.
    pub content_type: &'static str,
    /// The value for `Content-Encoding`: set only if these bytes are compressed.
    pub content_encoding: Option<&'static str>,
}

impl Serializer {
    /// The default of [`compress_threshold`](Self::compress_threshold), in bytes.
    pub const DEFAULT_COMPRESS_THRESHOLD: usize = 10_000;
    /// The default of [`gzip_level`](Self::gzip_level): on reports, 6 takes a quarter to a half more
    /// time and saves 3 to 5 %.
    #[cfg(feature = "gzip")]
    pub const DEFAULT_GZIP_LEVEL: u32 = 5;

    /// The default of [`zstd_level`](Self::zstd_level): on reports, 3 is slower and no smaller.
    #[cfg(feature = "zstd")]
    pub const DEFAULT_ZSTD_LEVEL: i32 = 1;

    /// A serializer that writes `format`, with default limits and settings.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            limits: Limits::default(),
            #[cfg(feature = "gzip")]
            gzip_level: Self::DEFAULT_GZIP_LEVEL,
            #[cfg(feature = "zstd")]
            zstd_level: Self::DEFAULT_ZSTD_LEVEL,
            compress_threshold: Self::DEFAULT_COMPRESS_THRESHOLD,
            non_finite: NonFinite::default(),
        }
    }

    /// Sets what reading may cost. Writing keeps to it too, so that what was written can be read back.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the gzip level: 0 stores, 1 is fastest, 9 is smallest; more counts as 9. Default 5.
    #[cfg(feature = "gzip")]
    #[must_use]
    pub const fn gzip_level(mut self, level: u32) -> Self {
        self.gzip_level = if level > 9 { 9 } else { level };
        self
    }

    /// Sets the Zstandard level, 1 to 19; others count as the nearest. Default 1.
    #[cfg(feature = "zstd")]
    #[must_use]
    pub const fn zstd_level(mut self, level: i32) -> Self {
        self.zstd_level = if level < 1 {
            1
        } else if level > 19 {
            19
        } else {
            level
        };
        self
    }

    /// Sets the size in bytes of plain JSON from which the compressed formats compress; smaller
    /// documents are written as plain JSON. Default 10 000; 0 compresses always.
    #[must_use]
    pub const fn compress_threshold(mut self, bytes: usize) -> Self {
        self.compress_threshold = bytes;
        self
    }

    /// Sets what becomes of NaN and infinities in JSON. Default: refuse.
    ///
    /// A field under [`float`](crate::float) decides for itself. MessagePack holds every float.
    #[must_use]
    pub const fn non_finite(mut self, policy: NonFinite) -> Self {
        self.non_finite = policy;
        self
    }

    /// The same for another format.
    pub(crate) const fn writing(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The format this serializer writes.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The limits it keeps.
    pub(crate) const fn kept_limits(&self) -> Limits {
        self.limits
    }

    /// Writes `value` to new bytes.
    ///
    /// # Errors
    /// [`Error::TooDeep`], [`Error::TooLarge`] and [`Error::RatioTooHigh`] if a reader with the same
    /// [`Limits`] would refuse the document, [`Error::NonFinite`], or [`Error::Unwritable`] if the
    /// value itself refuses or the format cannot hold it (JSON: a map with keys that are lists).
    pub fn to_vec<T: Encode + ?Sized>(&self, value: &T) -> Result<Vec<u8>> {
        Ok(self.encode(value)?.bytes)
    }

    /// Writes `value` into `buffer`, whose contents are replaced and whose capacity is kept.
    ///
    /// For writing many documents: growing a new buffer for each costs as much as encoding does.
    /// After an error the buffer is empty.
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec).
    pub fn to_buffer<T: Encode + ?Sized>(&self, value: &T, buffer: &mut Vec<u8>) -> Result<()> {
        self.rewrite(value, buffer)
    }

    /// Writes `value` to `writer`, which receives nothing unless the whole value could be encoded.
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec), and [`Error::Io`].
    pub fn to_writer<T: Encode + ?Sized>(&self, mut writer: impl Write, value: &T) -> Result<()> {
        Ok(writer.write_all(&self.to_vec(value)?)?)
    }

    /// Writes `value` to new bytes and says how to announce them over HTTP.
    ///
    /// ```
    /// use wats_codec::{Format, Serializer};
    ///
    /// let gzip = Serializer::new(Format::JsonGzip);
    /// assert_eq!(gzip.encode(&[1, 2])?.content_encoding, None);
    /// assert_eq!(gzip.encode(&vec![0; 9000])?.content_encoding, Some("gzip"));
    /// # Ok::<(), wats_codec::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`to_vec`](Self::to_vec).
    pub fn encode<T: Encode + ?Sized>(&self, value: &T) -> Result<Encoded> {
        let (bytes, compressed) = self.write_new(value)?;
        Ok(Encoded {
            bytes,
            content_type: self.format.content_type(),
            content_encoding: self.format.content_encoding().filter(|_| compressed),
        })
    }

    /// The document, and whether it is compressed.
    fn write_new<T: Encode + ?Sized>(&self, value: &T) -> Result<(Vec<u8>, bool)> {
        let mut bytes = Vec::with_capacity(128);
        let compressed = self.write(value, &mut bytes)?;
        if compressed {
            // The plain text had its place in here too; whoever keeps the result need not keep that.
            bytes.shrink_to_fit();
        }
        Ok((bytes, compressed))
    }

    fn rewrite<T: Encode + ?Sized>(&self, value: &T, buffer: &mut Vec<u8>) -> Result<()> {
        buffer.clear();
        let written = self.write(value, buffer);
        if written.is_err() {
            buffer.clear();
        }
        written.map(|_compressed| ())
    }

    /// Appends the document to an empty buffer; true if it is compressed.
    ///
    /// What a reader with the same limits would refuse is not written.
    fn write<T: Encode + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Result<bool> {
        let depth = self.limits.depth();
        match self.format {
            #[cfg(feature = "msgpack")]
            Format::MessagePack => {
                fast::write_pack(value, out, depth)?;
                two_bytes_for_a_digit(out);
            }
            Format::JsonPretty => json::write(value, out, true, &self.limits, self.non_finite)?,
            Format::Json => fast::write_json(value, out, depth, self.non_finite)?,
            #[cfg(feature = "archive")]
            Format::Archive => archive::write(value, out, &self.limits)?,
            #[cfg(feature = "gzip")]
            Format::JsonGzip => {
                fast::write_json(value, out, depth, self.non_finite)?;
                return self.compress(out, |out| gzip::compress(out, self.gzip_level));
            }
            #[cfg(feature = "zstd")]
            Format::JsonZstd => {
                fast::write_json(value, out, depth, self.non_finite)?;
                return self.compress(out, |out| crate::zstd::compress(out, self.zstd_level));
            }
        }
        self.limits.check_size(out.len())?;
        Ok(false)
    }

    /// Compresses a document that is large enough for that; true if it was.
    #[cfg(any(feature = "gzip", feature = "zstd"))]
    fn compress(
        &self,
        out: &mut Vec<u8>,
        compress: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<bool> {
        let plain = out.len();
        self.limits.check_size(plain)?;
        if plain < self.compress_threshold {
            return Ok(false);
        }
        compress(out)?;
        self.limits.check_expanded(plain, out.len())?;
        // What cannot be compressed grows a little.
        self.limits.check_size(out.len())?;
        Ok(true)
    }

    /// Reads one document from `bytes`, in whatever format it is.
    ///
    /// A UTF-8 byte order mark before JSON is skipped.
    ///
    /// # Errors
    /// Every variant that concerns reading: see [`Error`]. Nothing is returned of a document whose
    /// checksum, length or end is wrong.
    pub fn from_slice<T: Decode>(&self, bytes: &[u8]) -> Result<T> {
        self.limits.check_size(bytes.len())?;
        let (format, bytes) = self.unpack(bytes)?;
        match format {
            #[cfg(feature = "msgpack")]
            Format::MessagePack => fast::read_pack(&bytes, self.limits.depth())
                .map_or_else(|| msgpack::read(&bytes, &self.limits), Ok),
            #[cfg(feature = "archive")]
            Format::Archive => archive::read_fast(&bytes, &self.limits)
                .map_or_else(|| archive::read(&bytes, &self.limits), Ok),
            _ => json::read(bytes.strip_prefix(UTF8_BOM).unwrap_or(&bytes), &self.limits),
        }
    }

    /// [`from_slice`](Self::from_slice) of what can only be JSON, such as an answer of a server.
    ///
    /// The compiler makes readers of the other formats for every type that [`from_slice`](Self::from_slice) reads, and
    /// none for this. In a crate of many models that is most of its build.
    ///
    /// ```
    /// use wats_codec::{Error, Serializer};
    ///
    /// let json = Serializer::default();
    /// assert_eq!(json.from_json::<Vec<u8>>(b"[1, 2]")?, [1, 2]);
    /// assert!(matches!(json.from_json::<Vec<u8>>(b"\x92\x01\x02"), Err(Error::Syntax { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_slice`](Self::from_slice); another format than JSON is named in one.
    pub fn from_json<T: Decode>(&self, bytes: &[u8]) -> Result<T> {
        json::read(self.only_json(bytes)?, &self.limits)
    }

    /// The text of what is to be JSON.
    fn only_json<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8]> {
        self.limits.check_size(bytes.len())?;
        let found = recognise(bytes, Format::Json)?;
        if !found.is_json() {
            let reason = format!("this is {found}, and only JSON is expected here");
            return Err(Error::syntax(Format::Json, Position::Offset(0), reason));
        }
        Ok(bytes.strip_prefix(UTF8_BOM).unwrap_or(bytes))
    }

    /// Reads one document from `reader`, which is read to its end or to the limit.
    ///
    /// # Errors
    /// As [`from_slice`](Self::from_slice), and [`Error::Io`].
    pub fn from_reader<T: Decode>(&self, reader: impl Read) -> Result<T> {
        let mut bytes = Vec::new();
        let most = self.limits.bytes() as u64;
        reader
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)?;
        self.from_slice(&bytes)
    }

    /// Recognises the format and undoes compression.
    fn unpack<'a>(&self, bytes: &'a [u8]) -> Result<(Format, Cow<'a, [u8]>)> {
        let outer = recognise(bytes, self.format)?;
        #[cfg(any(feature = "gzip", feature = "zstd"))]
        if let Some(inside) = self.decompress(outer, bytes)? {
            let inner = recognise(&inside, Format::Json)?;
            if !inner.is_json() && !inner.is_msgpack() {
                let reason = format!("{inner} within {outer}: decompress it and try again");
                return Err(Error::syntax(outer, Position::Offset(0), reason));
            }
            return Ok((inner, Cow::Owned(inside)));
        }
        Ok((outer, Cow::Borrowed(bytes)))
    }

    #[cfg(any(feature = "gzip", feature = "zstd"))]
    fn decompress(&self, format: Format, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        match format {
            #[cfg(feature = "gzip")]
            Format::JsonGzip => gzip::decompress(bytes, &self.limits).map(Some),
            #[cfg(feature = "zstd")]
            Format::JsonZstd => crate::zstd::decompress(bytes, &self.limits).map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(feature = "msgpack")]
/// A whole document of one byte that is a digit in JSON is written as two: whoever reads it could not tell which it is.
fn two_bytes_for_a_digit(packed: &mut Vec<u8>) {
    const U8: u8 = 0xcc;
    if let [digit @ b'0'..=b'9'] = packed[..] {
        *packed = vec![U8, digit];
    }
}

impl Default for Serializer {
    /// JSON with default limits.
    fn default() -> Self {
        Self::new(Format::default())
    }
}
