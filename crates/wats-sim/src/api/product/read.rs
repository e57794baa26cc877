//! Reading products: the list, and one of them.

use serde_json::{Map, Value};

use super::{PRODUCTS, find_revision, no_product, no_revision};
use crate::answer::{Answer, Handled};
use crate::api::list::List;
use crate::call::Call;
use crate::odata::{Column, columns};
use crate::shape::document;

/// The properties of a list item; the filter knows no others.
const VIEW: &[Column] = columns! {
    Text: "partNumber" "name" "category";
    Bool: "nonSerial";
    Number: "state";
};
const LIST: List = List::of(VIEW);

pub(super) fn query(call: &Call<'_>) -> Handled {
    let list = List {
        // With a filter the server gives all that fit.
        default_top: if call.query.get("$filter").is_some() {
            LIST.max_top
        } else {
            LIST.default_top
        },
        ..LIST
    };
    let products = call.store.all(PRODUCTS);
    list.answer(&call.query, products.iter().map(|product| view(product)))
}

fn view(product: &Value) -> Map<String, Value> {
    let take = |name: &str| product.get(name).cloned().unwrap_or(Value::Null);
    document([
        ("partNumber".to_owned(), take("partNumber")),
        ("name".to_owned(), take("name")),
        ("category".to_owned(), take("productCategoryName")),
        ("nonSerial".to_owned(), take("nonSerial")),
        ("state".to_owned(), take("state")),
    ])
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    let part_number = call.param(0);
    let product = call.store.get(PRODUCTS, part_number);
    product
        .map(|product| Answer::json(&product))
        .ok_or_else(|| no_product(part_number))
}

pub(super) fn get_revision(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.param(0), call.param(1));
    let product = call
        .store
        .get(PRODUCTS, part_number)
        .ok_or_else(|| no_product(part_number))?;
    find_revision(&product, revision)
        .map(Answer::json)
        .ok_or_else(|| no_revision(part_number, revision))
}
