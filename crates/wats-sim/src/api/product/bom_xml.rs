//! Bills of materials in the server's XML (WSBF, WATS Standard BOM Format).

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

const NAMESPACE: &str = "http://wats.virinco.com/schemas/WATS/wsbf";

/// The attributes of the bill and of each component, by name.
pub(super) struct BomXml {
    pub(super) bill: Vec<(String, String)>,
    pub(super) components: Vec<Vec<(String, String)>>,
}

/// Reads a bill; the error is for the client.
pub(super) fn read(body: &[u8]) -> Result<BomXml, String> {
    let text = decoded(body)?;
    let mut reader = Reader::from_str(&text);
    let mut bill = None;
    let mut components = Vec::new();
    let mut depth = 0_usize;
    loop {
        let event = reader
            .read_event()
            .map_err(|problem| format!("the body is not XML: {problem}"))?;
        let (start, opens) = match &event {
            Event::Start(start) => (start, true),
            Event::Empty(start) => (start, false),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        match (start.local_name().as_ref(), depth) {
            ("BOM", 0) if bill.is_none() => bill = Some(attributes(start)?),
            (_, 0) => {
                return Err(format!(
                    "the root must be one BOM in the namespace {NAMESPACE}"
                ));
            }
            ("Component", 1) => components.push(attributes(start)?),
            _ => {}
        }
        depth += usize::from(opens);
    }
    let bill = bill.ok_or("the body has no BOM")?;
    let namespaces = bill
        .iter()
        .filter(|(name, _)| name == "xmlns" || name.starts_with("xmlns:"));
    if !namespaces
        .into_iter()
        .any(|(_, namespace)| namespace.trim() == NAMESPACE)
    {
        return Err(format!("the root must be BOM in the namespace {NAMESPACE}"));
    }
    if depth > 0 {
        return Err("the body is not XML: it ends too early".to_owned());
    }
    Ok(BomXml { bill, components })
}

/// The text of UTF-8, or of UTF-16 that says so by its first two bytes.
fn decoded(body: &[u8]) -> Result<String, String> {
    let unit: fn([u8; 2]) -> u16 = match body {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => {
            let text = std::str::from_utf8(body).map_err(|_| "the XML is not UTF-8")?;
            return Ok(text.trim_start_matches('\u{feff}').to_owned());
        }
    };
    let units = body
        .chunks_exact(2)
        .skip(1)
        .filter_map(|pair| Some(unit(pair.try_into().ok()?)));
    char::decode_utf16(units)
        .collect::<Result<_, _>>()
        .map_err(|_| "the XML is not UTF-16".to_owned())
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let one = |attribute: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
        let attribute = attribute
            .map_err(|problem: quick_xml::events::attributes::AttrError| problem.to_string())?;
        let value = unescape(&attribute.value).map_err(|problem| problem.to_string())?;
        Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
    };
    start.attributes().map(one).collect()
}
