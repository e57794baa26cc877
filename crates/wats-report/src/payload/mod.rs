//! The contents of attachments: base64 text as it was read, bytes, or a file that is read only when it is sent.

pub(crate) mod placeholder;

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::wire::Member;
use crate::wire::slot::{MadeText, ValueRef};

/// The contents of an attachment. Cheap to clone.
///
/// On the wire it is base64. What was read stays the text that it was; bytes and files are encoded while the report is
/// written. A file is opened anew for each writing, and writing fails if it is no longer the file that it was: its
/// length and time of change are those of when it was attached.
#[derive(Clone)]
pub struct Payload(Source);

#[derive(Clone)]
enum Source {
    Base64(Arc<str>),
    Bytes(Bytes),
    File(Arc<FileSource>),
}

pub(crate) struct FileSource {
    path: PathBuf,
    length: u64,
    changed: Option<SystemTime>,
}

impl Payload {
    /// Contents in memory.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Source::Bytes(bytes.into()))
    }

    /// The contents of a file, which is looked at now and read when the report is written.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such file, or it is no file.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let known = FileSource::of(path.clone()).map_err(|error| {
            Error::Data(format!("`{}` cannot be attached: {error}", path.display()))
        })?;
        Ok(Self(Source::File(Arc::new(known))))
    }

    /// Contents that are base64 already.
    pub(crate) fn from_base64(text: &str) -> Self {
        Self(Source::Base64(text.into()))
    }

    /// The base64 text, if that is what it is kept as.
    pub fn as_base64(&self) -> Option<&str> {
        match &self.0 {
            Source::Base64(text) => Some(text),
            _ => None,
        }
    }

    /// The base64 text of contents.
    pub(crate) fn encode(contents: &[u8]) -> String {
        STANDARD.encode(contents)
    }

    /// The same contents as base64 with the alphabet, padding and lines that the server takes; `None` if they are that
    /// already. Of a data URL it is its data, and what is no base64 at all is the contents themselves.
    pub(crate) fn in_plain_base64(&self) -> Option<Self> {
        let text = self.as_base64()?;
        if STANDARD.decode(text).is_ok() {
            return None;
        }
        let url = text
            .strip_prefix("data:")
            .and_then(|url| url.split_once(','));
        let encoded = match url {
            Some((head, data)) if head.ends_with(";base64") => data,
            _ => text,
        };
        let plain: String = encoded
            .chars()
            .filter(|c| !c.is_ascii_whitespace() && *c != '=')
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect();
        let contents = STANDARD_NO_PAD.decode(plain);
        let contents = contents.unwrap_or_else(|_| text.as_bytes().to_vec());
        Some(Self::from_base64(&Self::encode(&contents)))
    }

    /// The first bytes, if they are in memory: 12, or all that there are.
    pub(crate) fn first_bytes(&self) -> Option<Bytes> {
        const BYTES: usize = 12;
        match &self.0 {
            Source::Base64(text) => {
                let start = text.get(..BYTES / 3 * 4).unwrap_or(text);
                STANDARD.decode(start).ok().map(Bytes::from)
            }
            Source::Bytes(bytes) => Some(bytes.slice(..bytes.len().min(BYTES))),
            Source::File(_) => None,
        }
    }

    /// The path, if it is a file.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Source::File(file) => Some(&file.path),
            _ => None,
        }
    }

    /// Path, length and time of change, in nanoseconds, if it is a file.
    pub(crate) fn file_state(&self) -> Option<(&Path, u64, Option<u128>)> {
        let Source::File(file) = &self.0 else {
            return None;
        };
        let changed = file.changed?.duration_since(SystemTime::UNIX_EPOCH).ok();
        Some((&file.path, file.length, changed.map(|time| time.as_nanos())))
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self.0, Source::File(_))
    }

    /// How many bytes the contents have; of a base64 text that is none, about how many.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Source::Base64(text) => {
                let padding = text
                    .bytes()
                    .rev()
                    .take(2)
                    .filter(|byte| *byte == b'=')
                    .count();
                (text.len() as u64 / 4 * 3).saturating_sub(padding as u64)
            }
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::File(file) => file.length,
        }
    }

    /// Whether there are no contents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the base64 text has.
    pub(crate) fn encoded_len(&self) -> u64 {
        match &self.0 {
            Source::Base64(text) => text.len() as u64,
            _ => self.len().div_ceil(3).saturating_mul(4),
        }
    }

    /// Whether the text can stand between quotes as it is. What was read may be any text: base64 in lines, for one.
    pub(crate) fn needs_no_escape(&self) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
        match &self.0 {
            Source::Base64(text) => text.bytes().all(plain),
            Source::Bytes(_) | Source::File(_) => true,
        }
    }

    /// The contents, whole in memory.
    ///
    /// # Errors
    /// [`Error::Data`] when the text is not base64 or the file cannot be read.
    pub fn to_bytes(&self) -> Result<Bytes> {
        match &self.0 {
            Source::Base64(text) => {
                STANDARD
                    .decode(text.as_bytes())
                    .map(Bytes::from)
                    .map_err(|error| {
                        Error::Data(format!("the data of an attachment is not base64: {error}"))
                    })
            }
            Source::Bytes(bytes) => Ok(bytes.clone()),
            Source::File(file) => file.read().map(Bytes::from).map_err(|error| {
                Error::Data(format!("`{}` cannot be read: {error}", file.path.display()))
            }),
        }
    }

    /// The base64 text piece by piece.
    pub(crate) fn encoded(&self) -> io::Result<Encoded> {
        Ok(match &self.0 {
            Source::Base64(text) => Encoded::Text(Arc::clone(text), 0),
            Source::Bytes(bytes) => Encoded::Bytes(bytes.clone()),
            Source::File(file) => Encoded::File(file.open()?, Arc::clone(file), file.length),
        })
    }
}

