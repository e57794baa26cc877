//! The XML data of products, revisions and units, and the tags in it: `<Root><Site Value="01"/></Root>`.
//!
//! The root may hold more than tags, such as a bill of materials: what is no tag stays as it is.

use std::ops::Range;

use quick_xml::escape::{escape, unescape};
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value, json};

use crate::call::{member, text};

/// The changes that a tag in a request may ask for; another one, or none, only says how the tag is.
const ADD: u64 = 1;
const UPDATE: u64 = 2;
const DELETE: u64 = 3;

/// Gives a document the tags of its XML data; one without XML data keeps its own.
pub(crate) fn derive_tags(document: &mut Map<String, Value>) {
    let Some(xml) = document.get("xmlData").and_then(Value::as_str) else {
        return;
    };
    let tag = |element: Element| {
        let value = element.value?;
        Some(json!({ "key": element.name, "value": value, "change": 0 }))
    };
    let tags = elements(xml).unwrap_or_default().into_iter();
    document.insert("tags".to_owned(), tags.filter_map(tag).collect());
}

/// Writes the changes of the tags in a body into the XML data of a document; the error is for the client.
pub(crate) fn apply_tags(
    body: &Map<String, Value>,
    document: &mut Map<String, Value>,
) -> Result<(), String> {
    let tags = member(body, "tags").and_then(Value::as_array);
    for tag in tags.into_iter().flatten() {
        let change = tag.get("change").and_then(Value::as_u64);
        let (Some(key), Some(change @ (ADD | UPDATE | DELETE))) = (text(tag, "key"), change) else {
            continue;
        };
        if !is_name(key) {
            return Err(format!("the key '{key}' of a tag is no name of XML"));
        }
        let value = escape(text(tag, "value").unwrap_or_default());
        let element = match change {
            DELETE => String::new(),
            _ => format!("<{key} Value=\"{value}\" />"),
        };
        let xml = document.get("xmlData").and_then(Value::as_str);
        let xml = xml.filter(|xml| !xml.trim().is_empty());
        let changed = replaced(xml.unwrap_or("<Root></Root>"), key, &element)
            .ok_or("xmlData is no XML with a root that has elements")?;
        document.insert("xmlData".to_owned(), Value::String(changed));
    }
    Ok(())
}

/// An element of the root; a tag has a value.
struct Element {
    name: String,
    value: Option<String>,
    place: Range<usize>,
}

/// XML in which this element stands in place of the tag of a name, or last in the root.
fn replaced(xml: &str, name: &str, element: &str) -> Option<String> {
    let known = elements(xml)?;
    let known = known
        .iter()
        .find(|known| known.name == name && known.value.is_some());
    let (place, element) = match known {
        Some(known) => (known.place.clone(), element.to_owned()),
        None if element.is_empty() => return Some(xml.to_owned()),
        None => match (xml.rfind("</"), xml.rfind("/>")) {
            (Some(end), None) => (end..end, element.to_owned()),
            (Some(end), Some(empty)) if end > empty => (end..end, element.to_owned()),
            // The root is empty: `<Root/>`.
            (_, Some(empty)) => {
                let from = xml.find('<').unwrap_or_default();
                let root: String = xml
                    .get(from + 1..empty)?
                    .chars()
                    .take_while(|c| !c.is_whitespace())
                    .collect();
                (empty..empty + 2, format!(">{element}</{root}>"))
            }
            _ => return None,
        },
    };
    Some(format!(
        "{}{element}{}",
        xml.get(..place.start)?,
        xml.get(place.end..)?
    ))
}

/// The elements of the root, in their order; `None` for what is no XML.
fn elements(xml: &str) -> Option<Vec<Element>> {
    let mut reader = Reader::from_str(xml);
    let (mut elements, mut depth) = (Vec::new(), 0_usize);
    loop {
        let from = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let to = usize::try_from(reader.buffer_position()).ok()?;
        match event {
            Event::Start(start) => {
                if depth == 1 {
                    elements.push(element(&start, from..to)?);
                }
                depth += 1;
            }
            Event::Empty(start) if depth == 1 => elements.push(element(&start, from..to)?),
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                if let (1, Some(last)) = (depth, elements.last_mut()) {
                    last.place.end = to;
                }
            }
            Event::Eof => return (depth == 0).then_some(elements),
            _ => {}
        }
    }
}

fn element(start: &BytesStart<'_>, place: Range<usize>) -> Option<Element> {
    let mut value = None;
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.as_ref().eq_ignore_ascii_case("value") {
            value = Some(unescape(&attribute.value).ok()?.into_owned());
        }
    }
    let name = start.name().as_ref().to_owned();
    Some(Element { name, value, place })
}

fn is_name(key: &str) -> bool {
    let mut chars = key.chars();
    chars
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(xml: &Value, tags: &Value) -> Result<Map<String, Value>, String> {
        let mut document = json!({ "xmlData": xml }).as_object().cloned().unwrap();
        let body = json!({ "tags": tags });
        apply_tags(body.as_object().unwrap(), &mut document)?;
        derive_tags(&mut document);
        Ok(document)
    }

    #[test]
    fn tags_are_changed_and_all_else_stays() {
        let tag = |key: &str, value: &str, change: u64| json!({ "key": key, "value": value, "change": change });
        for (xml, tags, expected) in [
            (
                Value::Null,
                json!([tag("A", "<1> \"&", 1)]),
                "<Root><A Value=\"&lt;1&gt; &quot;&amp;\" /></Root>",
            ),
            (
                json!(" "),
                json!([tag("A", "1", 2)]),
                "<Root><A Value=\"1\" /></Root>",
            ),
            (
                json!("<Root/>"),
                json!([tag("A", "1", 1)]),
                "<Root><A Value=\"1\" /></Root>",
            ),
            (
                json!("<R x='1'><A Value=\"1\">x</A><B/></R>"),
                json!([tag("A", "2", 2)]),
                "<R x='1'><A Value=\"2\" /><B/></R>",
            ),
            (
                json!("<R><A value='1'/></R>"),
                json!([tag("B", "2", 1)]),
                "<R><A value='1'/><B Value=\"2\" /></R>",
            ),
            (
                json!("<R><A Value='1'/><BOM><A/></BOM></R>"),
                json!([tag("A", "", 3), tag("C", "", 3)]),
                "<R><BOM><A/></BOM></R>",
            ),
            (
                json!("<R><A Value='1'/></R>"),
                json!([tag("A", "2", 0), { "key": "B" }, 7]),
                "<R><A Value='1'/></R>",
            ),
        ] {
            let document = changed(&xml, &tags).unwrap();
            assert_eq!(document["xmlData"], expected, "{xml} {tags}");
        }
        assert!(changed(&json!("<R>"), &json!([tag("A", "1", 1)])).is_err());
        assert!(changed(&json!("text"), &json!([tag("A", "1", 1)])).is_err());
        assert!(changed(&Value::Null, &json!([tag("A B", "1", 1)])).is_err());
    }

    #[test]
    fn tags_are_what_has_a_value() {
        let document = changed(
            &json!("<Root>\n<Site Value=\"0&amp;1\" />t<BOM><X Value='2'/></BOM></Root>"),
            &json!([]),
        )
        .unwrap();
        assert_eq!(
            document["tags"],
            json!([{ "key": "Site", "value": "0&1", "change": 0 }])
        );
        assert_eq!(
            changed(&json!("no XML <"), &json!([])).unwrap()["tags"],
            json!([])
        );
    }
}
