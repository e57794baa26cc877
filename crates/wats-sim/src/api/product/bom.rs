//! Bills of materials of revisions: written as XML or JSON, read as JSON.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{bom_xml, find_revision, known_revision, save, store};
use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member, new_guid, text};
use crate::query::bad;
use crate::shape::{Shape, bind, document, shape};
use crate::store::{Change, State};

/// Bills by the id of their revision: `description` and `items`.
const BOMS: &str = "product.bom";

/// An item, as it is answered.
const ITEM: Shape = shape! {
    Guid: "bomItemId" "productRevisionId";
    Text: "componentRef" "partNumber" "revision" "description" "functionBlock" "manufacturer" "manufacturerPn" "vendor"
        "vendorPn";
    Integer: "quantity";
};

/// Names of the members of an item, those of a component in XML, and those of a component in JSON.
const NAMES: [(&str, &str, &str); 6] = [
    ("partNumber", "Number", "number"),
    ("revision", "Rev", "revision"),
    ("quantity", "Qty", "quantity"),
    ("description", "Desc", "description"),
    ("componentRef", "Ref", "reference"),
    ("functionBlock", "FunctionBlock", "functionBlock"),
];

/// A bill as it came.
struct Bom {
    part_number: String,
    revision: String,
    description: Option<String>,
    items: Vec<Map<String, Value>>,
}

/// Inserts or replaces a bill; its product and revision are made where they lack. A bill that is none is told by 500.
pub(super) fn put(call: &Call<'_>) -> Handled {
    let is_json = call.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let bom = if is_json {
        of_json(&call.object()?)
    } else {
        of_xml(&call.body)
    };
    let bom = bom.map_err(broken)?;
    call.store.change(|change| {
        let body = json!({
            "partNumber": bom.part_number,
            "revisions": [{ "revision": bom.revision }],
        });
        let product =
            save::merged_product(change, &body).map_err(|refusal| broken(refusal.message()))?;
        let id = find_revision(&product, &bom.revision)
            .and_then(|revision| text(revision, "productRevisionId"));
        let id = id.unwrap_or_default().to_owned();
        store(change, product)?;
        keep(change, &id, bom.description.as_deref(), bom.items)
    })
}

/// The bill of a revision in the form in which JSON is written; 204 if it has none.
pub(super) fn get_whole(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.required("revision")?);
    call.store.read(|state| {
        let Some(bom) = of_revision(state, part_number, revision)? else {
            return Ok(Answer::bytes(
                StatusCode::NO_CONTENT,
                "application/json",
                bytes::Bytes::new(),
            ));
        };
        let component = |item: &Value| {
            let member = |(ours, _, json): &(&str, &str, &str)| {
                (
                    (*json).to_owned(),
                    item.get(*ours).cloned().unwrap_or_default(),
                )
            };
            Value::Object(document(NAMES.iter().map(member)))
        };
        Ok(Answer::json(&json!({
            "partNumber": part_number,
            "revision": revision,
            "description": bom.get("description"),
            "components": items(bom).iter().map(component).collect::<Value>(),
        })))
    })
}

/// The items of the bill of a revision.
pub(super) fn get(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.required("revision")?);
    call.store.read(|state| {
        let bom = of_revision(state, part_number, revision)?;
        let items = bom.map(items).unwrap_or_default();
        Ok(Answer::json(&Value::Array(items.to_vec())))
    })
}

/// Replaces the items of a bill.
pub(super) fn put_items(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.required("revision")?);
    let format = call.required("format")?;
    let (description, items) = if format.eq_ignore_ascii_case("json") {
        let mut items = Vec::new();
        for (place, item) in call.array()?.iter().enumerate() {
            let item = item
                .as_object()
                .ok_or_else(|| invalid("an item must be an object"))?;
            let item = bind(ITEM, item)?;
            check(place, &item).map_err(invalid)?;
            items.push(item);
        }
        (None, items)
    } else if format.eq_ignore_ascii_case("xml") {
        let bom = of_xml(&call.body).map_err(invalid)?;
        if (bom.part_number.as_str(), bom.revision.as_str()) != (part_number, revision) {
            return Err(invalid("the bill is of another revision"));
        }
        (bom.description, bom.items)
    } else {
        return Err(bad(format!("The format '{format}' is not json or xml.")));
    };
    call.store.change(|change| {
        let known = known_revision(change, part_number, revision)?;
        let id = text(known, "productRevisionId")
            .unwrap_or_default()
            .to_owned();
        keep(change, &id, description.as_deref(), items)
    })
}

