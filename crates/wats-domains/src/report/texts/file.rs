//! A report that stays in its file: looked through from the beginning to the end, of which no more than a piece is in memory.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use serde::de::IgnoredAny;
use sha1_smol::Sha1;
use uuid::Uuid;
use wats_report::text;

use crate::error::{Error, Result};
use crate::report::stored::StoredReport;
use crate::report::submit::{TEXTS, known};

/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// How many of its first bytes are looked at to know what a file is.
const START: usize = 1024;

/// The length of a file of more than so many bytes, if it holds one object of JSON and nothing else, as far as can be told:
/// whether that is a report is seen when its id is looked for.
pub(super) fn large(path: &Path, whole: u64) -> Result<Option<u64>> {
    let wrong = |error: &io::Error| unreadable(path, error);
    let meta = std::fs::metadata(path).map_err(|error| wrong(&error))?;
    if !meta.is_file() || meta.len() <= whole {
        return Ok(None);
    }
    let mut start = Vec::with_capacity(START);
    let file = File::open(path).map_err(|error| wrong(&error))?;
    file.take(START as u64)
        .read_to_end(&mut start)
        .map_err(|error| wrong(&error))?;
    let json = text::without_mark(&start);
    let is_object = json.trim_ascii_start().starts_with(b"{");
    if !is_object {
        return Ok(None);
    }
    let mut file = File::open(path).map_err(|error| wrong(&error))?;
    let mark = (start.len() - json.len()) as u64;
    file.seek(SeekFrom::Start(mark))
        .map_err(|error| wrong(&error))?;
    let reader = BufReader::with_capacity(PIECE, file);
    let mut objects = serde_json::Deserializer::from_reader(reader).into_iter::<IgnoredAny>();
    let is_one = match objects.next() {
        Some(Ok(_)) => objects.next().is_none(),
        _ => true,
    };
    Ok(is_one.then_some(meta.len()))
}

/// A file of at most so many bytes.
pub(super) fn whole(path: &Path, most: u64) -> Result<Vec<u8>> {
    let wrong = |error: io::Error| unreadable(path, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(wrong)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > most {
        return Err(Error::Data(format!(
            "`{}` has more than {} MiB and is not one WSJF report: put its reports into files of their own",
            path.display(),
            most >> 20
        )));
    }
    Ok(bytes)
}

/// The id of the WSJF report in a file of this length, and where its text is with it.
pub(super) fn with_id(path: &Path, length: u64) -> Result<(Uuid, StoredReport)> {
    let wrong = |error: io::Error| unreadable(path, &error);
    let mut file = File::open(path).map_err(wrong)?;
    let (mark, blanks) = skipped(&file).map_err(wrong)?;
    file.seek(SeekFrom::Start(mark)).map_err(wrong)?;
    let mut looked = Looked::new(file);
    let found = text::id_of_wsjf_in(BufReader::with_capacity(PIECE, &mut looked));
    if let Some(problem) = looked.problem {
        return Err(match problem {
            Problem::Text(text) => Error::Data(format!("the text is not a WSJF report: {text}")),
            Problem::File(error) => wrong(error),
        });
    }
    let (id, is_empty) = found?;
    if mark + looked.length != length {
        return Err(Error::Data(format!(
            "`{}` has changed while it was read",
            path.display()
        )));
    }
    if id.is_some() {
        return Ok((known(id)?, placed(path, length, mark, Bytes::new())));
    }
    let id = looked.id();
    let front = front(id, is_empty);
    Ok((id, placed(path, length, mark + blanks + 1, front.into())))
}

/// What stands in place of the `{` of an object without an id, as for a text in memory.
fn front(id: Uuid, is_empty: bool) -> String {
    let separator = if is_empty { "" } else { "," };
    format!("{{\"id\":\"{id}\"{separator}")
}

fn placed(path: &Path, length: u64, from: u64, front: Bytes) -> StoredReport {
    let path = path.to_owned();
    if from == 0 && front.is_empty() {
        StoredReport::File { path, length }
    } else {
        StoredReport::Behind {
            front,
            path,
            from,
            length,
        }
    }
}

/// How many bytes the mark of the encoding has, and the blanks behind it.
fn skipped(file: &File) -> io::Result<(u64, u64)> {
    let mut start = Vec::with_capacity(START);
    file.take(START as u64).read_to_end(&mut start)?;
    let text = text::without_mark(&start);
    let inside = text.trim_ascii_start();
    Ok((
        (start.len() - text.len()) as u64,
        (text.len() - inside.len()) as u64,
    ))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::Data(format!("`{}` cannot be read: {error}", path.display()))
}

/// What is wrong with what was read.
enum Problem {
    Text(String),
    File(io::Error),
}

/// A reader that looks at all that passes: whether it is UTF-8, how long it is, and its hash.
struct Looked<R> {
    inner: R,
    hash: Sha1,
    length: u64,
    /// The beginning of a character of which the rest has not come yet.
    cut: Vec<u8>,
    problem: Option<Problem>,
}

impl<R: Read> Looked<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha1::from(TEXTS.as_bytes()),
            length: 0,
            cut: Vec::new(),
            problem: None,
        }
    }

    /// As `Uuid::new_v5` makes it of bytes in memory.
    fn id(&self) -> Uuid {
        let digest = self.hash.digest().bytes();
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        uuid::Builder::from_sha1_bytes(bytes).into_uuid()
    }

    /// Looks whether it is text, and keeps what of a character is to be continued.
    fn check(&mut self, piece: &[u8]) -> Result<(), String> {
        let before = self.length - self.cut.len() as u64;
        let mut text = std::mem::take(&mut self.cut);
        text.extend_from_slice(piece);
        match std::str::from_utf8(&text) {
            Ok(_) => Ok(()),
            Err(wrong) if wrong.error_len().is_none() && !piece.is_empty() => {
                self.cut = text.split_off(wrong.valid_up_to());
                Ok(())
            }
            Err(wrong) => {
                let at = wrong.valid_up_to();
                let byte = text.get(at).copied().unwrap_or_default();
                Err(format!(
                    "the byte 0x{byte:02x} at {} is not UTF-8",
                    before + at as u64
                ))
            }
        }
    }
}

