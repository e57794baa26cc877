//! Arrays of free data in the two forms that they have: short, as the test executive writes them, and long, which holds
//! whatever WSJF can hold.
//!
//! Short: `<Prop Type="Array" ElementType="Number" LBound="[0]" HBound="[1]"><Value ID="[0]">1</Value>…</Prop>`. Long:
//! `<Prop Type="Array"><Array Dimension="1" Type="Number"><Index Text="[0]" Indexes="0"><Prop><Value>1</Value></Prop></Index>…`.
//! Both are read; what the short form holds whole is written in it.

use super::element::Element;

/// A property with its array, if it has one, in the long form.
pub(super) fn long(property: Element<'_>) -> Element<'_> {
    let is_item = |child: &Element<'_>| {
        child.name == "Value" && child.attributes.len() == 1 && child.attribute("ID").is_some()
    };
    let is_short = property.attribute("ElementType").is_some()
        && property.is_blank()
        && property.children.iter().all(|child| {
            let holds_one = child.children.is_empty()
                || (child.is_blank() && child.children.iter().all(|inner| inner.name == "Prop"));
            is_item(child) && holds_one
        });
    if !is_short {
        return property;
    }
    let mut property = property;
    let places: Vec<Option<Vec<i64>>> = property
        .children
        .iter()
        .map(|child| indexes(child.attribute("ID").unwrap_or_default()))
        .collect();
    let bounds = bounds(&places);
    let high = property.attribute("HBound").unwrap_or_default();
    let dimension = high.bytes().filter(|byte| *byte == b'[').count().max(1);
    let mut array = Element::new("Array");
    array.push_attribute("Dimension", dimension.to_string());
    if let Some(value_type) = property.take_attribute("ElementType") {
        array.push_attribute("Type", value_type.into_owned());
    }
    if let Some((low, high)) = bounds {
        for (name, bound) in [("LBound", low), ("HBound", high)] {
            if property.attribute(name) == Some(&bound) {
                property.take_attribute(name);
            }
        }
    }
    for (mut child, place) in std::mem::take(&mut property.children)
        .into_iter()
        .zip(places)
    {
        let mut item = Element::new("Index");
        if let Some(id) = child.take_attribute("ID") {
            item.push_attribute("Text", id.into_owned());
        }
        if let Some(place) = place {
            let numbers: Vec<String> = place.iter().map(ToString::to_string).collect();
            item.push_attribute("Indexes", numbers.join(" "));
        }
        let mut value = Element::new("Prop");
        if child.children.is_empty() {
            child.has_text = true;
            value.children.push(child);
        } else {
            value.children = child.children;
        }
        // As the writer has it: elements that hold elements have no text.
        item.children.push(value);
        array.children.push(item);
    }
    property.children.push(array);
    property.has_text = false;
    property.text.clear();
    property
}

/// A property with its array in the short form, if that holds it whole.
pub(super) fn short(property: Element<'static>) -> Element<'static> {
    match shortened(&property) {
        Some(short) if long(short.clone()) == property => short,
        _ => property,
    }
}

fn shortened(property: &Element<'static>) -> Option<Element<'static>> {
    let [array] = property.children.as_slice() else {
        return None;
    };
    if array.name != "Array" {
        return None;
    }
    let mut short = property.clone();
    short.children.clear();
    let places: Vec<Option<Vec<i64>>> = array
        .children
        .iter()
        .map(|item| indexes(item.attribute("Text").unwrap_or_default()))
        .collect();
    let (low, high) = bounds(&places)?;
    short.push_attribute("ElementType", array.attribute("Type")?.to_owned());
    short.push_attribute("LBound", low);
    short.push_attribute("HBound", high);
    for item in &array.children {
        let [value] = item.children.as_slice() else {
            return None;
        };
        let mut child = Element::new("Value");
        child.push_attribute("ID", item.attribute("Text")?.to_owned());
        match value.children.as_slice() {
            [only] if only.name == "Value" => {
                child.text.clone_from(&only.text);
                child.has_text = true;
            }
            others => child.children = others.to_vec(),
        }
        short.children.push(child);
    }
    Some(short)
}

/// The numbers of `[0][1]`.
fn indexes(text: &str) -> Option<Vec<i64>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner
        .split("][")
        .map(|number| number.parse().ok())
        .collect()
}

/// The lowest and highest number of each dimension, of places that have the same dimensions.
fn bounds(places: &[Option<Vec<i64>>]) -> Option<(String, String)> {
    let mut all = places.iter().map(Option::as_ref);
    let first = all.next()??;
    let (mut low, mut high) = (first.clone(), first.clone());
    for place in all {
        let place = place?;
        if place.len() != low.len() {
            return None;
        }
        for (bound, number) in low.iter_mut().zip(place) {
            *bound = (*bound).min(*number);
        }
        for (bound, number) in high.iter_mut().zip(place) {
            *bound = (*bound).max(*number);
        }
    }
    let text = |bound: Vec<i64>| {
        let numbers: Vec<String> = bound.iter().map(ToString::to_string).collect();
        format!("[{}]", numbers.join("]["))
    };
    Some((text(low), text(high)))
}
