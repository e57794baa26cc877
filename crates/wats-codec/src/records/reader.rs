//! Records from a `BufRead`, as an iterator.

use std::io::{BufRead, ErrorKind};
use std::marker::PhantomData;

use super::decoder::Decoder;
use super::{Framing, RecordProgress};
use crate::{Decode, Error, Result, Serializer};

/// An iterator over the records in a `BufRead`.
///
/// Each record may be in any format and is held to the serializer's limits; memory is bounded by
/// one record. A record that cannot be decoded is an [`Error::Record`] with its number and place,
/// and the next record follows; after a fault of the framing or the reader the iterator ends.
///
/// ```
/// use wats_codec::{Framing, RecordReader, Serializer};
///
/// let lines = b"{\"sn\":\"A1\"}\n\n{\"sn\":\n{\"sn\":\"A3\"}";
/// let reader = RecordReader::new(Serializer::default(), Framing::Lines, &lines[..]);
/// let records: Vec<Result<serde_json::Value, _>> = reader.collect();
/// assert_eq!(records.len(), 3);
/// assert_eq!(records[0].as_ref().unwrap()["sn"], "A1");
/// assert!(records[1].as_ref().unwrap_err().to_string().starts_with("record 1 at byte 13"));
/// assert_eq!(records[2].as_ref().unwrap()["sn"], "A3");
/// ```
#[derive(Debug)]
pub struct RecordReader<R, T> {
    source: R,
    decoder: Decoder,
    value: PhantomData<fn() -> T>,
}

impl<R: BufRead, T: Decode> RecordReader<R, T> {
    /// Reads records from `source`; limits are those of `serializer`, per record.
    pub fn new(serializer: Serializer, framing: Framing, source: R) -> Self {
        Self {
            source,
            decoder: Decoder::new(serializer, framing),
            value: PhantomData,
        }
    }

    /// Calls `on_progress` after each record.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl FnMut(RecordProgress) + Send + 'static) -> Self {
        self.decoder.set_on_progress(Box::new(on_progress));
        self
    }

    /// How far the reader is.
    pub const fn progress(&self) -> RecordProgress {
        self.decoder.progress()
    }
}

impl<R: BufRead, T: Decode> Iterator for RecordReader<R, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            let found = self.decoder.next();
            if found.is_some() || self.decoder.is_done() {
                return found;
            }
            match self.source.fill_buf() {
                Ok([]) => return self.decoder.finish(),
                Ok(chunk) => {
                    self.decoder.push(chunk);
                    let length = chunk.len();
                    self.source.consume(length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(self.decoder.fail(Error::Io(error)))),
            }
        }
    }
}

impl<R: BufRead, T: Decode> std::iter::FusedIterator for RecordReader<R, T> {}
