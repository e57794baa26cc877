//! Files of serial numbers: what they hold, and how they are made. `xml` reads those in XML.
//!
//! The server describes none of their forms. What is read here is what it is known to write; all else is an error that
//! shows how the file begins, for numbers that were taken must not be lost: the caller has the file still.

#[cfg(feature = "xml")]
mod xml;

use std::borrow::Cow;

use serde_json::Value;
use wats_http::Part;

use super::FileFormat;
use crate::RemoteFile;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};
use crate::xml::{DECLARATION, push_attribute};

/// Reads and makes files of serial numbers.
///
/// ```
/// use wats_domains::production::{FileFormat, SerialNumbers};
///
/// let numbers = SerialNumbers::parse(b"SerialNumber\r\nA-001\r\nA-002\r\n")?;
/// assert_eq!(numbers, ["A-001", "A-002"]);
/// let part = SerialNumbers::write(&numbers, FileFormat::Csv)?; // for `upload_serial_numbers`
/// # let _ = part;
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SerialNumbers;

/// Why a file cannot be read.
type Unknown = Cow<'static, str>;

/// Names of the column, and of the member of an object, that has the numbers: the first of them that there is. Spaces, `_`
/// and case are nothing in a name.
const NAMES: [&str; 4] = ["serialnumber", "serialnumbers", "sn", "id"];

impl SerialNumbers {
    /// The serial numbers in a file, from [`take_serial_numbers`](super::ProductionService::take_serial_numbers) or
    /// [`export_serial_numbers`](super::ProductionService::export_serial_numbers), in their order: XML with `<SN id="…">`
    /// (feature `xml`), CSV with or without a head, or a JSON list. An empty file holds none.
    ///
    /// # Errors
    /// [`Error::Data`] for a file in any other form; it shows the start of the file, which the caller still has.
    pub fn read(file: &RemoteFile) -> Result<Vec<String>> {
        Self::parse(&file.contents)
    }

    /// As [`read`](Self::read), from the contents of a file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(contents: &[u8]) -> Result<Vec<String>> {
        let text = decoded(contents);
        let numbers = text.as_deref().map_err(Clone::clone).and_then(parse);
        numbers.map_err(|why| {
            let shown: String = String::from_utf8_lossy(contents)
                .chars()
                .take(200)
                .collect();
            Error::Data(format!(
                "the serial numbers cannot be read: {why:.300}; the file is {} bytes and begins `{}`",
                contents.len(),
                shown.escape_debug()
            ))
        })
    }

    /// A file of serial numbers, for [`upload_serial_numbers`](super::ProductionService::upload_serial_numbers) in the same
    /// format. CSV is one number a line, without a head; XML has a `<SN id="…">` for each.
    ///
    /// # Errors
    /// [`Error::Query`] for no numbers, and one that is empty or holds what nobody sees.
    pub fn write(numbers: &[impl AsRef<str>], format: FileFormat) -> Result<Part> {
        if numbers.is_empty() {
            return Err(Error::Query("there are no serial numbers".to_owned()));
        }
        let mut text = match format {
            FileFormat::Csv => String::new(),
            FileFormat::Xml => format!("{DECLARATION}<SerialNumbers>\n"),
        };
        for number in numbers {
            let number = number.as_ref();
            scanned::check_some("serial number", number, Kind::Number)?;
            match format {
                FileFormat::Csv if number.contains([',', ';', '\t', '"', '\n', '\r']) => {
                    text.extend(["\"", &number.replace('"', "\"\""), "\""]);
                }
                FileFormat::Csv => text.push_str(number),
                FileFormat::Xml => {
                    text.push_str("  <SN");
                    push_attribute(&mut text, "id", number)?;
                    text.push_str(" />");
                }
            }
            text.push_str(match format {
                FileFormat::Csv => "\r\n",
                FileFormat::Xml => "\n",
            });
        }
        let (name, content_type) = match format {
            FileFormat::Csv => ("serial-numbers.csv", "text/csv"),
            FileFormat::Xml => {
                text.push_str("</SerialNumbers>\n");
                ("serial-numbers.xml", "application/xml")
            }
        };
        Ok(Part::bytes(text).file_name(name).content_type(content_type))
    }
}

/// The text of a file in UTF-8 or, if it has the mark of it, UTF-16, as .NET writes it.
fn decoded(contents: &[u8]) -> Result<Cow<'_, str>, Unknown> {
    let (wide, unit): (_, fn([u8; 2]) -> u16) = match contents {
        [0xff, 0xfe, wide @ ..] => (wide, u16::from_le_bytes),
        [0xfe, 0xff, wide @ ..] => (wide, u16::from_be_bytes),
        _ => {
            let text = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
            let text = str::from_utf8(text).map(Cow::Borrowed);
            return text.map_err(|_| "it is not UTF-8".into());
        }
    };
    let (units, []) = wide.as_chunks::<2>() else {
        return Err("it ends within a character of UTF-16".into());
    };
    let characters = char::decode_utf16(units.iter().copied().map(unit));
    let text = characters.collect::<Result<String, _>>();
    text.map(Cow::Owned).map_err(|_| "it is not UTF-16".into())
}

