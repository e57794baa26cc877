//! Framed records to values: decodes, counts, reports progress, and knows when to stop.

use super::framer::{Frame, Framer};
use super::{Framing, OnProgress, RecordProgress};
use crate::{Decode, Error, Format, Result, Serializer};

/// The part that the iterator and the async stream share.
pub(super) struct Decoder {
    serializer: Serializer,
    framer: Framer,
    progress: RecordProgress,
    on_progress: Option<OnProgress>,
    /// No more records: the end, or a fault after which their borders are unknown.
    done: bool,
    skip_blank: bool,
}

impl Decoder {
    pub(super) fn new(serializer: Serializer, framing: Framing) -> Self {
        let serializer = match framing {
            // Only JSON comes in lines; a digit alone in one is no integer of MessagePack.
            Framing::Lines => serializer.writing(Format::Json),
            Framing::LengthPrefixed => serializer,
        };
        Self {
            serializer,
            framer: Framer::new(framing, serializer.kept_limits().bytes()),
            progress: RecordProgress::default(),
            on_progress: None,
            done: false,
            skip_blank: framing == Framing::Lines,
        }
    }

    pub(super) fn set_on_progress(&mut self, on_progress: OnProgress) {
        self.on_progress = Some(on_progress);
    }

    pub(super) const fn progress(&self) -> RecordProgress {
        self.progress
    }

    pub(super) const fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.framer.push(chunk);
    }

    /// The next value among the bytes pushed so far; `None` if more bytes are needed.
    pub(super) fn next<T: Decode>(&mut self) -> Option<Result<T>> {
        self.advance(Framer::next)
    }

    /// The last value when no more bytes come.
    pub(super) fn finish<T: Decode>(&mut self) -> Option<Result<T>> {
        let last = self.advance(Framer::finish);
        self.done = true;
        last
    }

    /// Ends with an error of the source of the bytes.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.done = true;
        self.named(error)
    }

    fn advance<T: Decode>(
        &mut self,
        next: fn(&mut Framer) -> Result<Frame<'_>>,
    ) -> Option<Result<T>> {
        while !self.done {
            let (value, bytes) = match next(&mut self.framer) {
                Ok(Frame::Incomplete) => return None,
                Ok(Frame::Record(record, bytes)) => {
                    if self.skip_blank && record.trim_ascii().is_empty() {
                        self.progress.bytes += bytes as u64;
                        continue;
                    }
                    (self.serializer.from_slice(record), bytes)
                }
                Err(error) => return Some(Err(self.fail(error))),
            };
            let value = value.map_err(|error| self.named(error));
            self.progress.records += 1;
            self.progress.bytes += bytes as u64;
            if let Some(on_progress) = &mut self.on_progress {
                on_progress(self.progress);
            }
            return Some(value);
        }
        None
    }

    fn named(&self, error: Error) -> Error {
        Error::Record {
            index: self.progress.records,
            offset: self.progress.bytes,
            source: Box::new(error),
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("serializer", &self.serializer)
            .field("progress", &self.progress)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