fn of_revision<'a>(
    state: &'a State,
    part_number: &str,
    revision: &str,
) -> Result<Option<&'a Value>, Answer> {
    let revision = known_revision(state, part_number, revision)?;
    let id = text(revision, "productRevisionId").unwrap_or_default();
    Ok(state.get(BOMS, id))
}

fn items(bom: &Value) -> &[Value] {
    let items = bom.get("items").and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

fn keep(
    change: &mut Change<'_>,
    revision_id: &str,
    description: Option<&str>,
    mut items: Vec<Map<String, Value>>,
) -> Handled {
    for item in &mut items {
        item.insert("bomItemId".to_owned(), json!(new_guid()));
        item.insert("productRevisionId".to_owned(), json!(revision_id));
    }
    let bom = json!({ "description": description, "items": items });
    change.put(BOMS, revision_id, bom)?;
    Ok(Answer::json(&Value::Null))
}

fn of_xml(body: &[u8]) -> Result<Bom, String> {
    let xml = bom_xml::read(body)?;
    let find = |attributes: &[(String, String)], name: &str| {
        let found = attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let mut items = Vec::new();
    for component in &xml.components {
        let mut members = Map::new();
        for (ours, attribute, _) in NAMES {
            let Some(value) = find(component, attribute) else {
                continue;
            };
            let value = match ours {
                "quantity" => value
                    .trim()
                    .parse::<i64>()
                    .map_or_else(|_| json!(value), |count| json!(count)),
                _ => json!(value),
            };
            members.insert(ours.to_owned(), value);
        }
        items.push(members);
    }
    bom(
        find(&xml.bill, "Partnumber"),
        find(&xml.bill, "Revision"),
        find(&xml.bill, "Desc"),
        &items,
    )
}

fn of_json(body: &Map<String, Value>) -> Result<Bom, String> {
    let of = |name: &str| {
        member(body, name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let components = member(body, "components").and_then(Value::as_array);
    let items = components.into_iter().flatten().map(|component| {
        let component = component.as_object();
        let one = |(ours, xml, json): &(&str, &str, &str)| {
            let value = component.and_then(|of| member(of, json).or_else(|| member(of, xml)))?;
            Some(((*ours).to_owned(), value.clone()))
        };
        document(NAMES.iter().filter_map(one))
    });
    bom(
        of("partNumber"),
        of("revision"),
        of("description"),
        &items.collect::<Vec<_>>(),
    )
}

fn bom(
    part_number: Option<String>,
    revision: Option<String>,
    description: Option<String>,
    items: &[Map<String, Value>],
) -> Result<Bom, String> {
    if items.is_empty() {
        return Err("a bill needs components".to_owned());
    }
    let mut whole = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let item = bind(ITEM, item)
            .map_err(|_| format!("component {place} has a member of a wrong kind"))?;
        check(place, &item)?;
        whole.push(item);
    }
    Ok(Bom {
        part_number: part_number.ok_or("Partnumber is required")?,
        revision: revision.ok_or("Revision is required")?,
        description,
        items: whole,
    })
}

fn check(place: usize, item: &Map<String, Value>) -> Result<(), String> {
    let number = item.get("partNumber").and_then(Value::as_str);
    if number.is_none_or(|number| number.trim().is_empty()) {
        return Err(format!("component {place} has no part number"));
    }
    let quantity = item.get("quantity").filter(|quantity| !quantity.is_null());
    let fits = |quantity: &Value| {
        quantity
            .as_i64()
            .is_some_and(|count| (0..=i64::from(i32::MAX)).contains(&count))
    };
    if quantity.is_some_and(|quantity| !fits(quantity)) {
        return Err(format!(
            "component {place} has a quantity that is no number of pieces"
        ));
    }
    Ok(())
}

fn broken(problem: impl std::fmt::Display) -> Answer {
    let message = format!("The BOM is invalid: {problem}");
    Answer::message(StatusCode::INTERNAL_SERVER_ERROR, message)
}
