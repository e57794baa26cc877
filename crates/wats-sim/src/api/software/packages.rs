//! The public operations on packages.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    DRAFTED, PACKAGE, PACKAGES, STATUSES, contents, package, sign, status, status_number, store,
    version, versions, virtual_folders,
};
use crate::answer::{Answer, Handled};
use crate::api::tags;
use crate::call::{Call, conflict, guid, invalid, member, new_guid, not_found, text};
use crate::query::bad;
use crate::shape::{blank, merge};
use crate::store::{Change, State};

pub(super) fn list(call: &Call<'_>) -> Handled {
    let packages = call.store.all(PACKAGES);
    Ok(Answer::json(
        &packages.iter().map(|package| (**package).clone()).collect(),
    ))
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    call.store
        .read(|state| package(state, call.param(0)).map(Answer::json))
}

/// Those of a status with a tag; its name counts as it is written, its value in any case.
pub(super) fn by_tag(call: &Call<'_>) -> Handled {
    let tag = call.required("tag")?;
    let status = status(call.required("status")?)?;
    let (name, wanted) = tag
        .split_once('=')
        .ok_or_else(|| bad("tag must be a name and a value with '=' between."))?;
    let wanted = wanted.to_lowercase();
    let fits = |package: &&Value| {
        text(package, "status") == Some(status)
            && tags::of(package).any(|(key, value)| key == name && value.to_lowercase() == wanted)
    };
    let found = call.store.read(|state| {
        let packages = state.rows(PACKAGES).map(|(_, package)| package);
        packages.filter(fits).cloned().collect()
    });
    Ok(Answer::json(&found))
}

/// The one of a name and status in a version; in the highest if none is asked for.
pub(super) fn by_name(call: &Call<'_>) -> Handled {
    let (name, wanted) = (call.required("name")?, status(call.required("status")?)?);
    let number = call.number("version")?;
    call.store.read(|state| {
        let fits = |package: &&Value| {
            text(package, "status") == Some(wanted)
                && number.is_none_or(|number| version(package) == number)
        };
        let found = versions(state, name).into_iter().rev().find(fits);
        found
            .map(Answer::json)
            .ok_or_else(|| not_found(format!("package '{name}' that is {wanted}")))
    })
}

/// A draft; its version is one more than the highest of its name.
pub(super) fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.store.change(|change| {
        let mut package = blank(PACKAGE);
        for (name, value) in [
            ("packageId", json!(new_guid())),
            ("installOnRoot", json!(false)),
            ("status", json!("Draft")),
            ("priority", json!(0)),
            ("virtualFolderId", json!(virtual_folders::FIRST)),
        ] {
            package.insert(name.to_owned(), value);
        }
        bind(change, &body, &mut package)?;
        let name = package
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let highest = versions(change, name)
            .last()
            .map_or(0, |package| version(package));
        package.insert("version".to_owned(), json!(highest + 1));
        sign(change, &mut package, "created");
        store(change, package).map(|package| Answer::json(&package))
    })
}

/// Binds what may be said of a draft.
fn bind(
    state: &State,
    body: &Map<String, Value>,
    package: &mut Map<String, Value>,
) -> Result<(), Answer> {
    merge(DRAFTED, body, package)?;
    if let Some(given) = member(body, "tags") {
        package.insert("tags".to_owned(), tags::bind(given)?);
    }
    let named = package.get("name").and_then(Value::as_str);
    if named.is_none_or(|name| name.trim().is_empty()) {
        return Err(invalid("name is required"));
    }
    let folder = package.get("virtualFolderId").and_then(Value::as_str);
    if folder.is_none_or(|folder| virtual_folders::by_id(state, folder).is_none()) {
        return Err(invalid(
            "there is no virtual folder with the virtualFolderId",
        ));
    }
    Ok(())
}

