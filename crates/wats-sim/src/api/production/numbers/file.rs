//! Files of serial numbers. XML has an `SN` with an `id` for each; CSV has a head, and a line for each.
//!
//! The element and its attributes are those of the pool that the server's own client keeps; CSV is assumed. What is uploaded
//! may be a list of numbers alone, and may have any separator.

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::Value;

use super::kind::Type;
use crate::answer::{Answer, Handled};
use crate::call::{invalid, text};
use crate::query::bad;

const NAMESPACE: &str = "http://schemas.microsoft.com/2003/10/Serialization/";
/// Attributes and columns, with the members they show.
const COLUMNS: [(&str, &str); 5] = [
    ("id", "serialNumber"),
    ("taken", "taken"),
    ("refSN", "refSN"),
    ("refPN", "refPN"),
    ("refStn", "stationName"),
];
/// Names of the column that has the numbers.
const NAMES: [&str; 4] = ["id", "sn", "serialnumber", "serial number"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Xml,
    Csv,
}

impl Format {
    pub(super) fn parse(text: &str) -> Result<Self, Answer> {
        match text {
            xml if xml.eq_ignore_ascii_case("XML") => Ok(Self::Xml),
            csv if csv.eq_ignore_ascii_case("CSV") => Ok(Self::Csv),
            other => Err(bad(format!("The format '{other}' is neither XML nor CSV."))),
        }
    }
}

/// A file of these numbers.
pub(super) fn answer(format: Format, of: &Type, rows: &[Value]) -> Handled {
    let (text, content_type, end) = match format {
        Format::Xml => {
            let root = [("serialNumberType".to_owned(), of.name.to_owned())];
            (xml(&root, rows)?, "application/xml; charset=utf-8", "xml")
        }
        Format::Csv => (csv(rows), "text/csv; charset=utf-8", "csv"),
    };
    let name = format!("attachment; filename=\"{}.{end}\"", of.name);
    let answer = Answer::bytes(StatusCode::OK, content_type, Bytes::from(text));
    Ok(match HeaderValue::from_str(&name) {
        Ok(name) => answer.with_header(CONTENT_DISPOSITION, name),
        Err(_) => answer,
    })
}

/// The numbers as XML, with these attributes of the root.
pub(super) fn xml(root: &[(String, String)], rows: &[Value]) -> Result<String, Answer> {
    let mut writer = Writer::new(Vec::new());
    let mut start = BytesStart::new("SerialNumbers");
    start.push_attribute(("xmlns", NAMESPACE));
    for (name, value) in root {
        start.push_attribute((name.as_str(), shown(value).as_str()));
    }
    let done = (|| {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        writer.write_event(Event::Start(start))?;
        for row in rows {
            let mut element = BytesStart::new("SN");
            for (name, member) in COLUMNS {
                if let Some(value) = text(row, member) {
                    element.push_attribute((name, shown(value).as_str()));
                }
            }
            writer.write_event(Event::Empty(element))?;
        }
        writer.write_event(Event::End(BytesEnd::new("SerialNumbers")))
    })();
    let text = done
        .ok()
        .and_then(|()| String::from_utf8(writer.into_inner()).ok());
    text.ok_or_else(|| invalid("the numbers cannot be written as XML"))
}

/// XML has no other characters that nobody sees.
fn shown(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn csv(rows: &[Value]) -> String {
    let mut out = COLUMNS.map(|(name, _)| name).join(",");
    for row in rows {
        out.push_str("\r\n");
        let field = |(_, member)| {
            let value = text(row, member).unwrap_or_default();
            if value.contains([',', '"', ';', '\n', '\r']) {
                format!("\"{}\"", value.replace('"', "\"\""))
            } else {
                value.to_owned()
            }
        };
        out.push_str(&COLUMNS.map(field).join(","));
    }
    out.push_str("\r\n");
    out
}

/// The numbers of an uploaded file.
pub(super) fn read(format: Format, data: &[u8]) -> Result<Vec<String>, Answer> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let text = std::str::from_utf8(data).map_err(|_| invalid("the file is not UTF-8"))?;
    match format {
        Format::Xml => read_xml(text),
        Format::Csv => Ok(read_csv(text)),
    }
}

fn read_xml(text: &str) -> Result<Vec<String>, Answer> {
    let broken =
        |problem: &dyn std::fmt::Display| invalid(format!("the file is not XML: {problem}"));
    let mut reader = Reader::from_str(text);
    let (mut numbers, mut has_root) = (Vec::new(), false);
    loop {
        match reader.read_event().map_err(|problem| broken(&problem))? {
            Event::Start(element) | Event::Empty(element) => {
                has_root = true;
                if element.local_name().as_ref() != "SN" {
                    continue;
                }
                let id = element
                    .attributes()
                    .flatten()
                    .find(|attribute| attribute.key.as_ref() == "id");
                let id = id.ok_or_else(|| invalid("an SN has no id"))?;
                let id = quick_xml::escape::unescape(&id.value);
                numbers.push(id.map_err(|problem| broken(&problem))?.into_owned());
            }
            Event::Eof if has_root => return Ok(numbers),
            Event::Eof => return Err(broken(&"it has no root")),
            _ => {}
        }
    }
}

/// One number a line, in the first column, or in that which the head names.
fn read_csv(text: &str) -> Vec<String> {
    let mut rows = text.lines().map(fields);
    let mut column = 0;
    let mut numbers = Vec::new();
    if let Some(first) = rows.next() {
        let named = first
            .iter()
            .position(|name| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)));
        match named {
            Some(place) => column = place,
            None => numbers.extend(first.into_iter().next()),
        }
    }
    numbers.extend(rows.filter_map(|row| row.into_iter().nth(column)));
    numbers.retain(|number| !number.is_empty());
    numbers
}

fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut in_quotes) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if in_quotes && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => in_quotes = !in_quotes,
            ',' | ';' | '\t' if !in_quotes => all.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    all.push(field);
    all.into_iter()
        .map(|field| field.trim().to_owned())
        .collect()
}
