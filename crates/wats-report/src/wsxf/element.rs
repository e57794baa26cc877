//! Elements: read from a text within bounds, and written as one.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::reader::NsReader;

use super::form::is_allowed;
use crate::text::WSXF;

/// Deepest nesting of elements. It allows for as many sequences as the deepest WSJF has.
pub(crate) const MAX_DEPTH: usize = 80;

/// An element with what is in it. Names of other namespaces than that of WSXF are `{namespace}name`.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Element<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The text directly in it.
    pub(crate) text: String,
    /// Whether it has a text, be it an empty one: `<a></a>` has, `<a/>` has not.
    pub(crate) has_text: bool,
    pub(crate) children: Vec<Element<'a>>,
    /// Where it stands in the text that was read.
    pub(crate) at: Range<usize>,
}

/// What is wrong with a text, and at which byte.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) at: usize,
    pub(crate) what: String,
}

impl Problem {
    pub(crate) fn new(at: usize, what: impl fmt::Display) -> Self {
        let what = what.to_string();
        Self { at, what }
    }
}

impl<'a> Element<'a> {
    pub(crate) fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find_map(|(known, value)| (known == name).then_some(value.as_ref()))
    }

    /// Takes an attribute out.
    pub(crate) fn take_attribute(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self
            .attributes
            .iter()
            .position(|(known, _)| known == name)?;
        Some(self.attributes.remove(at).1)
    }

    /// Adds an attribute that it does not have yet.
    pub(crate) fn push_attribute(&mut self, name: impl Into<Cow<'a, str>>, value: String) {
        let name = name.into();
        if self.attribute(&name).is_none() {
            self.attributes.push((name, Cow::Owned(value)));
        }
    }

    /// Whether there is nothing but white space directly in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }

    /// Writes it; nothing of it was taken from a text that XML has no way to write.
    pub(crate) fn write(&self, out: &mut String) {
        out.push('<');
        let mut namespaces = 0;
        let name = write_name(&self.name, out, &mut namespaces, true);
        for (name, value) in &self.attributes {
            out.push(' ');
            write_name(name, out, &mut namespaces, false);
            out.push_str("=\"");
            escape(value, true, out);
            out.push('"');
        }
        if self.children.is_empty() && !self.has_text && self.text.is_empty() {
            out.push_str(" />");
            return;
        }
        out.push('>');
        escape(&self.text, false, out);
        for child in &self.children {
            child.write(out);
        }
        out.extend(["</", &name, ">"]);
    }
}

/// Writes a name, of another namespace with a prefix that is declared beside it; returns the name as written.
fn write_name(name: &str, out: &mut String, namespaces: &mut usize, is_element: bool) -> String {
    let Some((namespace, local)) = name.strip_prefix('{').and_then(|rest| rest.split_once('}'))
    else {
        out.push_str(name);
        return name.to_owned();
    };
    if namespace == XML {
        out.extend(["xml:", local]);
        return format!("xml:{local}");
    }
    *namespaces += 1;
    let written = format!("n{namespaces}:{local}");
    // The name of the element comes before its declarations, that of an attribute may come after.
    let mut declared = format!("xmlns:n{namespaces}=\"");
    escape(namespace, true, &mut declared);
    declared.push('"');
    if is_element {
        out.extend([&written, " ", &declared]);
    } else {
        out.extend([&declared, " ", &written]);
    }
    written
}

/// The namespace of `xml:`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Writes a text so that it is read as the same. Readers make spaces of line ends and tabs in attributes, and line feeds
/// of other line ends.
fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\t' if is_attribute => out.push_str("&#9;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            other if is_allowed(other) => out.push(other),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

/// Whether a text can be a name, of an element or attribute, as it is.
pub(crate) fn is_name(text: &str) -> bool {
    let local = match text.strip_prefix('{') {
        Some(rest) => match rest.split_once('}') {
            Some((namespace, local))
                if !namespace.is_empty() && namespace.chars().all(is_allowed) =>
            {
                local
            }
            _ => return false,
        },
        None => text,
    };
    let begins = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| begins(c) || c.is_numeric() || matches!(c, '-' | '.');
    local.starts_with(begins) && local.chars().all(goes_on) && local != "xmlns"
}

