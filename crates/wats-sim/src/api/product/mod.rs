//! `api/Product` and `api/Products`: read, query, save.
//!
//! The stored value is what `GET api/Product/{partNumber}` answers. A save binds the members the
//! server has, whatever the case of their names, and ignores others, as its model binder does. A
//! member that is absent or null stays as it was.

use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::list::List;
use crate::answer::{Answer, Handled};
use crate::call::{Call, conflict, invalid, member, text};
use crate::odata::{Column, Kind, Schema, column};
use crate::product_shape::{complete, new_product};
use crate::routes::routes;
use crate::store::{Change, State};

routes! {
    GET "/api/Product/Query" => query;
    GET "/api/Product/{partNumber}" => get;
    GET "/api/Product/{partNumber}/{revision}" => get_revision;
    PUT "/api/Product" => put;
    PUT "/api/Products" => put_many;
    PUT "/api/Product/Products" => put_many;
    PUT "/api/Product/Revision" => put_revision;
    PUT "/api/Product/Revisions" => put_revisions;
    PUT "/api/Products/Revisions" => put_revisions;
}

/// Products by part number.
const PRODUCTS: &str = "product";
/// Part numbers by product id.
const NUMBERS: &str = "product.number";

/// The properties of a list item; the filter knows no others.
const VIEW: &[Column] = &[
    column("partNumber", Kind::Text),
    column("name", Kind::Text),
    column("category", Kind::Text),
    column("nonSerial", Kind::Bool),
    column("state", Kind::Number),
];
const LIST: List = List {
    schema: Schema {
        columns: VIEW,
        collections: &[],
    },
    orderable: VIEW,
    default_top: 1000,
    max_top: 100_000,
};
const MAX_NAME: usize = 100;

/// The product with this part number.
pub(crate) fn by_number<'a>(state: &'a State, part_number: &str) -> Option<&'a Value> {
    state.get(PRODUCTS, part_number)
}

fn by_id<'a>(state: &'a State, id: &str) -> Option<&'a Value> {
    by_number(state, state.get(NUMBERS, id)?.as_str()?)
}

/// Stores a complete product in place of the one with its id.
pub(crate) fn store(change: &mut Change<'_>, product: Value) -> Result<(), Answer> {
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
    change.put(PRODUCTS, &number, product)
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
    match merged_product(change, &body) {
        Ok(product) => store(change, product),
        Err(_) => Ok(()),
    }
}

fn query(call: &Call<'_>) -> Handled {
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
    Map::from_iter([
        ("partNumber".to_owned(), take("partNumber")),
        ("name".to_owned(), take("name")),
        ("category".to_owned(), take("productCategoryName")),
        ("nonSerial".to_owned(), take("nonSerial")),
        ("state".to_owned(), take("state")),
    ])
}

fn get(call: &Call<'_>) -> Handled {
    let part_number = call.param(0);
    let product = call.store.get(PRODUCTS, part_number);
    product
        .map(|product| Answer::json(&product))
        .ok_or_else(|| no_product(part_number))
}

fn get_revision(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.param(0), call.param(1));
    let product = call
        .store
        .get(PRODUCTS, part_number)
        .ok_or_else(|| no_product(part_number))?;
    find_revision(&product, revision)
        .map(Answer::json)
        .ok_or_else(|| {
            let message = format!("Product '{part_number}' has no revision '{revision}'.");
            Answer::message(StatusCode::NOT_FOUND, message)
        })
}

fn put(call: &Call<'_>) -> Handled {
    let body = call.json()?;
    call.store.change(|change| {
        let product = merged_product(change, &body).map_err(Refusal::answer)?;
        store(change, product.clone())?;
        Ok(Answer::json(&product))
    })
}

fn put_revision(call: &Call<'_>) -> Handled {
    let body = call.json()?;
    call.store.change(|change| {
        let (product, revision) = merged_revision(change, &body).map_err(Refusal::answer)?;
        store(change, product)?;
        Ok(Answer::json(&revision))
    })
}

/// Adds or updates many. Nothing is saved if one of them is refused.
fn put_many(call: &Call<'_>) -> Handled {
    let merge = |state: &State, item: &Value| {
        merged_product(state, item).map(|product| (product.clone(), product))
    };
    put_each(call, merge)
}

/// Adds or updates many revisions. Nothing is saved if one of them is refused.
fn put_revisions(call: &Call<'_>) -> Handled {
    put_each(call, merged_revision)
}

/// Stores the product that `merge` makes of each item and answers what it makes beside it.
fn put_each(
    call: &Call<'_>,
    merge: impl Fn(&State, &Value) -> Result<(Value, Value), Refusal>,
) -> Handled {
    let items = call.array()?;
    call.store.change(|change| {
        let mut saved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (product, answered) =
                merge(change, item).map_err(|refusal| refusal.at(index).answer())?;
            store(change, product)?;
            saved.push(answered);
        }
        Ok(Answer::json(&Value::Array(saved)))
    })
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
fn merged_product(state: &State, body: &Value) -> Result<Value, Refusal> {
    let body = body
        .as_object()
        .ok_or_else(|| Refusal::invalid("a product must be an object"))?;
    let part_number = name_of(body, "partNumber")?;
    let id = id_of(body, "productId")?;
    let existing = match (&id, &part_number) {
        (Some(id), _) => Some(by_id(state, id).ok_or_else(|| Refusal {
            status: StatusCode::NOT_FOUND,
            message: format!("there is no product with productId '{id}'"),
        })?),
        (None, Some(part_number)) => by_number(state, part_number),
        (None, None) => return Err(Refusal::invalid("partNumber is required")),
    };
    if let (Some(existing), Some(part_number)) = (existing, &part_number)
        && text(existing, "partNumber") != Some(part_number)
        && by_number(state, part_number).is_some()
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
fn merged_revision(state: &State, body: &Value) -> Result<(Value, Value), Refusal> {
    let body = body
        .as_object()
        .ok_or_else(|| Refusal::invalid("a revision must be an object"))?;
    let owner = if let Some(id) = id_of(body, "productId")? {
        by_id(state, &id)
    } else if let Some(part_number) = name_of(body, "partNumber")? {
        by_number(state, &part_number)
    } else if let Some(id) = id_of(body, "productRevisionId")? {
        state.find(PRODUCTS, |product| {
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

/// The revision of a product with this name.
pub(crate) fn find_revision<'a>(product: &'a Value, name: &str) -> Option<&'a Value> {
    revisions(product).find(|revision| text(revision, "revision") == Some(name))
}

fn no_product(part_number: &str) -> Answer {
    let message = format!("There is no product with part number '{part_number}'.");
    Answer::message(StatusCode::NOT_FOUND, message)
}

/// What a revision, by its id, is made of: relations, each with its `ProductRevisionId`, `Quantity` and `RevisionMask`.
pub(crate) fn parts_of<'a>(state: &'a State, whole: &'a str) -> impl Iterator<Item = &'a Value> {
    let relations = state.rows("product.relation").map(|(_, relation)| relation);
    relations.filter(move |relation| text(relation, "ParentProductRevisionId") == Some(whole))
}

/// Whether a revision may stand in the place of the one of a relation.
pub(crate) fn mask_fits(mask: Option<&str>, wanted: &str, revision: &str) -> bool {
    match mask.filter(|mask| !mask.is_empty()) {
        None => wanted == revision,
        Some(mask) => mask.split(',').map(str::trim).any(|mask| {
            mask.strip_suffix('%')
                .map_or(mask == revision, |head| revision.starts_with(head))
        }),
    }
}
