//! `api/Product` and `api/Products`: read, query, save.
//!
//! The stored value is what `GET api/Product/{partNumber}` answers. A save binds the members the
//! server has, whatever the case of their names, and ignores others, as its model binder does. A
//! member that is absent or null stays as it was.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{ListOptions, member, parse_json};
use crate::answer::{Answer, Handled};
use crate::odata::{Column, Kind, Schema, column};
use crate::product_shape::{complete, new_product};
use crate::query::Query;
use crate::store::{Products, Store};

/// The properties of a list item; the filter knows no others.
const VIEW: &[Column] = &[
    column("partNumber", Kind::Text),
    column("name", Kind::Text),
    column("category", Kind::Text),
    column("nonSerial", Kind::Bool),
    column("state", Kind::Number),
];
const SCHEMA: Schema = Schema {
    columns: VIEW,
    collections: &[],
};
/// Rows where neither `$filter` nor `$top` says otherwise.
const DEFAULT_TOP: usize = 1000;
const MAX_TOP: usize = 100_000;
const MAX_NAME: usize = 100;

pub(crate) fn query(store: &Store, query: &Query) -> Handled {
    let options = ListOptions::parse(query, SCHEMA, VIEW, MAX_TOP)?;
    let default_top = if options.filter.is_some() {
        MAX_TOP
    } else {
        DEFAULT_TOP
    };
    let mut rows: Vec<Map<String, Value>> = store.with_products(|products| {
        products
            .all()
            .map(view)
            .filter(|row| {
                options
                    .filter
                    .as_ref()
                    .is_none_or(|filter| filter.matches(row))
            })
            .collect()
    });
    if let Some(order) = &options.order {
        rows.sort_by(|left, right| order.compare(left, right));
    }
    let page = rows
        .into_iter()
        .skip(options.skip)
        .take(options.top.unwrap_or(default_top))
        .map(Value::Object)
        .collect();
    Ok(Answer::json(&Value::Array(page)))
}

fn view(product: &Value) -> Map<String, Value> {
    let take = |name: &str| product.get(name).cloned().unwrap_or(Value::Null);
    Map::from_iter([
        ("partNumber".to_owned(), take("partNumber")),
        ("name".to_owned(), take("name")),
        ("category".to_owned(), take("productCategoryName")),
        ("nonSerial".to_owned(), take("nonSerial")),
        ("state".to_owned(), take("state")),
    ])
}

pub(crate) fn get(store: &Store, part_number: &str) -> Handled {
    store
        .product(part_number)
        .map(|product| Answer::json(&product))
        .ok_or_else(|| no_product(part_number))
}

pub(crate) fn get_revision(store: &Store, part_number: &str, revision: &str) -> Handled {
    let product = store
        .product(part_number)
        .ok_or_else(|| no_product(part_number))?;
    find_revision(&product, revision)
        .map(Answer::json)
        .ok_or_else(|| {
            let message = format!("Product '{part_number}' has no revision '{revision}'.");
            Answer::message(StatusCode::NOT_FOUND, message)
        })
}

pub(crate) fn put(store: &Store, body: &Bytes) -> Handled {
    let body = parse_json(body)?;
    store.with_products(|products| {
        let product = merged_product(products, &body).map_err(Refusal::answer)?;
        products
            .put(product.clone())
            .map_err(|full| insufficient(&full))?;
        Ok(Answer::json(&product))
    })
}

/// Add or update many. Nothing is saved if one of them is refused.
pub(crate) fn put_many(store: &Store, body: &Bytes) -> Handled {
    each_of(body, store, merged_product)
}

pub(crate) fn put_revision(store: &Store, body: &Bytes) -> Handled {
    let body = parse_json(body)?;
    store.with_products(|products| {
        let (product, revision) = merged_revision(products, &body).map_err(Refusal::answer)?;
        products.put(product).map_err(|full| insufficient(&full))?;
        Ok(Answer::json(&revision))
    })
}

/// Add or update many revisions. Nothing is saved if one of them is refused.
pub(crate) fn put_revisions(store: &Store, body: &Bytes) -> Handled {
    let items = array_of(body)?;
    store.with_products(|products| {
        let mut draft = products.clone();
        let mut saved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (product, revision) =
                merged_revision(&draft, item).map_err(|refusal| refusal.at(index).answer())?;
            draft.put(product).map_err(|full| insufficient(&full))?;
            saved.push(revision);
        }
        *products = draft;
        Ok(Answer::json(&Value::Array(saved)))
    })
}

