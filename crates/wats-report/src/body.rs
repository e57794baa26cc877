//! A report as the bytes that are sent, made while they are sent: attachments are never in memory as a whole.
//!
//! The report is written once without the contents of its large attachments, and for each of them the place is kept.
//! [`BodyChunks`] then gives that text and, at each place, the attachment encoded piece by piece. They can be made any
//! number of times, and each gives the same bytes.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use wats_codec::{Format, Limits, Serializer};

use super::Report;
use super::payload::Encoded;
use super::payload::placeholder::{self, Placeholder};
use crate::error::{Error, Result};

/// More room than this, in bytes, is given back: a long text has doubled while it was written, and is kept while it is sent.
const LOOSE: usize = 64 << 10;

/// A report as WSJF text, ready to be sent any number of times; from [`Report::body`].
#[derive(Clone)]
pub struct ReportBody {
    text: Bytes,
    places: Arc<[Placeholder]>,
    length: u64,
}

impl Report {
    /// The report as the text that is sent. Attachments from files are read only while it is read, and take no more
    /// memory than a piece of 64 KiB.
    ///
    /// ```
    /// use std::io::Read;
    /// use wats_report::{Attachment, Station, Unit, UutReport};
    ///
    /// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
    /// let report = UutReport::builder(unit, 100)
    ///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
    ///     .operator("Kari")
    ///     .steps(|root| {
    ///         root.attachment("Log", Attachment::new("log.bin", vec![7; 100_000]));
    ///     })
    ///     .build()?;
    /// let body = report.report().body()?;
    /// let mut text = String::new();
    /// body.reader().read_to_string(&mut text)?;
    /// assert_eq!(text.len() as u64, body.len());
    /// assert_eq!(text, serde_json::to_string(report.report())?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// No file is opened here, only when the body is read.
    ///
    /// # Errors
    /// [`Error::Data`] when the report cannot be written as JSON.
    pub fn body(&self) -> Result<ReportBody> {
        // Most reports have nothing that is left out, and are written by the codec's fast path.
        let codec = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
        if let Some(mut text) = placeholder::without(|| codec.to_vec(self).ok()) {
            if text.capacity() - text.len() > LOOSE {
                text.shrink_to_fit();
            }
            return Ok(ReportBody {
                length: text.len() as u64,
                text: text.into(),
                places: Arc::default(),
            });
        }
        let (text, places) = placeholder::collect(|text| {
            self.serialize(&mut serde_json::Serializer::new(text))
                .map_err(|error| Error::Data(format!("the report cannot be written: {error}")))
        })?;
        if places
            .iter()
            .any(|place| text.get(place.at - 1..=place.at) != Some(br#""""#))
        {
            return Err(Error::Data(
                "the report cannot be written: an attachment has no place".to_owned(),
            ));
        }
        let contents: u64 = places.iter().map(|place| place.payload.encoded_len()).sum();
        Ok(ReportBody {
            length: text.len() as u64 + contents,
            text: text.into(),
            places: places.into(),
        })
    }
}

impl ReportBody {
    /// How many bytes it has.
    #[allow(clippy::len_without_is_empty, reason = "a report is never empty")]
    pub fn len(&self) -> u64 {
        self.length
    }

    /// The text as a whole, if it is in memory anyhow: no attachment is left out.
    pub fn as_whole(&self) -> Option<&Bytes> {
        self.places.is_empty().then_some(&self.text)
    }

    /// Reads it from the start, for those who read bytes.
    ///
    /// Reading fails if a file cannot be read, or is no longer the one that was attached.
    pub fn reader(&self) -> BodyReader {
        BodyReader {
            chunks: self.chunks(),
            current: Bytes::new(),
        }
    }

    /// Reads it from the start, a piece of at most 64 KiB at a time unless it is in memory anyhow. After an error, as of
    /// [`reader`](Self::reader), nothing follows.
    pub fn chunks(&self) -> BodyChunks {
        BodyChunks {
            body: self.clone(),
            at: 0,
            next: 0,
            inner: None,
        }
    }

    /// Writes it; returns how many bytes that were.
    ///
    /// # Errors
    /// That of the writer, or of reading a file.
    pub fn write_to(&self, writer: &mut impl Write) -> io::Result<u64> {
        io::copy(&mut self.reader(), writer)
    }
}

impl fmt::Debug for ReportBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportBody")
            .field("length", &self.length)
            .field("places", &self.places.len())
            .finish_non_exhaustive()
    }
}

/// A [`ReportBody`] in pieces; none is empty.
pub struct BodyChunks {
    body: ReportBody,
    /// How much of the text was given.
    at: usize,
    /// Which place comes next.
    next: usize,
    /// The contents that are being given.
    inner: Option<Encoded>,
}

impl BodyChunks {
    fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(inner) = &mut self.inner {
                if let Some(piece) = inner.next_piece()? {
                    return Ok(Some(piece));
                }
                self.inner = None;
            }
            let place = self.body.places.get(self.next);
            let end = place.map_or(self.body.text.len(), |place| place.at);
            if self.at < end {
                let piece = self.body.text.slice(self.at..end);
                self.at = end;
                return Ok(Some(piece));
            }
            let Some(place) = place else {
                return Ok(None);
            };
            self.inner = Some(place.payload.encoded()?);
            self.next += 1;
        }
    }
}

impl Iterator for BodyChunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let piece = self.piece();
        if piece.is_err() {
            (self.at, self.next, self.inner) = (usize::MAX, usize::MAX, None);
        }
        piece.transpose()
    }
}

impl std::iter::FusedIterator for BodyChunks {}

impl fmt::Debug for BodyChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyChunks")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// Reads a [`ReportBody`].
#[derive(Debug)]
pub struct BodyReader {
    chunks: BodyChunks,
    /// What was not read of the current piece.
    current: Bytes,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() && !buffer.is_empty() {
            match self.chunks.next().transpose()? {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let piece = self.current.split_to(self.current.len().min(buffer.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}
