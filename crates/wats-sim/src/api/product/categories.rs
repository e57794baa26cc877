//! Categories of products. A product has the id and the name of its own.

use serde_json::{Map, Value, json};

use super::PRODUCTS;
use crate::answer::{Answer, Handled};
use crate::call::{Call, conflict, invalid, new_guid, not_found, text};
use crate::shape::{Is, Shape, bind};
use crate::store::{Change, State};

/// Categories by id.
const CATEGORIES: &str = "product.category";

const SHAPE: Shape = &[
    ("ProductCategoryId", Is::Guid),
    ("Name", Is::Text),
    ("Description", Is::Text),
];
const ID: &str = "productCategoryId";
const NAME: &str = "productCategoryName";

/// A category by its id.
pub(super) fn by_id<'a>(state: &'a State, id: &str) -> Option<&'a Value> {
    state.get(CATEGORIES, id)
}

fn by_name<'a>(state: &'a State, name: &str) -> Option<&'a Value> {
    state.find(CATEGORIES, |category| text(category, "Name") == Some(name))
}

/// Gives a product both id and name of its category; one that there is not yet is made.
pub(super) fn settle(change: &mut Change<'_>, product: &mut Value) -> Result<(), Answer> {
    let of = |name: &str| text(product, name).filter(|text| !text.is_empty());
    let (id, name) = (of(ID), of(NAME));
    let known = match (id, name) {
        (Some(id), _) => by_id(change, id),
        (None, Some(name)) => by_name(change, name),
        (None, None) => return Ok(()),
    };
    let category = match (known, name) {
        (Some(category), _) => category.clone(),
        (None, None) => return Ok(()),
        (None, Some(name)) => {
            let id = id.map_or_else(new_guid, str::to_owned);
            let category = json!({ "ProductCategoryId": id, "Name": name, "Description": null });
            change.put(CATEGORIES, &id, category.clone())?;
            category
        }
    };
    set(product, &category);
    Ok(())
}

fn set(product: &mut Value, category: &Value) {
    if let Some(product) = product.as_object_mut() {
        for (name, of) in [(ID, "ProductCategoryId"), (NAME, "Name")] {
            product.insert(
                name.to_owned(),
                category.get(of).cloned().unwrap_or_default(),
            );
        }
    }
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    let all = call.store.all(CATEGORIES);
    Ok(Answer::json(
        &all.iter().map(|one| (**one).clone()).collect(),
    ))
}

/// Replaces the whole list. Products follow a category that is renamed, and lose one that is gone.
pub(super) fn put(call: &Call<'_>) -> Handled {
    let mut wanted: Vec<Map<String, Value>> = Vec::new();
    for item in call.array()? {
        let item = item.as_object().cloned().unwrap_or_default();
        let category = bind(SHAPE, &item)?;
        let name = category.get("Name").and_then(Value::as_str);
        if name.is_none_or(str::is_empty) {
            return Err(invalid("each category needs a Name"));
        }
        wanted.push(category);
    }
    call.store.change(|change| {
        let known: Vec<String> = change
            .rows(CATEGORIES)
            .map(|(id, _)| id.to_owned())
            .collect();
        for id in &known {
            change.remove(CATEGORIES, id);
        }
        let mut saved = Vec::with_capacity(wanted.len());
        let mut names = std::collections::BTreeSet::new();
        for mut category in wanted {
            let id = match category.get("ProductCategoryId").and_then(Value::as_str) {
                Some(id) if known.iter().any(|known| known == id) => id.to_owned(),
                Some(id) => return Err(not_found(format_args!("category {id}"))),
                None => new_guid(),
            };
            let name = category
                .get("Name")
                .cloned()
                .unwrap_or_default()
                .to_string();
            if change.get(CATEGORIES, &id).is_some() || !names.insert(name) {
                return Err(conflict(
                    "Each category and each name may be in the list once.",
                ));
            }
            category.insert("ProductCategoryId".to_owned(), json!(id));
            change.put(CATEGORIES, &id, Value::Object(category.clone()))?;
            saved.push(Value::Object(category));
        }
        follow(change)?;
        Ok(Answer::json(&Value::Array(saved)))
    })
}

fn follow(change: &mut Change<'_>) -> Result<(), Answer> {
    let gone = json!({ "ProductCategoryId": null, "Name": null });
    let mut changed = Vec::new();
    for (number, product) in change.rows(PRODUCTS) {
        let Some(id) = text(product, ID) else {
            continue;
        };
        let category = by_id(change, id).unwrap_or(&gone);
        if category.get("Name") != product.get(NAME) {
            let mut product = product.clone();
            set(&mut product, category);
            changed.push((number.to_owned(), product));
        }
    }
    for (number, product) in changed {
        change.put(PRODUCTS, &number, product)?;
    }
    Ok(())
}