fn each_of(
    body: &Bytes,
    store: &Store,
    merge: impl Fn(&Products, &Value) -> Result<Value, Refusal>,
) -> Handled {
    let items = array_of(body)?;
    store.with_products(|products| {
        let mut draft = products.clone();
        let mut saved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let product = merge(&draft, item).map_err(|refusal| refusal.at(index).answer())?;
            draft
                .put(product.clone())
                .map_err(|full| insufficient(&full))?;
            saved.push(product);
        }
        *products = draft;
        Ok(Answer::json(&Value::Array(saved)))
    })
}

fn array_of(body: &Bytes) -> Result<Vec<Value>, Answer> {
    match parse_json(body)? {
        Value::Array(items) => Ok(items),
        _ => Err(Refusal::invalid("the body must be an array").answer()),
    }
}

/// Why a save is refused.
struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    fn at(mut self, index: usize) -> Self {
        self.message = format!("[{index}]: {}", self.message);
        self
    }

    fn answer(self) -> Answer {
        Answer::message(
            self.status,
            format!("The request is invalid: {}", self.message),
        )
    }
}

/// The product as it will be stored: the one the body means, with the body's members.
fn merged_product(products: &Products, body: &Value) -> Result<Value, Refusal> {
    let body = body
        .as_object()
        .ok_or_else(|| Refusal::invalid("a product must be an object"))?;
    let part_number = name_of(body, "partNumber")?;
    let id = id_of(body, "productId")?;
    let existing = match (&id, &part_number) {
        (Some(id), _) => Some(products.by_id(id).ok_or_else(|| Refusal {
            status: StatusCode::NOT_FOUND,
            message: format!("there is no product with productId '{id}'"),
        })?),
        (None, Some(part_number)) => products.get(part_number),
        (None, None) => return Err(Refusal::invalid("partNumber is required")),
    };
    if let (Some(existing), Some(part_number)) = (existing, &part_number)
        && text(existing, "partNumber") != Some(part_number)
        && products.get(part_number).is_some()
    {
        return Err(Refusal {
            status: StatusCode::CONFLICT,
            message: format!("another product already has the partNumber '{part_number}'"),
        });
    }

    let mut product = match existing {
        Some(Value::Object(existing)) => existing.clone(),
        _ => new_product(part_number.as_deref().unwrap_or_default()),
    };
    if let Some(part_number) = part_number {
        product.insert("partNumber".to_owned(), Value::String(part_number));
    }
    for (name, kind) in [
        ("nonSerial", Kind::Bool),
        ("name", Kind::Text),
        ("description", Kind::Text),
        ("state", Kind::Number),
        ("xmlData", Kind::Text),
        ("productCategoryId", Kind::Guid),
        ("productCategoryName", Kind::Text),
    ] {
        bind(body, name, kind, &mut product)?;
    }
    if let Some(revisions) = member(body, "revisions") {
        let revisions = revisions
            .as_array()
            .ok_or_else(|| Refusal::invalid("revisions must be an array"))?;
        for revision in revisions {
            let revision = revision
                .as_object()
                .ok_or_else(|| Refusal::invalid("a revision must be an object"))?;
            merge_revision(&mut product, revision)?;
        }
    }
    complete(&mut product);
    Ok(Value::Object(product))
}

/// The product and the revision as they will be stored.
fn merged_revision(products: &Products, body: &Value) -> Result<(Value, Value), Refusal> {
    let body = body
        .as_object()
        .ok_or_else(|| Refusal::invalid("a revision must be an object"))?;
    let owner = if let Some(id) = id_of(body, "productId")? {
        products.by_id(&id)
    } else if let Some(part_number) = name_of(body, "partNumber")? {
        products.get(&part_number)
    } else if let Some(id) = id_of(body, "productRevisionId")? {
        products.all().find(|product| {
            revisions(product).any(|revision| text(revision, "productRevisionId") == Some(&id))
        })
    } else {
        return Err(Refusal::invalid("productId or partNumber is required"));
    };
    let Some(Value::Object(owner)) = owner else {
        return Err(Refusal {
            status: StatusCode::NOT_FOUND,
            message: "the product of the revision does not exist".to_owned(),
        });
    };
    let mut product = owner.clone();
    let name = merge_revision(&mut product, body)?;
    complete(&mut product);
    let product = Value::Object(product);
    let revision = find_revision(&product, &name)
        .cloned()
        .unwrap_or(Value::Null);
    Ok((product, revision))
}