/// Saves a draft, or the tags of what is no draft any more; and sets the status.
pub(super) fn save(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.store.change(|change| {
        let before = package(change, call.param(0))?.clone();
        let mut after = before.as_object().cloned().unwrap_or_default();
        bind(change, &body, &mut after)?;
        let may_change = match text(&before, "status") {
            Some("Draft") => true,
            Some("Revoked") => before.as_object() == Some(&after),
            _ => after
                .iter()
                .all(|(name, value)| name == "tags" || before.get(name) == Some(value)),
        };
        if !may_change {
            return Err(invalid(
                "only a draft may be changed, and the tags of what is pending or released",
            ));
        }
        let taken = versions(
            change,
            after
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        );
        let is_other = |other: &&Value| {
            version(other) == version(&before) && other.get("packageId") != before.get("packageId")
        };
        if taken.iter().any(is_other) {
            return Err(conflict("Another package has this name and version."));
        }
        if let Some(wanted) = member(&body, "status") {
            let wanted = status(wanted.as_str().unwrap_or_default())?;
            if text(&before, "status") != Some(wanted) {
                go(change, &mut after, wanted)?;
            }
        }
        store(change, after).map(|package| Answer::json(&package))
    })
}

pub(super) fn set_status(call: &Call<'_>) -> Handled {
    let wanted = status(call.required("status")?)?;
    call.store.change(|change| {
        let package = package(change, call.param(0))?;
        let mut package = package.as_object().cloned().unwrap_or_default();
        go(change, &mut package, wanted)?;
        store(change, package).map(|package| Answer::json(&package))
    })
}

/// A draft waits, what waits is released or a draft again, what is released is revoked.
fn go(state: &State, package: &mut Map<String, Value>, wanted: &str) -> Result<(), Answer> {
    let status = package.get("status").and_then(Value::as_str);
    let status = status.unwrap_or_default().to_owned();
    match (status.as_str(), wanted) {
        ("Draft", "Pending") | ("Pending", "Draft") => {}
        ("Pending", "Released") => sign(state, package, "released"),
        ("Released", "Revoked") => sign(state, package, "revoked"),
        _ => {
            return Err(bad(format!(
                "The status cannot go from {status} to {wanted}."
            )));
        }
    }
    package.insert("status".to_owned(), wanted.into());
    Ok(())
}

pub(super) fn delete(call: &Call<'_>) -> Handled {
    call.store.change(|change| {
        let package = package(change, call.param(0))?.clone();
        remove(change, &package)
    })
}

pub(super) fn delete_by_name(call: &Call<'_>) -> Handled {
    let (name, number) = (call.required("name")?, call.required_number("version")?);
    call.store.change(|change| {
        let found = versions(change, name)
            .into_iter()
            .find(|package| version(package) == number);
        let found = found
            .cloned()
            .ok_or_else(|| not_found(format!("package '{name}' {number}")))?;
        remove(change, &found)
    })
}

/// Removes a package that nobody uses.
fn remove(change: &mut Change<'_>, package: &Value) -> Handled {
    let is_used = status_number(package).and_then(|number| STATUSES.get(number));
    if matches!(is_used, Some(&"Pending" | &"Released")) {
        return Err(bad(
            "Only a package that is Draft or Revoked can be deleted.",
        ));
    }
    let id = text(package, "packageId").unwrap_or_default();
    contents::clear(change, id)?;
    change.remove(PACKAGES, id);
    let mut answer = Answer::bytes(StatusCode::NO_CONTENT, "application/json", Bytes::new());
    answer.headers.clear();
    Ok(answer)
}

/// The packages of ids with commas between, those that there are.
pub(super) fn listed<'a>(state: &'a State, ids: &str) -> Result<Vec<&'a Value>, Answer> {
    let ids = ids
        .split(',')
        .map(|id| guid(id).ok_or_else(|| bad(format!("The value '{id}' is not a guid."))));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    Ok(ids
        .iter()
        .filter_map(|id| state.get(PACKAGES, id))
        .collect())
}
