//! Records to a `Write`.

use std::io::Write;

use super::framer::PREFIX;
use super::{Framing, OnProgress, RecordProgress};
use crate::{Encode, Error, Format, Position, Result, Serializer};

/// Writes records one after the other, each in the serializer's format.
///
/// A record is encoded whole before its first byte is written, so that one that cannot be encoded
/// leaves no trace. Writes go straight to `sink`: give it a `BufWriter` for many small records.
///
/// ```
/// use wats_codec::{Format, Framing, RecordReader, RecordWriter, Serializer};
///
/// let packed = Serializer::new(Format::MessagePack);
/// let mut writer = RecordWriter::new(packed, Framing::LengthPrefixed, Vec::new())?;
/// for serial in ["A1", "A2"] {
///     writer.write(&(serial, 50))?;
/// }
/// let file = writer.into_inner();
///
/// let reader = RecordReader::<_, (String, u32)>::new(packed, Framing::LengthPrefixed, &file[..]);
/// assert_eq!(reader.map(|record| record.unwrap().0).collect::<Vec<_>>(), ["A1", "A2"]);
/// # Ok::<(), wats_codec::Error>(())
/// ```
pub struct RecordWriter<W> {
    sink: W,
    serializer: Serializer,
    framing: Framing,
    buffer: Vec<u8>,
    progress: RecordProgress,
    on_progress: Option<OnProgress>,
}

impl<W: Write> RecordWriter<W> {
    /// Writes to `sink` in the format of `serializer`.
    ///
    /// # Errors
    /// [`Error::Unframeable`] for lines in another format than compact JSON.
    pub fn new(serializer: Serializer, framing: Framing, sink: W) -> Result<Self> {
        if framing == Framing::Lines && serializer.format() != Format::Json {
            return Err(Error::Unframeable {
                format: serializer.format(),
            });
        }
        Ok(Self {
            sink,
            serializer,
            framing,
            buffer: Vec::new(),
            progress: RecordProgress::default(),
            on_progress: None,
        })
    }

    /// Calls `on_progress` after each record.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(RecordProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Writes one record.
    ///
    /// # Errors
    /// [`Error::Record`] around what [`Serializer::to_vec`] gives; [`Error::TooLarge`] for
    /// records from 4 GiB; [`Error::Io`] if the sink fails, after which the last record may be
    /// incomplete.
    pub fn write<T: Encode + ?Sized>(&mut self, record: &T) -> Result<()> {
        let written = self.try_write(record).map_err(|error| Error::Record {
            index: self.progress.records,
            offset: self.progress.bytes,
            source: Box::new(error),
        })?;
        self.progress.records += 1;
        self.progress.bytes += written as u64;
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(self.progress);
        }
        Ok(())
    }

    fn try_write<T: Encode + ?Sized>(&mut self, record: &T) -> Result<usize> {
        self.serializer.to_buffer(record, &mut self.buffer)?;
        // The serializer kept its limits; this one is the framing's.
        let limit = u32::MAX as usize;
        if self.buffer.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        match self.framing {
            Framing::Lines => {
                // Only raw JSON fragments can bring a line break along; it would split the record.
                if let Some(column) = self.buffer.iter().position(|byte| *byte == b'\n') {
                    let at = Position::Offset(column);
                    return Err(Error::syntax(Format::Json, at, "line break in a record"));
                }
                self.buffer.push(b'\n');
                self.sink.write_all(&self.buffer)?;
                Ok(self.buffer.len())
            }
            Framing::LengthPrefixed => {
                let length = self.buffer.len() as u32;
                self.sink.write_all(&length.to_be_bytes())?;
                self.sink.write_all(&self.buffer)?;
                Ok(PREFIX + self.buffer.len())
            }
        }
    }

    /// How far the writer is.
    pub const fn progress(&self) -> RecordProgress {
        self.progress
    }

    /// Flushes the sink.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.sink.flush()?)
    }

    /// The sink, with nothing held back.
    pub fn into_inner(self) -> W {
        self.sink
    }
}

impl<W> std::fmt::Debug for RecordWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordWriter")
            .field("serializer", &self.serializer)
            .field("framing", &self.framing)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