/// Reads a document: what begins it is given to `root`, and each element directly in it to `each`.
pub(crate) fn read<'a>(
    text: &'a str,
    mut root: impl FnMut(&Element<'a>, &str) -> Result<(), String>,
    mut each: impl FnMut(Element<'a>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut reader = NsReader::from_str(text);
    // The elements that are open within the root; the root itself is not kept.
    let mut open: Vec<Element<'a>> = Vec::new();
    let (mut is_within, mut is_over) = (false, false);
    loop {
        let at = position(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|problem| Problem::new(position(reader.error_position()), problem))?;
        let wrong = |what: &str| Err(Problem::new(at, what));
        match event {
            Event::Start(start) | Event::Empty(start) if is_over => {
                let name = start.name();
                return wrong(&format!("`{:.80}` comes after the end", name.as_ref()));
            }
            Event::Start(start) if !is_within => {
                begins(&reader, &start, at, &mut root)?;
                is_within = true;
            }
            Event::Empty(start) if !is_within => {
                begins(&reader, &start, at, &mut root)?;
                is_over = true;
            }
            Event::Start(start) => {
                if open.len() + 2 > MAX_DEPTH {
                    return wrong(&format!("it nests deeper than {MAX_DEPTH} elements"));
                }
                let mut element = element(&reader, &start, at)?;
                element.has_text = true;
                open.push(element);
            }
            Event::Empty(start) => {
                let mut element = element(&reader, &start, at)?;
                element.at.end = position(reader.buffer_position());
                match open.last_mut() {
                    Some(outer) => outer.children.push(element),
                    None => each(element)?,
                }
            }
            Event::End(_) => {
                let Some(mut element) = open.pop() else {
                    (is_within, is_over) = (false, true);
                    continue;
                };
                element.at.end = position(reader.buffer_position());
                match open.last_mut() {
                    Some(outer) => outer.children.push(element),
                    None => each(element)?,
                }
            }
            Event::Text(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0), at)?,
            Event::CData(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0), at)?,
            Event::GeneralRef(entity) => {
                let character = entity
                    .resolve_char_ref()
                    .map_err(|problem| Problem::new(at, problem))?;
                let mut buffer = [0; 4];
                let text = match character {
                    Some(character) => &*character.encode_utf8(&mut buffer),
                    None => resolve_predefined_entity(&entity).ok_or_else(|| {
                        Problem::new(at, format_args!("the entity `{:.80}` is unknown", &*entity))
                    })?,
                };
                add(&mut open, text, at)?;
            }
            Event::DocType(_) => return wrong("it has a document type, which no report needs"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof if is_within => return wrong("it ends too early"),
            Event::Eof if !is_over => return wrong("there is no element in it"),
            Event::Eof => return Ok(()),
        }
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Looks at the element that begins the document, its attributes, and its namespace, which is empty if it has none.
fn begins<'a>(
    reader: &NsReader<&'a [u8]>,
    start: &BytesStart<'a>,
    at: usize,
    root: &mut impl FnMut(&Element<'a>, &str) -> Result<(), String>,
) -> Result<(), Problem> {
    let (namespace, local) = reader.resolver().resolve_element(start.name());
    let namespace = match &namespace {
        ResolveResult::Bound(namespace) => namespace.as_ref(),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
    };
    let mut begun = element(reader, start, at)?;
    begun.name = Cow::Owned(local.as_ref().to_owned());
    root(&begun, namespace).map_err(|what| Problem::new(at, what))
}

/// An element with its attributes.
fn element<'a>(
    reader: &NsReader<&'a [u8]>,
    start: &BytesStart<'a>,
    at: usize,
) -> Result<Element<'a>, Problem> {
    let resolver = reader.resolver();
    let mut element = Element::new(named(resolver, start.name(), true, at)?);
    element.at = at..at;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|problem| Problem::new(at, problem))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|problem| Problem::new(at, problem))?;
        let name = named(resolver, attribute.key, false, at)?;
        element
            .attributes
            .push((name, Cow::Owned(value.into_owned())));
    }
    Ok(element)
}

/// A name by its namespace. One without a namespace, within a report, is taken for one of WSXF.
fn named(
    resolver: &NamespaceResolver,
    name: QName<'_>,
    is_element: bool,
    at: usize,
) -> Result<Cow<'static, str>, Problem> {
    let (namespace, local) = resolver.resolve(name, is_element);
    let local = local.as_ref().to_owned();
    if !is_name(&local) {
        return Err(Problem::new(at, format_args!("`{local:.80}` is no name")));
    }
    let name = match namespace {
        ResolveResult::Bound(namespace) if namespace.as_ref() == WSXF => local,
        ResolveResult::Bound(namespace) => {
            let namespace =
                unescape(namespace.as_ref()).map_err(|problem| Problem::new(at, problem))?;
            format!("{{{namespace}}}{local}")
        }
        ResolveResult::Unbound => local,
        ResolveResult::Unknown(prefix) => {
            return Err(Problem::new(
                at,
                format_args!("the prefix `{prefix:.80}` is not declared"),
            ));
        }
    };
    Ok(Cow::Owned(name))
}

/// Adds to the text of the innermost element; around it there is only white space.
fn add(open: &mut [Element<'_>], text: &str, at: usize) -> Result<(), Problem> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_ascii().is_empty() => {}
        None => return Err(Problem::new(at, "there is a text outside of the reports")),
    }
    Ok(())
}
