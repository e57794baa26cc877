//! Box builds: which revisions a revision is made of.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{PRODUCTS, revisions};
use crate::answer::{Answer, Handled};
use crate::api::pattern::fits;
use crate::call::{Call, guid, invalid, new_guid, not_found, text};
use crate::query::bad;
use crate::shape::{Shape, bind, merge, shape};
use crate::store::State;

/// Relations in the order in which they were made.
const RELATIONS: &str = "product.relation";

const ID: &str = "ProductRevisionRelationId";
const WHOLE: &str = "ParentProductRevisionId";
const PART: &str = "ProductRevisionId";

const SHAPE: Shape = shape! {
    Guid: "ProductRevisionRelationId" "ParentProductRevisionId" "ProductRevisionId";
    Integer: "Quantity";
    Text: "RevisionMask" "ItemNumber";
    Any: "ParentProductRevision" "ChildProductRevision";
};

/// What a revision, by its id, is made of: relations, each with its `ProductRevisionId`, `Quantity` and `RevisionMask`.
pub(crate) fn parts_of<'a>(state: &'a State, whole: &'a str) -> impl Iterator<Item = &'a Value> {
    let relations = state.rows(RELATIONS).map(|(_, relation)| relation);
    relations.filter(move |relation| text(relation, WHOLE) == Some(whole))
}

/// Whether a revision may stand in the place of the one of a relation: the mask has texts separated by commas, in which `%`
/// stands for any text; without a mask it must be the very one.
pub(crate) fn mask_fits(mask: Option<&str>, wanted: &str, revision: &str) -> bool {
    match mask.filter(|mask| !mask.is_empty()) {
        None => wanted == revision,
        Some(mask) => mask.split(',').any(|mask| fits(mask.trim(), revision)),
    }
}

/// All revisions by id, each with its product.
pub(super) fn revisions_by_id(state: &State) -> HashMap<&str, (&Value, &Value)> {
    let products = state.rows(PRODUCTS).map(|(_, product)| product);
    let of = |product| revisions(product).map(move |revision| (product, revision));
    products
        .flat_map(of)
        .filter_map(|(product, revision)| {
            Some((text(revision, "productRevisionId")?, (product, revision)))
        })
        .collect()
}

/// All relations by the id of the whole.
pub(super) fn relations(state: &State) -> HashMap<&str, Vec<&Value>> {
    let mut all: HashMap<&str, Vec<&Value>> = HashMap::new();
    for (_, relation) in state.rows(RELATIONS) {
        let whole = text(relation, WHOLE).unwrap_or_default();
        all.entry(whole).or_default().push(relation);
    }
    all
}

fn by_id<'a>(state: &'a State, id: &str) -> Option<(&'a str, &'a Value)> {
    let mut rows = state.rows(RELATIONS);
    rows.find(|(_, relation)| text(relation, ID) == Some(id))
}

/// Makes a revision part of another, and answers with all relations of the whole.
pub(super) fn relate(call: &Call<'_>) -> Handled {
    let mut relation = bind(SHAPE, &call.object()?)?;
    relation.insert(ID.to_owned(), json!(new_guid()));
    if relation.get("Quantity").is_none_or(Value::is_null) {
        relation.insert("Quantity".to_owned(), json!(1));
    }
    call.store.change(|change| {
        let whole = checked(change, &relation)?;
        let key = format!("{:010}", change.next(RELATIONS)?);
        change.put(RELATIONS, &key, stored(relation))?;
        let all = parts_of(change, &whole).cloned().collect();
        Ok(Answer::json(&all))
    })
}

pub(super) fn put(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = bind(SHAPE, &body)?
        .get(ID)
        .and_then(Value::as_str)
        .map(str::to_owned);
    let id = id.ok_or_else(|| invalid(format_args!("{ID} is required")))?;
    call.store.change(|change| {
        let known = by_id(change, &id)
            .and_then(|(key, known)| Some((key.to_owned(), known.as_object()?.clone())));
        let (key, mut relation) = known.ok_or_else(|| no_relation(&id))?;
        merge(SHAPE, &body, &mut relation)?;
        // What it was does not stand in the way of what it will be.
        change.remove(RELATIONS, &key);
        checked(change, &relation)?;
        let relation = stored(relation);
        change.put(RELATIONS, &key, relation.clone())?;
        Ok(Answer::json(&relation))
    })
}

pub(super) fn delete(call: &Call<'_>) -> Handled {
    let given = call.required("productRevisionRelationId")?;
    let id = guid(given).ok_or_else(|| bad(format_args!("'{given}' is not a guid.")))?;
    call.store.change(|change| {
        let key = by_id(change, &id).map(|(key, _)| key.to_owned());
        change.remove(RELATIONS, &key.ok_or_else(|| no_relation(&id))?);
        Ok(Answer::json(&Value::Null))
    })
}

/// The whole of a relation, which must be of revisions that there are, and of none to itself by others.
fn checked(state: &State, relation: &Map<String, Value>) -> Result<String, Answer> {
    let of = |name: &str| {
        let id = relation.get(name).and_then(Value::as_str);
        id.ok_or_else(|| invalid(format_args!("{name} is required")))
    };
    let (whole, part) = (of(WHOLE)?, of(PART)?);
    if relation
        .get("Quantity")
        .and_then(Value::as_i64)
        .is_none_or(|quantity| quantity < 1)
    {
        return Err(invalid("Quantity must be from 1 on"));
    }
    let known = revisions_by_id(state);
    if let Some(id) = [whole, part].into_iter().find(|id| !known.contains_key(id)) {
        return Err(not_found(format_args!(
            "revision with productRevisionId '{id}'"
        )));
    }
    let relations = relations(state);
    let (mut seen, mut next) = (HashSet::new(), vec![part]);
    while let Some(id) = next.pop() {
        if id == whole {
            return Err(invalid("the revision would be part of itself"));
        }
        if seen.insert(id) {
            let parts = relations.get(id).into_iter().flatten();
            next.extend(parts.filter_map(|relation| text(relation, PART)));
        }
    }
    Ok(whole.to_owned())
}

/// What is kept of a relation: not the revisions that a body may hold.
fn stored(mut relation: Map<String, Value>) -> Value {
    for name in ["ParentProductRevision", "ChildProductRevision"] {
        relation.insert(name.to_owned(), Value::Null);
    }
    Value::Object(relation)
}

fn no_relation(id: &str) -> Answer {
    not_found(format_args!("relation of revisions with the id {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("A", "A", true),
            ("A", "AB", false),
            ("A%", "AB", true),
            ("%", "", true),
            ("%B", "AB", true),
            ("A%A", "A", false),
            ("A%C%E", "ABCDE", true),
            ("A%C%E", "ACDF", false),
            ("%%x", "ø x", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
        assert!(mask_fits(Some("1.0, 2.%"), "9", "2.7"));
        assert!(!mask_fits(Some("1.0,2.%"), "9", "9"));
        assert!(mask_fits(None, "9", "9") && !mask_fits(Some(""), "9", "8"));
    }
}
