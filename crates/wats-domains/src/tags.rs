//! Tags: names and values that users define. Of products, revisions and units the server keeps them as XML, in `xmlData`:
//! `<Root><Site Value="01"/></Root>`. What it gives as `tags` it derives from there and does not read.
//!
//! Only the element of one tag is written. The rest of the XML stays as it is, for it may hold more than tags, such as a
//! bill of materials.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::setting::Setting;

/// Gives a model with `xml_data` and `tags` the methods on tags.
macro_rules! tagged {
    ($($name:ty),+) => { $(
        impl $name {
            /// The value of a tag, as the server gave it or as it was set.
            pub fn tag(&self, name: &str) -> Option<&str> {
                $crate::tags::get(self.tags.as_deref().unwrap_or_default(), name)
            }

            /// Sets a tag, in `xml_data` and in `tags`; saving writes it. All else in `xml_data` stays as it is.
            ///
            /// # Errors
            /// [`Error::Query`](crate::Error::Query) for a name that XML does not allow, a value with characters that it
            /// does not allow, and for a name that stands for something else in `xml_data`;
            /// [`Error::Data`](crate::Error::Data) when `xml_data` is no XML. Nothing is changed then.
            pub fn set_tag(&mut self, name: &str, value: &str) -> $crate::Result<()> {
                $crate::tags::set(&mut self.xml_data, &mut self.tags, name, Some(value))
            }

            /// Removes a tag as [`set_tag`](Self::set_tag) sets one.
            ///
            /// # Errors
            /// As [`set_tag`](Self::set_tag).
            pub fn remove_tag(&mut self, name: &str) -> $crate::Result<()> {
                $crate::tags::set(&mut self.xml_data, &mut self.tags, name, None)
            }
        }
    )+ };
}

pub(crate) use tagged;

pub(crate) fn get<'a>(tags: &'a [Setting], name: &str) -> Option<&'a str> {
    let is = |tag: &&Setting| tag.key.as_deref() == Some(name);
    tags.iter().find(is)?.value.as_deref()
}

pub(crate) fn set(
    xml: &mut Option<String>,
    tags: &mut Option<Vec<Setting>>,
    name: &str,
    value: Option<&str>,
) -> Result<()> {
    check_name(name)?;
    let element = value.map(|value| element(name, value)).transpose()?;
    let before = xml.as_deref().unwrap_or_default();
    if before.trim().is_empty() {
        *xml = element
            .map(|element| format!("<Root>{element}</Root>"))
            .or(xml.take());
    } else {
        *xml = Some(replaced(before, name, element.as_deref())?);
    }
    let is = |tag: &Setting| tag.key.as_deref() == Some(name);
    let Some(value) = value else {
        if let Some(tags) = tags {
            tags.retain(|tag| !is(tag));
        }
        return Ok(());
    };
    let list = tags.get_or_insert_default();
    match list.iter_mut().find(|tag| is(tag)) {
        Some(tag) => tag.value = Some(value.to_owned()),
        None => list.push(Setting {
            key: Some(name.to_owned()),
            value: Some(value.to_owned()),
            ..Setting::default()
        }),
    }
    Ok(())
}

/// Names that XML allows without any name space.
fn check_name(name: &str) -> Result<()> {
    let first = |c: char| c.is_alphabetic() || c == '_';
    let further = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if name.starts_with(first) && name.chars().all(further) {
        return Ok(());
    }
    Err(Error::Query(format!(
        "the name of the tag `{:.100}` is no name in XML: it begins with a letter and goes on with letters, digits, `_`, `-` and `.`",
        name.escape_debug().to_string()
    )))
}

fn element(name: &str, value: &str) -> Result<String> {
    let mut text = format!("<{name} Value=\"");
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\t' => text.push_str("&#9;"),
            '\n' => text.push_str("&#10;"),
            '\r' => text.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(Error::Query(format!(
                    "the value of the tag `{name}` has the character {c:?}, which XML does not allow"
                )));
            }
            c => text.push(c),
        }
    }
    text.push_str("\"/>");
    Ok(text)
}

