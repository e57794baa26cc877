//! The sections of an archive that is read, before anything is made of them.

use super::number::take_length;
use super::{CHECKSUM, HEADER, MAGIC, VERSION, checksum, packed};
use crate::{Error, Format, Limits, Position, Result};

/// The sections of an archive whose header and checksum were found to be in order, and the texts that were packed.
pub(crate) struct Sections<'de> {
    pub(super) keys: &'de [u8],
    pub(super) texts: &'de [u8],
    pub(super) shapes: &'de [u8],
    pub(super) frames: &'de [u8],
    pub(super) values: &'de [u8],
    pub(super) unpacked: Unpacked,
    pub(super) size: usize,
}

/// The texts that were packed, joined, and where each ends.
pub(super) struct Unpacked {
    joined: String,
    ends: Vec<usize>,
}

impl Unpacked {
    pub(super) const NONE: Self = Self {
        joined: String::new(),
        ends: Vec::new(),
    };

    /// The texts in their order.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let parts = starts.zip(&self.ends);
        parts.map(|(start, end)| self.joined.get(start..*end).unwrap_or_default())
    }

    /// Every text of an archive counts for its length at least once, so all of them are no more than the limit.
    fn new(mut section: &[u8], size: usize, limits: &Limits) -> Result<Self> {
        let most = limits.most_expanded(size);
        let (mut joined, mut ends) = (Vec::new(), Vec::new());
        while !section.is_empty() {
            let text = take_section(&mut section);
            let read = text.and_then(|text| packed::unpack(text, &mut joined, most));
            limits.check_expanded(joined.len(), size)?;
            read.ok_or_else(inconsistent)?;
            ends.push(joined.len());
        }
        let joined = String::from_utf8(joined).map_err(|_| inconsistent())?;
        Ok(Self { joined, ends })
    }
}

pub(super) fn syntax(at: usize, reason: &str) -> Error {
    Error::syntax(Format::Archive, Position::Offset(at), reason)
}

pub(super) fn inconsistent() -> Error {
    syntax(HEADER, "inconsistent tables")
}

fn take_section<'de>(rest: &mut &'de [u8]) -> Option<&'de [u8]> {
    let length = take_length(rest)?;
    let (section, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(section)
}

impl<'de> Sections<'de> {
    /// Checks the header and the checksum.
    pub(super) fn new(bytes: &'de [u8], limits: &Limits) -> Result<Self> {
        let truncated = || Error::Truncated {
            format: Format::Archive,
            at: Position::Offset(bytes.len()),
        };
        let (header, _) = bytes.split_at_checked(HEADER).ok_or_else(truncated)?;
        match header.strip_prefix(&MAGIC) {
            Some([VERSION]) => {}
            Some([version]) => {
                let reason = format!("version {version}: this build reads version {VERSION}");
                return Err(syntax(MAGIC.len(), &reason));
            }
            _ => return Err(syntax(0, "not an archive")),
        }
        // The sections say how long the whole is, and so tell a cut from damage.
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let mut next = || take_section(&mut rest).ok_or_else(truncated);
        let (keys, texts, packed) = (next()?, next()?, next()?);
        let (shapes, frames, values) = (next()?, next()?, next()?);
        let Some((sum, after)) = rest.split_first_chunk::<CHECKSUM>() else {
            return Err(truncated());
        };
        let end = bytes.len() - after.len();
        let before = bytes.get(..end - CHECKSUM).unwrap_or_default();
        if u64::from_le_bytes(*sum) != checksum(before) {
            return Err(Error::Checksum {
                format: Format::Archive,
                at: Position::Offset(end),
            });
        }
        if !after.is_empty() {
            return Err(Error::TrailingBytes {
                format: Format::Archive,
                at: Position::Offset(end),
            });
        }
        Ok(Self {
            keys,
            texts,
            shapes,
            frames,
            values,
            unpacked: Unpacked::new(packed, bytes.len(), limits)?,
            size: bytes.len(),
        })
    }
}