impl<R: Read> Read for Looked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.inner.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let told = io::Error::from(error.kind());
                self.problem = Some(Problem::File(error));
                return Err(told);
            }
        };
        let piece = buffer.get(..read).unwrap_or_default();
        if let Err(text) = self.check(piece) {
            self.problem = Some(Problem::Text(text));
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.hash.update(piece);
        self.length += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::report::{ReportFormat, ReportText};

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    /// The same text in memory and in a file: what each becomes.
    fn both(text: &[u8]) -> [Result<(Uuid, Bytes)>; 2] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let in_file = StoredReport::File {
            path: file.path().to_owned(),
            length: text.len() as u64,
        };
        let of = |text: StoredReport| {
            let (id, named) = ReportText::new(ReportFormat::Wsjf, text).with_id()?;
            assert_eq!(named.text.read()?.len() as u64, named.len());
            Ok((id, named.text.read()?))
        };
        let memory = Bytes::copy_from_slice(text);
        [of(memory.into()), of(in_file)]
    }

    #[test]
    fn a_file_becomes_what_the_same_text_in_memory_becomes() {
        let long = format!("{{\"a\": \"{}\", \"sn\": \"x\"}}", "\u{6f22}".repeat(PIECE));
        for text in [
            format!("{{\"id\": \"{ID}\"}}"),
            format!("\u{feff} {{\"ID\": \"{ID}\"}}\n"),
            "{}".to_owned(),
            "\u{feff}\r\n {\n \"sn\": \"x\"}\n".to_owned(),
            long,
        ] {
            let [memory, file] = both(text.as_bytes());
            assert_eq!(memory.unwrap(), file.unwrap());
        }
    }

    #[test]
    fn what_is_no_report_is_refused_in_a_file_too() {
        let bad = [
            b"{\"a\": \"\xd8\", \"id\": \"".as_slice(),
            ID.as_bytes(),
            b"\"}",
        ]
        .concat();
        for text in [
            bad.as_slice(),
            b"{\"a\": \"\xe6\xbc",
            b"{",
            b"{\"id\": null}",
            b"{\"id\": \"x\"}",
            b"{} {}",
            b"{\"id\": \"00000000-0000-0000-0000-000000000000\"}",
        ] {
            let [memory, file] = both(text);
            assert!(memory.is_err() && file.is_err(), "{text:?}: {file:?}");
        }
        let gone = large(Path::new("is-not-there"), 0).unwrap_err();
        assert!(gone.to_string().contains("is-not-there"));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[{}]").unwrap();
        assert_eq!(whole(file.path(), 4).unwrap(), b"[{}]");
        let told = whole(file.path(), 3).unwrap_err().to_string();
        assert!(told.contains("files of their own"), "{told}");
    }

    #[test]
    fn only_a_long_file_of_one_report_stays_there() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b" {}").unwrap();
        assert_eq!(large(file.path(), 2).unwrap(), Some(3));
        assert_eq!(large(file.path(), 3).unwrap(), None);
        file.write_all(b"\n{}").unwrap();
        assert_eq!(large(file.path(), 2).unwrap(), None, "there are two");
        let mut list = tempfile::NamedTempFile::new().unwrap();
        list.write_all(b"[{}]").unwrap();
        assert_eq!(large(list.path(), 2).unwrap(), None);
    }
}