impl FileSource {
    fn of(path: PathBuf) -> io::Result<Self> {
        let known = path.metadata()?;
        if !known.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        Ok(Self {
            length: known.len(),
            changed: known.modified().ok(),
            path,
        })
    }

    /// Opens the file, if it is still the one that was attached.
    fn open(&self) -> io::Result<File> {
        let file = File::open(&self.path).map_err(|error| self.with_path(&error))?;
        let now = file.metadata().map_err(|error| self.with_path(&error))?;
        if now.len() != self.length || now.modified().ok() != self.changed {
            return Err(self.changed());
        }
        Ok(file)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // One more than there were tells a file that grew meanwhile.
        self.open()?
            .take(self.length.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 == self.length {
            Ok(bytes)
        } else {
            Err(self.changed())
        }
    }

    fn changed(&self) -> io::Error {
        io::Error::other(format!(
            "`{}` has changed since it was attached; build the report anew",
            self.path.display()
        ))
    }

    fn with_path(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display()))
    }
}

/// Base64 of a payload, a piece at a time; see [`Payload::encoded`].
pub(crate) enum Encoded {
    /// A text that is base64 already, and how much of it was given.
    Text(Arc<str>, usize),
    /// What is left of bytes.
    Bytes(Bytes),
    /// A file and how much of it is left.
    File(File, Arc<FileSource>, u64),
}

/// Bytes that are encoded at once; a multiple of 3, so that no padding falls between pieces.
const PIECE: usize = 48 * 1024;

impl Encoded {
    /// The next piece; `None` is the end.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Text(text, at) => {
                let rest = text.as_bytes().get(*at..).unwrap_or_default();
                let piece = &rest[..rest.len().min(PIECE)];
                *at += piece.len();
                Ok((!piece.is_empty()).then(|| Bytes::copy_from_slice(piece)))
            }
            Self::Bytes(bytes) => {
                let piece = bytes.split_to(bytes.len().min(PIECE));
                Ok((!piece.is_empty()).then(|| STANDARD.encode(&piece).into()))
            }
            Self::File(_, _, 0) => Ok(None),
            Self::File(file, source, left) => {
                let mut piece = vec![0; usize::try_from(*left).unwrap_or(PIECE).min(PIECE)];
                file.read_exact(&mut piece)
                    .map_err(|error| match error.kind() {
                        io::ErrorKind::UnexpectedEof => source.changed(),
                        _ => source.with_path(&error),
                    })?;
                *left -= piece.len() as u64;
                if *left == 0 && file.metadata()?.modified().ok() != source.changed {
                    return Err(source.changed());
                }
                Ok(Some(STANDARD.encode(&piece).into()))
            }
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Base64(text) => write!(f, "Payload({} characters of base64)", text.len()),
            Source::Bytes(bytes) => write!(f, "Payload({} bytes)", bytes.len()),
            Source::File(file) => write!(f, "Payload({})", file.path.display()),
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_bytes(bytes)
    }
}

impl From<&'static [u8]> for Payload {
    fn from(bytes: &'static [u8]) -> Self {
        Self::from_bytes(bytes)
    }
}

impl<const N: usize> From<&'static [u8; N]> for Payload {
    fn from(bytes: &'static [u8; N]) -> Self {
        Self::from_bytes(bytes.as_slice())
    }
}

/// The same contents, however they are kept; files are the same if path, length and time of change are.
impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Source::Base64(a), Source::Base64(b)) => a == b,
            (Source::Bytes(a), Source::Bytes(b)) => a == b,
            (Source::File(a), Source::File(b)) => {
                (&a.path, a.length, a.changed) == (&b.path, b.length, b.changed)
            }
            (Source::Base64(text), Source::Bytes(bytes))
            | (Source::Bytes(bytes), Source::Base64(text)) => STANDARD
                .decode(text.as_bytes())
                .is_ok_and(|decoded| decoded == *bytes),
            _ => false,
        }
    }
}

impl Member for Payload {
    const KIND: &'static str = "a text";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Made(self)
    }

    fn text(text: &str) -> Option<Self> {
        Some(Self::from_base64(text))
    }
}

impl MadeText for Payload {
    fn made(&self) -> Result<Cow<'_, str>, String> {
        // A body that streams has a place kept for it and writes it later.
        if placeholder::keep(self) {
            return Ok(Cow::Borrowed(""));
        }
        if let Source::Base64(text) = &self.0 {
            return Ok(Cow::Borrowed(text));
        }
        let bytes = self.to_bytes().map_err(|problem| problem.to_string())?;
        Ok(Cow::Owned(STANDARD.encode(&bytes)))
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ValueRef::Made(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::from_base64(&text))
    }
}
