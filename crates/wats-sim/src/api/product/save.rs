//! Saving products and revisions.
//!
//! A save binds the members the server has, whatever the case of their names, and ignores others, as its model binder does. A
//! member that is absent or null stays as it was.

use http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{PRODUCTS, by_id, by_number, categories, find_revision, revisions, store};
use crate::answer::{Answer, Handled};
use crate::call::{Call, member, text};
use crate::odata::Kind;
use crate::product_shape::{complete, new_product};
use crate::store::State;
use crate::xml_data;

const MAX_NAME: usize = 100;

pub(super) fn put(call: &Call<'_>) -> Handled {
    let body = call.json()?;
    call.store.change(|change| {
        let product = merged_product(change, &body).map_err(Refusal::answer)?;
        Ok(Answer::json(&store(change, product)?))
    })
}

pub(super) fn put_revision(call: &Call<'_>) -> Handled {
    let body = call.json()?;
    call.store.change(|change| {
        let (product, revision) = merged_revision(change, &body).map_err(Refusal::answer)?;
        store(change, product)?;
        Ok(Answer::json(&revision))
    })
}

/// Adds or updates many. Nothing is saved if one of them is refused.
pub(super) fn put_many(call: &Call<'_>) -> Handled {
    put_each(call, |state, item| Ok((merged_product(state, item)?, None)))
}

/// Adds or updates many revisions. Nothing is saved if one of them is refused.
pub(super) fn put_revisions(call: &Call<'_>) -> Handled {
    put_each(call, |state, item| {
        let (product, revision) = merged_revision(state, item)?;
        Ok((product, Some(revision)))
    })
}

/// Stores the product that `merge` makes of each item, and answers it or what it makes beside it.
fn put_each(
    call: &Call<'_>,
    merge: impl Fn(&State, &Value) -> Result<(Value, Option<Value>), Refusal>,
) -> Handled {
    let items = call.array()?;
    call.store.change(|change| {
        let mut saved = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let (product, answered) =
                merge(change, item).map_err(|refusal| refusal.at(index).answer())?;
            let product = store(change, product)?;
            saved.push(answered.unwrap_or(product));
        }
        Ok(Answer::json(&Value::Array(saved)))
    })
}

/// Why a save is refused.
pub(super) struct Refusal {
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

    pub(super) fn message(&self) -> &str {
        &self.message
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
pub(super) fn merged_product(state: &State, body: &Value) -> Result<Value, Refusal> {
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
    bind_category(state, body, &mut product)?;
    for (name, kind) in [
        ("nonSerial", Kind::Bool),
        ("name", Kind::Text),
        ("description", Kind::Text),
        ("state", Kind::Number),
        ("xmlData", Kind::Text),
    ] {
        bind(body, name, kind, &mut product)?;
    }
    xml_data::apply_tags(body, &mut product).map_err(Refusal::invalid)?;
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
    xml_data::apply_tags(body, &mut revision).map_err(Refusal::invalid)?;
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

/// A category is named by its id, which there must be, or else by its name, which may be new.
fn bind_category(
    state: &State,
    body: &Map<String, Value>,
    product: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    const ID: &str = "productCategoryId";
    if let Some(id) = id_of(body, ID)? {
        if categories::by_id(state, &id).is_none() {
            return Err(Refusal {
                status: StatusCode::NOT_FOUND,
                message: format!("there is no category with {ID} '{id}'"),
            });
        }
        product.insert(ID.to_owned(), Value::String(id));
    } else if member(body, "productCategoryName").is_some() {
        bind(body, "productCategoryName", Kind::Text, product)?;
        product.insert(ID.to_owned(), Value::Null);
    }
    Ok(())
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