fn parse(text: &str) -> Result<Vec<String>, Unknown> {
    let start = text.trim_start();
    let numbers = match start.as_bytes() {
        [] => return Ok(Vec::new()),
        [b'<', ..] => xml(text)?,
        [b'[', ..] => list(text)?,
        [b'{', ..] => return Err("it is a JSON object".into()),
        // A text in JSON that is a file itself; any other text in quotes is CSV.
        [b'"', ..] => match serde_json::from_str::<String>(text) {
            Ok(inner) => match inner.trim_start().as_bytes() {
                [b'<', ..] => xml(&inner)?,
                [b'[', ..] => list(&inner)?,
                _ => csv(text)?,
            },
            Err(_) => csv(text)?,
        },
        _ => csv(text)?,
    };
    let odd = |number: &&String| number.is_empty() || number.contains(char::is_control);
    match numbers.iter().find(odd) {
        Some(odd) => Err(format!("{odd:?} is no serial number").into()),
        None => Ok(numbers),
    }
}

#[cfg(feature = "xml")]
use xml::numbers as xml;

#[cfg(not(feature = "xml"))]
fn xml(_: &str) -> Result<Vec<String>, Unknown> {
    Err("it is XML, which takes the feature `xml`; or ask for CSV".into())
}

/// Which of these names is that of the numbers; `None` if none is, or two are.
fn named<'a>(names: &(impl Iterator<Item = &'a str> + Clone)) -> Option<usize> {
    NAMES.iter().find_map(|wanted| {
        let mut found = names.clone().enumerate().filter(|(_, name)| {
            let letters = name.chars().filter(|letter| !matches!(letter, ' ' | '_'));
            letters
                .map(|letter| letter.to_ascii_lowercase())
                .eq(wanted.chars())
        });
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|(at, _)| at)
    })
}

/// A JSON list of texts, of whole numbers, or of objects that have a number.
fn list(text: &str) -> Result<Vec<String>, Unknown> {
    let items: Vec<Value> =
        serde_json::from_str(text).map_err(|problem| format!("its JSON is damaged: {problem}"))?;
    let number = |item: Value| match item {
        Value::String(number) => Some(number),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    };
    let items = items.into_iter().enumerate().map(|(place, item)| {
        let item = match item {
            Value::Object(members) => named(&members.keys().map(String::as_str))
                .and_then(|at| members.into_iter().nth(at))
                .map(|(_, value)| value),
            other => Some(other),
        };
        let number = item.and_then(number);
        number.ok_or_else(|| Unknown::from(format!("the item {place} has no serial number")))
    });
    items.collect()
}

/// Values with separators (RFC 4180, and `;` or tabs as spreadsheets write them): one column, or several under a head that
/// names that of the numbers.
fn csv(text: &str) -> Result<Vec<String>, Unknown> {
    let rows = rows(text)?;
    let Some((head, rest)) = rows.split_first() else {
        return Ok(Vec::new());
    };
    let (column, rest) = match named(&head.iter().map(String::as_str)) {
        Some(column) => (column, rest),
        // The words of a server that has none would be taken for one.
        None if rows.iter().any(|row| row[0].trim().contains(' ')) => {
            return Err("its text has spaces, and no head says that it is numbers".into());
        }
        None if head.len() == 1 => (0, &rows[..]),
        None => return Err("it has several columns, and no head names that of the numbers".into()),
    };
    let numbers = rest.iter().map(|row| match row.get(column) {
        Some(number) if row.len() == head.len() => Ok(number.trim().to_owned()),
        _ => Err(format!("the row {row:?} has {} columns", row.len()).into()),
    });
    numbers.collect()
}

/// The rows that are not blank, taken apart. The separator is the one in the first row; another one later belongs to no
/// form that is known.
fn rows(text: &str) -> Result<Vec<Vec<String>>, Unknown> {
    const SEPARATORS: [char; 3] = [',', ';', '\t'];
    let mut separator = None;
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let (mut field, mut was_quoted) = (String::new(), false);
    let mut characters = text.chars().peekable();
    loop {
        match characters.next() {
            Some('"') if field.trim().is_empty() && !was_quoted => {
                (field, was_quoted) = (String::new(), true);
                loop {
                    match characters.next() {
                        Some('"') if characters.next_if_eq(&'"').is_some() => field.push('"'),
                        Some('"') => break,
                        Some(other) => field.push(other),
                        None => return Err("it ends within quotes".into()),
                    }
                }
            }
            Some(end @ ('\n' | '\r')) => {
                if end == '\r' {
                    let _ = characters.next_if_eq(&'\n');
                }
                end_row(&mut rows, &mut row, &mut field, &mut was_quoted);
            }
            None => {
                end_row(&mut rows, &mut row, &mut field, &mut was_quoted);
                return Ok(rows);
            }
            Some(other) if SEPARATORS.contains(&other) => {
                if separator.is_none() && rows.is_empty() {
                    separator = Some(other);
                }
                if separator != Some(other) {
                    return Err(format!("{other:?} separates nothing in its first row").into());
                }
                row.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            Some(' ') if was_quoted => {}
            Some(_) if was_quoted => return Err("there is text behind quotes".into()),
            Some(other) => field.push(other),
        }
    }
}

/// Puts a row to the others, unless it is blank.
fn end_row(
    rows: &mut Vec<Vec<String>>,
    row: &mut Vec<String>,
    field: &mut String,
    was_quoted: &mut bool,
) {
    let field = std::mem::take(field);
    let is_blank = row.is_empty() && !*was_quoted && field.trim().is_empty();
    *was_quoted = false;
    if !is_blank {
        row.push(field);
        rows.push(std::mem::take(row));
    }
}
