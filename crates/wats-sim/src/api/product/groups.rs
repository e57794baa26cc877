//! Groups of products: by filters on part number and revision, in which `%` stands for any text.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::api::pattern::fits;
use crate::call::{Call, conflict, invalid, member, not_found, text};
use crate::store::State;

/// Groups by id.
const GROUPS: &str = "product.group";
/// Filters of groups by id.
const FILTERS: &str = "product.group.filter";

/// All groups, by id.
pub(crate) fn groups(state: &State) -> impl Iterator<Item = &Value> {
    state.rows(GROUPS).map(|(_, group)| group)
}

/// The filters of a group, in their order.
pub(crate) fn filters_of<'a>(
    state: &'a State,
    group: &'a Value,
) -> impl Iterator<Item = &'a Value> {
    let id = group.get("productGroupId");
    let filters = state.rows(FILTERS).map(|(_, filter)| filter);
    filters.filter(move |filter| filter.get("productGroupId") == id)
}

fn key(id: i64) -> String {
    format!("{id:010}")
}

fn named<'a>(state: &'a State, name: &str) -> Option<&'a Value> {
    state.find(GROUPS, |group| {
        text(group, "productGroupName") == Some(name)
    })
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// A group as `api/Product/ProductGroup` answers it.
fn view(state: &State, group: &Value, with_filters: bool) -> Value {
    let mut view = json!({
        "id": group.get("productGroupId"),
        "name": group.get("productGroupName"),
        "description": group.get("description"),
        "isPublic": group.get("isPublic"),
    });
    if with_filters {
        view["filters"] = filters_of(state, group).cloned().collect();
    }
    view
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    let id = call.number("id")?;
    let with_filters = call.query.switch("includeFilters")?.unwrap_or(false);
    let list = call.store.read(|state| {
        groups(state)
            .filter(|group| id.is_none_or(|id| number(group, "productGroupId") == id))
            .map(|group| view(state, group, with_filters))
            .collect()
    });
    Ok(Answer::json(&list))
}

/// The groups by id and name only.
pub(super) fn names(call: &Call<'_>) -> Handled {
    let list = call.store.read(|state| groups(state).map(short).collect());
    Ok(Answer::json(&list))
}

fn short(group: &Value) -> Value {
    json!({
        "productGroupId": group.get("productGroupId"),
        "productGroupName": group.get("productGroupName"),
    })
}

pub(super) fn create(call: &Call<'_>) -> Handled {
    let group = save(call, None, "name")?;
    call.store
        .read(|state| Ok(Answer::json(&view(state, &group, false))))
}

pub(super) fn update(call: &Call<'_>) -> Handled {
    let id = member(&call.object()?, "id").and_then(Value::as_i64);
    let id = id.ok_or_else(|| invalid("id is required"))?;
    let group = save(call, Some(id), "name")?;
    call.store
        .read(|state| Ok(Answer::json(&view(state, &group, false))))
}

/// Makes a group, or names the one of the id anew.
pub(super) fn put_named(call: &Call<'_>) -> Handled {
    let id = member(&call.object()?, "productGroupId").and_then(Value::as_i64);
    Ok(Answer::json(&short(&save(call, id, "productGroupName")?)))
}

fn save(call: &Call<'_>, id: Option<i64>, name: &str) -> Result<Value, Answer> {
    let body = call.object()?;
    let named_by = name;
    let name = member(&body, name).and_then(Value::as_str);
    let name = name
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid(format_args!("{named_by} is required")))?;
    let description = member(&body, "description").and_then(Value::as_str);
    let is_public = member(&body, "isPublic").and_then(Value::as_bool);
    call.store.change(|change| {
        let id = match id {
            Some(id) if change.get(GROUPS, &key(id)).is_none() => return Err(no_group(id)),
            Some(id) => id,
            None => i64::try_from(change.next(GROUPS)?).unwrap_or_default(),
        };
        if named(change, name).is_some_and(|group| number(group, "productGroupId") != id) {
            return Err(conflict(format_args!("There is a product group '{name}'.")));
        }
        let group = json!({
            "productGroupId": id,
            "productGroupName": name,
            "description": description,
            "isPublic": is_public.unwrap_or(true),
        });
        let mut filters: Vec<Value> = filters_of(change, &group).cloned().collect();
        for filter in &mut filters {
            filter["productGroup"] = json!(name);
            change.put(FILTERS, &key(number(filter, "id")), filter.take())?;
        }
        change.put(GROUPS, &key(id), group.clone())?;
        Ok(group)
    })
}

pub(super) fn delete(call: &Call<'_>) -> Handled {
    let id: i64 = call
        .param(0)
        .parse()
        .map_err(|_| invalid("the id must be a number"))?;
    call.store.change(|change| {
        let group = change
            .get(GROUPS, &key(id))
            .cloned()
            .ok_or_else(|| no_group(id))?;
        let filters: Vec<i64> = filters_of(change, &group)
            .map(|filter| number(filter, "id"))
            .collect();
        for filter in filters {
            change.remove(FILTERS, &key(filter));
        }
        change.remove(GROUPS, &key(id));
        Ok(Answer::json(&Value::Null))
    })
}

pub(super) fn list_filters(call: &Call<'_>) -> Handled {
    let (group, id) = (call.number("productGroupId")?, call.number("id")?);
    let list = call.store.read(|state| {
        let filters = state.rows(FILTERS).map(|(_, filter)| filter);
        filters
            .filter(|filter| group.is_none_or(|group| number(filter, "productGroupId") == group))
            .filter(|filter| id.is_none_or(|id| number(filter, "id") == id))
            .cloned()
            .collect()
    });
    Ok(Answer::json(&list))
}

pub(super) fn add_filter(call: &Call<'_>) -> Handled {
    let name = call.required("productGroup")?;
    let part_number = call.required("partNumber")?;
    let exclude = call.query.switch("exclude")?.unwrap_or(false);
    call.store.change(|change| {
        let group = named(change, name).cloned();
        let group = group.ok_or_else(|| not_found(format_args!("product group '{name}'")))?;
        let order = filters_of(change, &group).count() + 1;
        let id = change.next(FILTERS)?;
        let filter = json!({
            "id": id,
            "productGroupId": group.get("productGroupId"),
            "productGroup": name,
            "partNumber": part_number,
            "revision": call.optional("revision"),
            "exclude": exclude,
            "orderNo": order,
        });
        change.put(FILTERS, &key(number(&filter, "id")), filter.clone())?;
        Ok(Answer::json(&filter))
    })
}

/// The groups that have a product: a filter fits, and none that excludes does.
pub(super) fn of_product(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.optional("revision"));
    let applies = |filter: &Value| {
        let mask = text(filter, "revision").filter(|mask| !mask.is_empty());
        fits(text(filter, "partNumber").unwrap_or_default(), part_number)
            && match (mask, revision) {
                (Some(mask), Some(revision)) => fits(mask, revision),
                _ => true,
            }
    };
    let list = call.store.read(|state| {
        let has = |group: &&Value| {
            let mut fitting = filters_of(state, group)
                .filter(|filter| applies(filter))
                .peekable();
            fitting.peek().is_some()
                && fitting.all(|filter| filter.get("exclude") != Some(&json!(true)))
        };
        groups(state).filter(has).map(short).collect()
    });
    Ok(Answer::json(&list))
}

fn no_group(id: i64) -> Answer {
    not_found(format_args!("product group {id}"))
}
