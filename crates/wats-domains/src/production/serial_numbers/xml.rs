//! Serial numbers in XML: `<SN id="…">` at any depth, whatever is around.

use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::Unknown;

pub(super) fn numbers(text: &str) -> Result<Vec<String>, Unknown> {
    let damaged = |problem: &dyn std::fmt::Display| format!("its XML is damaged: {problem}");
    let mut reader = Reader::from_str(text);
    let (mut numbers, mut depth, mut root) = (Vec::new(), 0_usize, None);
    loop {
        let event = reader.read_event().map_err(|problem| damaged(&problem))?;
        if let Event::Start(start) | Event::Empty(start) = &event {
            let name = start.local_name();
            if name.as_ref() == "SN" {
                numbers.push(id(start)?);
            }
            root.get_or_insert_with(|| name.as_ref().to_owned());
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => return Err("its XML ends too early".into()),
            Event::Eof => break,
            _ => {}
        }
    }
    match root {
        Some(root) if numbers.is_empty() && root != "SerialNumbers" => {
            Err(format!("there is no `SN` in its `{root:.80}`").into())
        }
        None => Err("there is no `SN` in it".into()),
        Some(_) => Ok(numbers),
    }
}

fn id(start: &BytesStart<'_>) -> Result<String, Unknown> {
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|problem| format!("its XML is damaged: {problem}"))?;
        if attribute.key.as_ref().eq_ignore_ascii_case("id") {
            let id = unescape(&attribute.value);
            let id = id.map_err(|problem| format!("its XML is damaged: {problem}"))?;
            return Ok(id.into_owned());
        }
    }
    Err("a `SN` of it has no `id`".into())
}
