//! `api/internal/Blob`: the files of assets.

use serde_json::{Value, json};

use super::{ASSETS, FILES, no_asset};
use crate::answer::{Answer, Handled};
use crate::api::blob;
use crate::call::{Call, invalid, not_found, text};
use crate::store::State;

/// The key of the file that a request names; 404 if there is no such asset.
fn key(call: &Call<'_>, state: &State) -> Result<String, Answer> {
    let id = call.required("assetId")?;
    state.get(ASSETS, id).ok_or_else(|| no_asset(id))?;
    Ok(format!("{id}/{}", call.required("filename")?))
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let file = state.get(FILES, &key(call, state)?);
        let file = file.ok_or_else(|| not_found("file of this name"))?;
        Ok(blob::answer(file, None))
    })
}

pub(super) fn post(call: &Call<'_>) -> Handled {
    let name = call.required("filename")?;
    call.store.change(|change| {
        let key = key(call, change)?;
        blob::put(change, FILES, &key, name, &call.body)?;
        Ok(Answer::json(&json!({})))
    })
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    let id = call.param(0);
    call.store.read(|state| {
        state.get(ASSETS, id).ok_or_else(|| no_asset(id))?;
        let prefix = format!("{id}/");
        let files = state.under(FILES, &prefix).map(|(_, file)| file);
        let names = files.map(|file| json!(text(file, "name")));
        Ok(Answer::json(&names.collect()))
    })
}

/// Deletes the files that the body names; those that are not there are passed over.
pub(super) fn delete(call: &Call<'_>) -> Handled {
    let id = call.required("assetId")?;
    let names = call.array()?;
    let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
    let names = names.ok_or_else(|| invalid("the names of files must be texts"))?;
    call.store.change(|change| {
        change.get(ASSETS, id).ok_or_else(|| no_asset(id))?;
        for name in names {
            blob::remove(change, FILES, &format!("{id}/{name}"))?;
        }
        Ok(Answer::json(&json!({})))
    })
}
