//! A file of many reports as texts of one report each, and a text with the id that it lacks.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;
use uuid::Uuid;

use super::element::{self, Problem};
use super::{MAX_BYTES, decoded, read, root};
use crate::error::{Error, Result};
use crate::text::{id_of_wsxf, place};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// A WSXF text for each report of a WSXF text, since the server takes one at a time. The only report of a text is the text
/// itself. Of several each has the element `Reports` around it as it was, and is as it stood there, in UTF-8.
///
/// # Errors
/// [`Error::Data`] when the text is no WSXF, is longer than [`MAX_BYTES`] or holds none.
pub fn split(text: &[u8]) -> Result<Vec<Cow<'_, [u8]>>> {
    let decoded = decoded(text).map_err(wrong)?;
    let places = places(&decoded)?;
    if places.len() == 1 {
        return Ok(std::iter::once(Cow::Borrowed(text)).collect());
    }
    let around = around(&decoded).ok_or_else(|| wrong("it has no `Reports`"))?;
    let start = decoded.get(around).unwrap_or_default();
    let name = start
        .trim_start_matches('<')
        .split(is_end_of_name)
        .next()
        .unwrap_or_default();
    let parts = places.into_iter().map(|at| {
        let report = decoded.get(at).unwrap_or_default();
        Cow::Owned(format!("{DECLARATION}{start}{report}</{name}>").into_bytes())
    });
    Ok(parts.collect())
}

/// The id of the one report in a WSXF text, and the text with it: a report that lacks one is given one that is made of its
/// bytes, the same as [`read`](super::read) gives it, and is as it stood otherwise.
///
/// # Errors
/// Those of [`id_of_wsxf`](crate::text::id_of_wsxf), and [`Error::Data`] for a text without id that is longer than [`MAX_BYTES`].
pub fn with_id(text: &[u8]) -> Result<(Uuid, Cow<'_, [u8]>)> {
    if let Some(id) = id_of_wsxf(text)? {
        return Ok((id, Cow::Borrowed(text)));
    }
    let id = match read(text)?.as_slice() {
        [report] => report.id,
        _ => None,
    };
    let id = id.ok_or_else(|| wrong("its id is no UUID"))?;
    let decoded = decoded(text).map_err(wrong)?;
    let place = places(&decoded)?.into_iter().next();
    let named = place
        .and_then(|at| {
            decoded
                .get(at.start..)?
                .find(is_end_of_name)
                .map(|end| at.start + end)
        })
        .and_then(|end| decoded.split_at_checked(end));
    let (before, after) = named.ok_or_else(|| wrong("it has no `Report`"))?;
    let with_id = format!("{before} ID=\"{id}\"{after}");
    Ok((id, Cow::Owned(with_id.into_bytes())))
}

/// Where the reports are in a text.
fn places(text: &str) -> Result<Vec<Range<usize>>> {
    if text.len() > MAX_BYTES {
        return Err(wrong(format!("it is longer than {MAX_BYTES} bytes")));
    }
    let mut places = Vec::new();
    let each = |element: element::Element<'_>| {
        if element.name != "Report" {
            return Err(Problem::new(
                element.at.start,
                format_args!("`{:.80}` stands where only `Report` does", element.name),
            ));
        }
        places.push(element.at);
        Ok(())
    };
    let begins = |first: &element::Element<'_>, namespace: &str| root(&first.name, namespace);
    element::read(text, begins, each).map_err(|problem| {
        let at = place(text.as_bytes(), problem.at);
        wrong(format!("{}, {at}", problem.what))
    })?;
    if places.is_empty() {
        return Err(wrong("there is no `Report` in it"));
    }
    Ok(places)
}

/// The tag with which the element around the reports begins.
fn around(text: &str) -> Option<Range<usize>> {
    let mut reader = Reader::from_str(text);
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        match reader.read_event().ok()? {
            Event::Start(_) => {
                return Some(start..usize::try_from(reader.buffer_position()).ok()?);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn is_end_of_name(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '/' | '>')
}

fn wrong(problem: impl std::fmt::Display) -> Error {
    Error::Data(format!("the text is not a WSXF report: {problem}"))
}
