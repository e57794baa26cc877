//! Products as the server's own pages read them.

use serde_json::{Value, json};

use super::box_build::{relations, revisions_by_id};
use super::{by_number, categories, known_revision, no_product, revisions};
use crate::answer::{Answer, Handled};
use crate::call::{Call, text};

/// Rows of a hierarchy, at most: a part that is in many others is there as often.
const MAX_ROWS: usize = 10_000;

/// A product with its revisions, but without what these are made of.
pub(super) fn product(call: &Call<'_>) -> Handled {
    let part_number = call.required("PN")?;
    call.store.read(|state| {
        let product = by_number(state, part_number).ok_or_else(|| no_product(part_number))?;
        let revision = |revision: &Value| {
            json!({
                "ProductRevisionId": revision.get("productRevisionId"),
                "ProductId": revision.get("productId"),
                "Revision": revision.get("revision"),
                "Name": revision.get("name"),
                "Description": revision.get("description"),
                "State": revision.get("state"),
                "Product": null,
                "ChildProductRevisionRelations": [],
                "ParentProductRevisionRelation": [],
                "Units": [],
                "BOM": [],
                "Settings": revision.get("tags"),
            })
        };
        let category =
            text(product, "productCategoryId").and_then(|id| categories::by_id(state, id));
        Ok(Answer::json(&json!({
            "ProductId": product.get("productId"),
            "NonSerial": product.get("nonSerial"),
            "PartNumber": product.get("partNumber"),
            "Name": product.get("name"),
            "Description": product.get("description"),
            "State": product.get("state"),
            "ProductCategoryId": product.get("productCategoryId"),
            "ProductRevisions": revisions(product).map(revision).collect::<Value>(),
            "ProductCategory": category,
            "Settings": product.get("tags"),
            "Category": product.get("productCategoryName"),
        })))
    })
}

/// A revision and all it is made of, each row with its level.
pub(super) fn hierarchy(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.required("revision")?);
    call.store.read(|state| {
        let root = known_revision(state, part_number, revision)?;
        let (known, relations) = (revisions_by_id(state), relations(state));
        let mut rows = Vec::new();
        let mut next = vec![(0, text(root, "productRevisionId").unwrap_or_default(), None)];
        while let (Some((level, id, relation)), true) = (next.pop(), rows.len() < MAX_ROWS) {
            let Some((product, revision)) = known.get(id) else {
                continue;
            };
            let of = |name: &str| relation.and_then(|relation: &Value| relation.get(name));
            rows.push(json!({
                "hlevel": level,
                "ProductRevisionRelationId": of("ProductRevisionRelationId"),
                "ParentProductRevisionId": of("ParentProductRevisionId"),
                "ProductRevisionId": id,
                "ProductId": product.get("productId"),
                "PartNumber": product.get("partNumber"),
                "Revision": revision.get("revision"),
                "Name": product.get("name"),
                "Quantity": relation.map_or(Some(&json!(1)), |relation| relation.get("Quantity")),
                "RevisionMask": of("RevisionMask"),
                "ItemNumber": of("ItemNumber"),
            }));
            let room = MAX_ROWS.saturating_sub(next.len());
            for part in relations
                .get(id)
                .map_or(&[][..], Vec::as_slice)
                .iter()
                .take(room)
                .rev()
            {
                let id = text(part, "ProductRevisionId").unwrap_or_default();
                next.push((level + 1, id, Some(part)));
            }
        }
        Ok(Answer::json(&Value::Array(rows)))
    })
}
