//! The id in a WSXF text.

use std::borrow::Cow;
use std::fmt;

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use uuid::Uuid;

use super::{kind_of, no_uuid, not_utf8, place, without_mark};
use crate::error::{Error, Result};

/// The namespace of WSXF.
pub(crate) const WSXF: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";

/// The id of the one report in a WSXF text; `None` if it has none. Client programs keep many reports in a file, but the
/// server takes one at a time.
///
/// # Errors
/// [`Error::Data`] when the text is not XML with exactly one report, [`Error::Report`] when its id is no UUID.
pub fn id_of_wsxf(text: &[u8]) -> Result<Option<Uuid>> {
    let wrong = |problem: &dyn fmt::Display| {
        Error::Data(format!("the text is not a WSXF report: {problem}"))
    };
    let bytes = without_mark(text);
    if let Some(what) = kind_of(bytes) {
        return Err(wrong(&what));
    }
    match bytes.trim_ascii_start() {
        [b'<', ..] => {}
        [b'{', ..] => return Err(wrong(&"it is JSON; WSJF is submitted with `submit_wsjf`")),
        _ => return Err(wrong(&"it is no XML: it does not begin with `<`")),
    }
    let text = std::str::from_utf8(bytes).map_err(|problem| wrong(&not_utf8(bytes, problem)))?;
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    let mut id = None;
    let mut reports = 0;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(problem) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                return Err(wrong(&format_args!("{problem}, {}", place(bytes, at))));
            }
        };
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                match (depth, start.local_name().as_ref()) {
                    (0, "Reports") if has_namespace(start) => {}
                    (0, "Reports") => {
                        let namespace = namespace(start);
                        return Err(wrong(&format_args!(
                            "its `Reports` {namespace}, where WSXF has {WSXF}; other programs, such as TestStand, have \
                             an element of this name, too"
                        )));
                    }
                    (0, other) => {
                        return Err(wrong(&format_args!(
                            "it begins with `{other:.80}`, where WSXF has `Reports`"
                        )));
                    }
                    (1, "Report") => {
                        reports += 1;
                        id = attribute(start, "ID");
                    }
                    _ => {}
                }
                if matches!(event, Event::Start(_)) {
                    depth += 1;
                }
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => return Err(wrong(&"it ends too early")),
            Event::Eof => break,
            _ => {}
        }
    }
    match (reports, id) {
        (1, None) => Ok(None),
        (1, Some(id)) => id.parse().map(Some).map_err(|_| no_uuid(&id)),
        (0, _) => Err(wrong(&"there is no `Report` in it")),
        _ => Err(wrong(&format_args!(
            "it holds {reports} reports; submit them one by one"
        ))),
    }
}

/// Whether the element declares the namespace of WSXF, for itself or for a prefix.
fn has_namespace(start: &BytesStart<'_>) -> bool {
    start.attributes().flatten().any(|attribute| {
        attribute.key.as_namespace_binding().is_some() && attribute.value.trim() == WSXF
    })
}

/// What namespace an element without that of WSXF has, in words.
fn namespace(start: &BytesStart<'_>) -> String {
    let declared = start
        .attributes()
        .flatten()
        .find(|attribute| attribute.key.as_namespace_binding().is_some());
    match declared {
        Some(attribute) => format!("is of the namespace `{:.80}`", attribute.value.trim()),
        None => "has no namespace".to_owned(),
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.try_get_attribute(name).ok().flatten()?;
    unescape(&found.value).ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    #[test]
    fn ids_in_xml() {
        let id = |text: &str| id_of_wsxf(text.as_bytes()).map(|id| id.map(|id| id.to_string()));
        let reports = |inside: &str| {
            format!("<?xml version=\"1.0\"?><Reports xmlns=\"{WSXF}\">{inside}</Reports>")
        };
        let one = reports(&format!(
            "<Report ID=\"{}\"><Report ID=\"no\"/></Report>",
            ID.to_uppercase()
        ));
        let prefixed =
            format!("\u{feff}<w:Reports xmlns:w='{WSXF}'><w:Report ID='{{{ID}}}'/></w:Reports>");
        for text in [&one, &prefixed] {
            assert_eq!(id(text).unwrap().as_deref(), Some(ID), "{text}");
        }
        assert_eq!(id(&reports("<Report/>")).unwrap(), None);
        for (text, problem) in [
            (reports(""), "no `Report` in it"),
            (reports("<Report/><Report/>"), "2 reports"),
            (reports("<Report ID='x'/>"), "no UUID"),
            (reports("<Report>"), "not a WSXF report"),
            (
                "<Reports><Report/></Reports>".to_owned(),
                "its `Reports` has no namespace, where WSXF has http",
            ),
            (
                "<Reports xmlns='http://example.com/a'><Report/></Reports>".to_owned(),
                "is of the namespace `http://example.com/a`",
            ),
            ("<!-- nothing -->".to_owned(), "no `Report` in it"),
            ("Date;Serial\n1;2\n".to_owned(), "is no XML"),
            ("\r\n ".to_owned(), "is empty"),
            ("\u{feff}".to_owned(), "is empty"),
            ("<\0R\0".to_owned(), "UTF-16"),
            (
                format!("<Reports xmlns='{WSXF}'>\n <Report></Rep></Reports>"),
                "at line 2 column 10",
            ),
            (format!("<Report xmlns='{WSXF}'/>"), "begins with `Report`"),
            ("{}".to_owned(), "is JSON"),
            (format!("<Reports xmlns='{WSXF}'><Report/>"), "too early"),
        ] {
            let told = id(&text).unwrap_err().to_string();
            assert!(told.contains(problem), "{text}: {told}");
        }
        let bytes = id_of_wsxf(b"<a\n\xff/>").unwrap_err().to_string();
        assert!(bytes.contains("0xff at line 2 column 1"), "{bytes}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}|(<|>|/|Reports|Report|ID=|\"|'|&|;|xmlns=| ){0,30}") {
            let _ = id_of_wsxf(text.as_bytes());
        }
    }
}
