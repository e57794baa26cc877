//! The members that a product and its revisions have in the server's answers.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::xml_data;

/// A product with all members the server answers.
pub(crate) fn new_product(part_number: &str) -> Map<String, Value> {
    let product = json!({
        "productId": null,
        "nonSerial": false,
        "partNumber": part_number,
        "name": null,
        "description": null,
        "state": 1,
        "xmlData": null,
        "productCategoryId": null,
        "productCategoryName": null,
        "revisions": [],
        "tags": [],
    });
    match product {
        Value::Object(product) => product,
        _ => Map::new(),
    }
}

/// Gives a product and its revisions the members the server makes: ids, owners, empty lists.
pub(crate) fn complete(product: &mut Map<String, Value>) {
    let part_number = product.get("partNumber").cloned().unwrap_or_default();
    for (name, value) in new_product("") {
        product.entry(name).or_insert(value);
    }
    let id = product.entry("productId").or_insert(Value::Null);
    if !id.is_string() {
        *id = new_id();
    }
    let id = id.clone();
    xml_data::derive_tags(product);
    let Some(Value::Array(revisions)) = product.get_mut("revisions") else {
        return;
    };
    for revision in revisions.iter_mut().filter_map(Value::as_object_mut) {
        let revision_id = revision.entry("productRevisionId").or_insert(Value::Null);
        if !revision_id.is_string() {
            *revision_id = new_id();
        }
        revision.insert("productId".to_owned(), id.clone());
        revision.insert("PartNumber".to_owned(), part_number.clone());
        for name in ["name", "description", "xmlData"] {
            revision.entry(name).or_insert(Value::Null);
        }
        revision.entry("state").or_insert(json!(1));
        revision.entry("tags").or_insert(json!([]));
        xml_data::derive_tags(revision);
    }
}

fn new_id() -> Value {
    Value::String(Uuid::new_v4().to_string())
}