/// The XML with the element of that name below its root replaced, or removed.
fn replaced(xml: &str, name: &str, element: Option<&str>) -> Result<String> {
    let root = Root::read(xml).ok_or_else(|| {
        Error::Data("`xml_data` is no XML that can be changed; set it as a whole".to_owned())
    })?;
    let ours = || root.children.iter().filter(|child| child.name == name);
    if ours().any(|child| !child.is_empty) {
        return Err(Error::Query(format!(
            "`{name}` is no tag in `xml_data`: it holds more than a value"
        )));
    }
    let mut out = String::with_capacity(xml.len() + element.map_or(0, str::len));
    let (mut at, mut element) = (0, element);
    for child in ours() {
        out.push_str(xml.get(at..child.place.start).unwrap_or_default());
        out.push_str(element.take().unwrap_or_default());
        at = child.place.end;
    }
    if let Some(element) = element {
        out.push_str(xml.get(at..root.end.start).unwrap_or_default());
        match root.open {
            // `<Root/>` gets an end of its own.
            Some(open) => out.extend([open, ">", element, "</", root.name, ">"]),
            None => out.push_str(element),
        }
        at = if root.open.is_some() {
            root.end.end
        } else {
            root.end.start
        };
    }
    out.push_str(xml.get(at..).unwrap_or_default());
    Ok(out)
}

/// The root of a document, with what lies right below it.
struct Root<'a> {
    name: &'a str,
    /// Its start without the end, if it is an empty element.
    open: Option<&'a str>,
    children: Vec<Child<'a>>,
    /// Its end, or all of it if it is an empty element.
    end: Range<usize>,
}

struct Child<'a> {
    name: &'a str,
    place: Range<usize>,
    /// Whether there is nothing in it.
    is_empty: bool,
}

