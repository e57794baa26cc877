//! `api/Product` and `api/Products`.
//!
//! The stored value is what `GET api/Product/{partNumber}` answers.
//!
//! - here: the routes, the products and who finds them,
//! - `read`, `save`: products and revisions,
//! - `bom`, `bom_xml`: bills of materials; `box_build`: which revisions a revision is made of; `info`: the internal view,
//! - `groups`: groups of products; `categories`, `vendors`: lists of names.

mod bom;
mod bom_xml;
mod box_build;
mod categories;
mod groups;
mod info;
mod read;
mod save;
mod vendors;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::{invalid, not_found, text};
use crate::routes::routes;
use crate::store::{Change, State};

pub(crate) use box_build::{mask_fits, parts_of};
pub(crate) use groups::{filters_of, groups};

routes! {
    GET "/api/Product/Query" => read::query;
    GET "/api/Product/{partNumber}" => read::get;
    GET "/api/Product/{partNumber}/{revision}" => read::get_revision;
    PUT "/api/Product" => save::put;
    PUT "/api/Products" => save::put_many;
    PUT "/api/Product/Products" => save::put_many;
    PUT "/api/Product/Revision" => save::put_revision;
    PUT "/api/Product/Revisions" => save::put_revisions;
    PUT "/api/Products/Revisions" => save::put_revisions;
    GET "/api/Product/BOM" => bom::get_whole;
    PUT "/api/Product/BOM" => bom::put;
    GET "/api/internal/Product/Bom" => bom::get;
    PUT "/api/internal/Product/BOM" => bom::put_items;
    GET "/api/internal/Product/GetProductByPN" => info::product;
    GET "/api/internal/Product/GetProductInfo" => info::hierarchy;
    GET "/api/internal/Product/GetProductCategories" => categories::list;
    PUT "/api/internal/Product/PutProductCategories" => categories::put;
    POST "/api/internal/Product/PostProductRevisionRelation" => box_build::relate;
    PUT "/api/internal/Product/PutProductRevisionRelation" => box_build::put;
    DELETE "/api/internal/Product/DeleteProductRevisionRelation" => box_build::delete;
    GET "/api/Product/Groups" => groups::names;
    PUT "/api/Product/Group" => groups::put_named;
    GET "/api/internal/Product/GetGroupsForProduct" => groups::of_product;
    GET "/api/Product/ProductGroup" => groups::list;
    POST "/api/Product/ProductGroup" => groups::create;
    PUT "/api/Product/ProductGroup" => groups::update;
    DELETE "/api/Product/ProductGroup/{id}" => groups::delete;
    GET "/api/Product/ProductGroupFilter" => groups::list_filters;
    POST "/api/Product/ProductGroupFilter" => groups::add_filter;
    GET "/api/Product/ProductGroupsByProduct" => groups::of_product;
    GET "/api/Product/Vendors" => vendors::list;
    PUT "/api/Product/Vendors" => vendors::add;
    DELETE "/api/Product/Vendors" => vendors::delete;
}

/// Products by part number.
const PRODUCTS: &str = "product";
/// Part numbers by product id.
const NUMBERS: &str = "product.number";

/// The product with this part number.
pub(crate) fn by_number<'a>(state: &'a State, part_number: &str) -> Option<&'a Value> {
    state.get(PRODUCTS, part_number)
}

fn by_id<'a>(state: &'a State, id: &str) -> Option<&'a Value> {
    by_number(state, state.get(NUMBERS, id)?.as_str()?)
}

/// Stores a complete product in place of the one with its id, and gives it as it is stored.
pub(crate) fn store(change: &mut Change<'_>, mut product: Value) -> Result<Value, Answer> {
    categories::settle(change, &mut product)?;
    let part = |name: &str| text(&product, name).map(str::to_owned);
    let (Some(number), Some(id)) = (part("partNumber"), part("productId")) else {
        return Err(invalid("a product needs partNumber and productId"));
    };
    let old = change
        .get(NUMBERS, &id)
        .and_then(Value::as_str)
        .filter(|old| *old != number)
        .map(str::to_owned);
    if let Some(old) = old {
        change.remove(PRODUCTS, &old);
    }
    change.put(NUMBERS, &id, json!(number))?;
    change.put(PRODUCTS, &number, product.clone())?;
    Ok(product)
}

/// A report makes its product and its revision known.
pub(super) fn reported(change: &mut Change<'_>, header: &Map<String, Value>) -> Result<(), Answer> {
    let of = |name: &str| {
        header
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let (Some(part_number), Some(revision)) = (of("partNumber"), of("revision")) else {
        return Ok(());
    };
    if by_number(change, part_number)
        .is_some_and(|product| find_revision(product, revision).is_some())
    {
        return Ok(());
    }
    let body = json!({ "partNumber": part_number, "revisions": [{ "revision": revision }] });
    // What a report may be named, a product need not: then none is made.
    match save::merged_product(change, &body) {
        Ok(product) => store(change, product).map(|_| ()),
        Err(_) => Ok(()),
    }
}

fn revisions(product: &Value) -> impl Iterator<Item = &Value> {
    product
        .get("revisions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The revision of a product with this name.
pub(crate) fn find_revision<'a>(product: &'a Value, name: &str) -> Option<&'a Value> {
    revisions(product).find(|revision| text(revision, "revision") == Some(name))
}

/// A revision by its numbers, or 404 that says which of them there is not.
pub(crate) fn known_revision<'a>(
    state: &'a State,
    part_number: &str,
    revision: &str,
) -> Result<&'a Value, Answer> {
    let product = by_number(state, part_number).ok_or_else(|| no_product(part_number))?;
    find_revision(product, revision).ok_or_else(|| no_revision(part_number, revision))
}

fn no_product(part_number: &str) -> Answer {
    not_found(format_args!("product with part number '{part_number}'"))
}

fn no_revision(part_number: &str, revision: &str) -> Answer {
    not_found(format_args!(
        "revision '{revision}' of product '{part_number}'"
    ))
}