/// Puts one revision into a product, over the one with its id or name; answers its name.
fn merge_revision(
    product: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<String, Refusal> {
    let id = id_of(body, "productRevisionId")?;
    let name = name_of(body, "revision")?;
    let mut list = match product.remove("revisions") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let place = list.iter().position(|revision| match (&id, &name) {
        (Some(id), _) => text(revision, "productRevisionId") == Some(id),
        (None, name) => text(revision, "revision") == name.as_deref(),
    });
    let mut revision = match (place.and_then(|place| list.get(place)), &id, &name) {
        (Some(Value::Object(existing)), _, _) => existing.clone(),
        (_, Some(id), _) => {
            return Err(Refusal {
                status: StatusCode::NOT_FOUND,
                message: format!("there is no revision with productRevisionId '{id}'"),
            });
        }
        (_, None, None) => return Err(Refusal::invalid("revision is required")),
        (_, None, Some(_)) => Map::new(),
    };
    if let Some(name) = name {
        revision.insert("revision".to_owned(), Value::String(name));
    }
    for (name, kind) in [
        ("name", Kind::Text),
        ("description", Kind::Text),
        ("state", Kind::Number),
        ("xmlData", Kind::Text),
    ] {
        bind(body, name, kind, &mut revision)?;
    }
    let name = revision
        .get("revision")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    match place.and_then(|place| list.get_mut(place)) {
        Some(existing) => *existing = Value::Object(revision),
        None => list.push(Value::Object(revision)),
    }
    product.insert("revisions".to_owned(), Value::Array(list));
    Ok(name)
}

/// Copies a member of the right kind; refuses one of a wrong kind.
fn bind(
    body: &Map<String, Value>,
    name: &str,
    kind: Kind,
    target: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let Some(value) = member(body, name) else {
        return Ok(());
    };
    let problem = match kind {
        Kind::Bool => (!value.is_boolean()).then_some("true or false"),
        Kind::Number => (!matches!(value.as_i64(), Some(0 | 1))).then_some("0 or 1"),
        Kind::Guid => value
            .as_str()
            .is_none_or(|text| Uuid::try_parse(text).is_err())
            .then_some("a guid"),
        Kind::Text | Kind::Time => (!value.is_string()).then_some("a text"),
    };
    if let Some(wanted) = problem {
        return Err(Refusal::invalid(format!("{name} must be {wanted}")));
    }
    target.insert(name.to_owned(), value.clone());
    Ok(())
}

/// A part number or revision name.
fn name_of(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match member(body, name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=MAX_NAME).contains(&text.chars().count()) => {
            Ok(Some(text.clone()))
        }
        Some(_) => Err(Refusal::invalid(format!(
            "{name} must be a text of 1 to {MAX_NAME}"
        ))),
    }
}

/// An id in its usual writing; absent and all-zero mean none.
fn id_of(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match member(body, name) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value) => match value.as_str().map(Uuid::try_parse) {
            Some(Ok(id)) => Ok(Some(id).filter(|id| !id.is_nil()).map(|id| id.to_string())),
            _ => Err(Refusal::invalid(format!("{name} must be a guid"))),
        },
    }
}

fn revisions(product: &Value) -> impl Iterator<Item = &Value> {
    product
        .get("revisions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn find_revision<'a>(product: &'a Value, name: &str) -> Option<&'a Value> {
    revisions(product).find(|revision| text(revision, "revision") == Some(name))
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn no_product(part_number: &str) -> Answer {
    let message = format!("There is no product with part number '{part_number}'.");
    Answer::message(StatusCode::NOT_FOUND, message)
}

fn insufficient(message: &str) -> Answer {
    Answer::message(StatusCode::INSUFFICIENT_STORAGE, message)
}