impl<'a> Root<'a> {
    /// Reads a document as far as its elements; `None` if they do not fit together.
    fn read(xml: &'a str) -> Option<Self> {
        let (mut open, mut children) = (Vec::<(&str, usize)>::new(), Vec::new());
        let (mut root, mut at, mut start_end) = (None::<Self>, 0, 0);
        while let Some(tag) = Tag::next(xml, at) {
            let tag = tag.ok()?;
            at = tag.place.end;
            if tag.kind == TagKind::Other {
                continue;
            }
            if root.is_some() {
                return None;
            }
            match (tag.kind, open.len()) {
                (TagKind::Empty, 0) => {
                    let text = xml.get(tag.place.start..tag.place.end.checked_sub(2)?)?;
                    root = Some(Self {
                        name: tag.name,
                        open: Some(text.trim_end()),
                        children: Vec::new(),
                        end: tag.place,
                    });
                }
                (TagKind::Empty, 1) => children.push(Child {
                    name: tag.name,
                    place: tag.place,
                    is_empty: true,
                }),
                (TagKind::Open, _) => {
                    start_end = tag.place.end;
                    open.push((tag.name, tag.place.start));
                }
                (TagKind::Close, _) => {
                    let (name, start) = open.pop().filter(|(name, _)| *name == tag.name)?;
                    let inside = xml.get(start_end..tag.place.start);
                    match open.len() {
                        0 => {
                            root = Some(Self {
                                name,
                                open: None,
                                children: std::mem::take(&mut children),
                                end: tag.place,
                            });
                        }
                        1 => children.push(Child {
                            name,
                            place: start..tag.place.end,
                            is_empty: inside.is_some_and(|text| text.trim().is_empty()),
                        }),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        root
    }
}

#[derive(Clone, Copy, PartialEq)]
enum TagKind {
    Open,
    Close,
    Empty,
    /// A comment, an instruction or plain text.
    Other,
}

/// A tag that does not end, or that is not understood.
struct Endless;

struct Tag<'a> {
    kind: TagKind,
    name: &'a str,
    place: Range<usize>,
}

impl<'a> Tag<'a> {
    /// The next tag from a place on, if there is one.
    fn next(xml: &'a str, from: usize) -> Option<Result<Self, Endless>> {
        let start = from + xml.get(from..)?.find('<')?;
        Some(Self::read(xml, start).ok_or(Endless))
    }

    /// The tag that begins at a place.
    fn read(xml: &'a str, start: usize) -> Option<Self> {
        let text = xml.get(start..)?;
        let until = |end: &str| Some(text.find(end)? + end.len());
        let (kind, length) = if text.starts_with("<!--") {
            (TagKind::Other, until("-->")?)
        } else if text.starts_with("<![CDATA[") {
            (TagKind::Other, until("]]>")?)
        } else if text.starts_with("<?") {
            (TagKind::Other, until("?>")?)
        } else if text.starts_with("<!") {
            return None;
        } else {
            let length = end_of(text)?;
            let tag = text.get(..length)?;
            let kind = match tag {
                tag if tag.starts_with("</") => TagKind::Close,
                tag if tag.ends_with("/>") => TagKind::Empty,
                _ => TagKind::Open,
            };
            (kind, length)
        };
        let name = text.get(..length)?.trim_start_matches(['<', '/']);
        let name_end = name.find(|c: char| c.is_whitespace() || c == '/' || c == '>');
        Some(Self {
            kind,
            name: name.get(..name_end?)?,
            place: start..start + length,
        })
    }
}

/// Behind the `>` of a tag that does not stand in a value.
fn end_of(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (place, c) in tag.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '>') => return Some(place + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::{Error, Product, ProductRevision};

    fn product(xml: &str) -> Product {
        let mut product = Product::new("P");
        product.xml_data = Some(xml.to_owned());
        product
    }

    fn with(xml: &str, name: &str, value: Option<&str>) -> String {
        let mut product = product(xml);
        match value {
            Some(value) => product.set_tag(name, value).unwrap(),
            None => product.remove_tag(name).unwrap(),
        }
        assert_eq!(product.tag(name), value);
        product.xml_data.unwrap()
    }

    #[test]
    fn a_tag_is_set_and_all_else_stays() {
        let bom = r#"<?xml version="1.0"?><!-- <Site/> --><Root a='>'> <Old Value="1"/><BOM><Site Value="no"/></BOM>
            <Site Value="01" ></Site><![CDATA[<Site/>]]></Root> "#;
        let one = bom.replace(r#"<Site Value="01" ></Site>"#, r#"<Site Value="02"/>"#);
        assert_eq!(with(bom, "Site", Some("02")), one);
        let none = bom.replace(r#"<Site Value="01" ></Site>"#, "");
        assert_eq!(with(bom, "Site", None), none);
        let more = bom.replace(
            "</Root>",
            r#"<New Value="&lt;a b=&quot;&amp;'&quot;&#10;&gt;"/></Root>"#,
        );
        assert_eq!(with(bom, "New", Some("<a b=\"&'\"\n>")), more);
        assert_eq!(with(bom, "New", None), bom);
        for (empty, full) in [
            ("<Root/>", r#"<Root><A Value="1"/></Root>"#),
            ("<R x='/' />", r#"<R x='/'><A Value="1"/></R>"#),
            ("<Root></Root>", r#"<Root><A Value="1"/></Root>"#),
            (" ", r#"<Root><A Value="1"/></Root>"#),
        ] {
            assert_eq!(with(empty, "A", Some("1")), full);
            assert_eq!(with(empty, "A", None), empty);
        }
        let twice = r#"<Root><A Value="1"/><B/><A Value="2"/></Root>"#;
        assert_eq!(
            with(twice, "A", Some("3")),
            r#"<Root><A Value="3"/><B/></Root>"#
        );
    }

    #[test]
    fn a_revision_without_tags_gets_its_first() {
        let mut revision = ProductRevision::new("A");
        revision.remove_tag("PhaseFinalized").unwrap();
        assert_eq!(revision.xml_data, None);
        revision.set_tag("PhaseFinalized", "In Storage").unwrap();
        revision.set_tag("PhaseFinalized", "Shipped").unwrap();
        let xml = r#"<Root><PhaseFinalized Value="Shipped"/></Root>"#;
        assert_eq!(revision.xml_data.as_deref(), Some(xml));
        assert_eq!(revision.tags.as_ref().map(Vec::len), Some(1));
    }

    #[test]
    fn what_xml_does_not_allow_is_refused_and_changes_nothing() {
        for (xml, name, value) in [
            ("<Root/>", "", "1"),
            ("<Root/>", "1a", "1"),
            ("<Root/>", "a b", "1"),
            ("<Root/>", "a><b", "1"),
            ("<Root/>", "a", "\u{1}"),
            ("<Root><BOM><A/></BOM></Root>", "BOM", "1"),
            ("<Root><Note>text</Note></Root>", "Note", "1"),
        ] {
            let mut product = product(xml);
            let error = product.set_tag(name, value).unwrap_err();
            assert!(matches!(error, Error::Query(_)), "{xml} {name}: {error}");
            assert_eq!(
                (product.xml_data.as_deref(), product.tags),
                (Some(xml), None)
            );
        }
        for xml in [
            "text",
            "<Root>",
            "<Root></Other>",
            "<A/><B/>",
            "</A>",
            "<!DOCTYPE a><A/>",
            "<A b='>",
            "<A",
            "<A><!--</A>",
            "<>",
        ] {
            let error = product(xml).set_tag("a", "1").unwrap_err();
            assert!(matches!(error, Error::Data(_)), "{xml}: {error}");
        }
    }
}
