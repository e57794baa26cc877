//! Cuts a stream of bytes into records; knows neither I/O nor formats.

use super::Framing;
use crate::{Error, Format, Position, Result};

/// Bytes before a length-prefixed record.
pub(super) const PREFIX: usize = 4;

/// Takes chunks, gives records. Holds the unfinished record and the last chunk, no more.
#[derive(Debug)]
pub(super) struct Framer {
    framing: Framing,
    max_bytes: usize,
    buffer: Vec<u8>,
    /// Everything before is given out.
    start: usize,
    /// No line break between `start` and here.
    scanned: usize,
}

/// What the bytes so far amount to.
#[derive(Debug, PartialEq)]
pub(super) enum Frame<'a> {
    /// A record, and how many bytes it took with its framing.
    Record(&'a [u8], usize),
    /// More bytes are needed.
    Incomplete,
}

impl Framer {
    pub(super) fn new(framing: Framing, max_bytes: usize) -> Self {
        Self {
            framing,
            max_bytes,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// The next record among the bytes pushed so far.
    pub(super) fn next(&mut self) -> Result<Frame<'_>> {
        match self.framing {
            Framing::Lines => self.next_line(),
            Framing::LengthPrefixed => self.next_prefixed(),
        }
    }

    /// What is left when no more bytes come: a last line without a break, or nothing.
    pub(super) fn finish(&mut self) -> Result<Frame<'_>> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Frame::Incomplete);
        }
        match self.framing {
            Framing::Lines => {
                self.start = self.buffer.len();
                self.scanned = self.start;
                Ok(Frame::Record(rest, rest.len()))
            }
            Framing::LengthPrefixed => Err(Error::Truncated {
                format: Format::detect(rest.get(PREFIX..).unwrap_or_default()).unwrap_or_default(),
                at: Position::Offset(rest.len()),
            }),
        }
    }

    fn next_line(&mut self) -> Result<Frame<'_>> {
        let fresh = self.buffer.get(self.scanned..).unwrap_or_default();
        let Some(length) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.scanned = self.buffer.len();
            if self.scanned - self.start > self.max_bytes {
                return Err(self.too_large());
            }
            return Ok(Frame::Incomplete);
        };
        let (start, end) = (self.start, self.scanned + length);
        if end - start > self.max_bytes {
            return Err(self.too_large());
        }
        self.start = end + 1;
        self.scanned = self.start;
        let line = self.buffer.get(start..end).unwrap_or_default();
        Ok(Frame::Record(line, end + 1 - start))
    }

    fn next_prefixed(&mut self) -> Result<Frame<'_>> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<PREFIX>() else {
            return Ok(Frame::Incomplete);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length > self.max_bytes {
            return Err(self.too_large());
        }
        let Some(record) = rest.get(..length) else {
            return Ok(Frame::Incomplete);
        };
        self.start += PREFIX + length;
        self.scanned = self.start;
        Ok(Frame::Record(record, PREFIX + length))
    }

    fn too_large(&self) -> Error {
        Error::TooLarge {
            limit: self.max_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(framer: &mut Framer, into: &mut Vec<Vec<u8>>) {
        while let Frame::Record(record, _) = framer.next().unwrap() {
            into.push(record.to_vec());
        }
    }

    proptest! {
        #[test]
        fn chunks_of_any_size_give_the_same_records(
            lines in prop::collection::vec("[a-z]{0,20}", 0..20),
            chunk in 1usize..30,
            prefixed: bool,
        ) {
            let framing = if prefixed { Framing::LengthPrefixed } else { Framing::Lines };
            let mut bytes = Vec::new();
            for line in &lines {
                if prefixed {
                    bytes.extend((line.len() as u32).to_be_bytes());
                }
                bytes.extend(line.as_bytes());
                if !prefixed {
                    bytes.push(b'\n');
                }
            }
            let mut framer = Framer::new(framing, 20);
            let mut found = Vec::new();
            for chunk in bytes.chunks(chunk) {
                framer.push(chunk);
                records(&mut framer, &mut found);
                prop_assert!(framer.buffer.len() <= 20 + PREFIX + chunk.len());
            }
            prop_assert_eq!(framer.finish().unwrap(), Frame::Incomplete);
            let expected: Vec<_> = lines.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_line_without_end_is_stopped_at_the_limit() {
        let mut framer = Framer::new(Framing::Lines, 10);
        framer.push(&[b'x'; 10]);
        assert_eq!(framer.next().unwrap(), Frame::Incomplete);
        framer.push(b"x");
        assert!(matches!(framer.next(), Err(Error::TooLarge { limit: 10 })));
    }

    #[test]
    fn a_hostile_length_is_refused_before_its_bytes_come() {
        let mut framer = Framer::new(Framing::LengthPrefixed, 1000);
        framer.push(&[0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(framer.next(), Err(Error::TooLarge { .. })));
    }
}
