//! Operations on the files and folders of packages.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::archive::{self, MAX_DEPTH, is_name};
use super::contents::{self, ATTRIBUTES};
use super::{BLOBS, FOLDERS, PLACES, draft, package};
use crate::answer::{Answer, Handled};
use crate::api::{blob, stamp};
use crate::call::{Call, conflict, guid, invalid, member, not_found, text};
use crate::multipart;
use crate::query::bad;
use crate::shape::{Is, Shape, bind};
use crate::store::State;

/// What is read of a folder as it is created and changed.
const ENTITY: Shape = &[("id", Is::Guid), ("parentId", Is::Guid), ("name", Is::Text)];

/// Most folders of one package.
const MAX_FOLDERS: usize = 10_000;

pub(super) fn list(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let package = package(state, call.param(0))?;
        let id = text(package, "packageId").unwrap_or_default();
        let files = contents::of(state, PLACES, id).into_iter().map(|place| {
            let folder = text(place, "PackageFolderId").unwrap_or_default();
            json!({
                "packageFileId": place["PackageFolderFileId"], "name": place["RepositoryFolderFile"]["Name"],
                "packageFolderName": path(state, id, folder).join("/"), "attributes": contents::attributes(place),
                "Description": place["RepositoryFolderFile"]["Description"],
            })
        });
        Ok(Answer::json(&files.collect()))
    })
}

/// The names of a folder and those it is in, the outermost first.
fn path(state: &State, package: &str, folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(folder);
    while let Some(id) = next.filter(|_| names.len() <= MAX_DEPTH) {
        let folder = state.get(FOLDERS, &format!("{package}/{id}"));
        names.extend(
            folder
                .and_then(|folder| text(folder, "Name"))
                .map(str::to_owned),
        );
        next = folder.and_then(|folder| text(folder, "ParentFolderId"));
    }
    names.reverse();
    names
}

/// Adds an attribute to a file; `None` takes all away.
pub(super) fn set_attribute(call: &Call<'_>) -> Handled {
    let attribute = call.required("attribute")?;
    let mut known = ATTRIBUTES.iter();
    let known = known.find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    let (_, bit) = known.ok_or_else(|| bad(format!("There is no attribute '{attribute}'.")))?;
    let id = call.guid_param(0)?;
    call.store.change(|change| {
        let place = contents::by_id(change, PLACES, &id);
        let mut place = place
            .cloned()
            .ok_or_else(|| not_found(format!("file '{id}'")))?;
        let package = owner(change, text(&place, "PackageFolderId").unwrap_or_default())?;
        draft(change, &package)?;
        let bits = place.get("Attributes").and_then(Value::as_u64);
        let bits = if *bit == 0 {
            0
        } else {
            bits.unwrap_or_default() | bit
        };
        place["Attributes"] = json!(bits);
        contents::put(change, PLACES, "PackageFolderFileId", &package, place)?;
        Ok(Answer::json(&json!({})))
    })
}

/// The package of a folder.
fn owner(state: &State, folder: &str) -> Result<String, Answer> {
    let folder = contents::by_id(state, FOLDERS, folder);
    let package = folder.and_then(|folder| text(folder, "PackageId"));
    let package = package.ok_or_else(|| not_found("folder of this id"))?;
    Ok(package.to_owned())
}

/// Adds the files of an archive to a draft, or puts them in place of all that it has.
pub(super) fn upload_zip(call: &Call<'_>) -> Handled {
    let clean = call.query.switch("cleanInstall")?.unwrap_or(false);
    call.store
        .read(|state| draft(state, call.param(0)).map(|_| ()))?;
    let entries = archive::read(&multipart::file(call.headers, &call.body)?.data)?;
    call.store.change(|change| {
        let id = text(draft(change, call.param(0))?, "packageId")
            .unwrap_or_default()
            .to_owned();
        if clean {
            contents::clear(change, &id)?;
        }
        contents::merge(change, &id, entries)?;
        Ok(Answer::json(&json!({})))
    })
}

/// A folder or a file, as internal routes show either. They say 0 and 1, and not which is which.
fn entity(document: &Value) -> Value {
    let file = &document["RepositoryFolderFile"];
    if document.get("PackageFolderFileId").is_some() {
        return json!({
            "id": document["PackageFolderFileId"], "type": 0, "parentId": document["PackageFolderId"],
            "name": file["Name"], "fileVersion": file["FileVersion"], "repositoryVersion": file["Version"],
            "fileSize": file["FileSize"], "lastModifiedDate": file["FileModifiedDate"],
            "uploadedDate": file["Uploaded"], "attributes": document["Attributes"],
            "repositoryFolderFileId": document["RepositoryFolderFileId"], "valid": file["Valid"], "information": null,
        });
    }
    json!({
        "id": document["PackageFolderId"], "type": 1, "parentId": document["ParentFolderId"], "name": document["Name"],
        "fileVersion": null, "repositoryVersion": null, "fileSize": null, "lastModifiedDate": document["Modified"],
        "uploadedDate": null, "attributes": null, "repositoryFolderFileId": null, "valid": null, "information": null,
    })
}

pub(super) fn details(call: &Call<'_>) -> Handled {
    let id = call.required("packageId")?;
    call.store.read(|state| {
        let id = text(package(state, id)?, "packageId").unwrap_or_default();
        let folders = contents::of(state, FOLDERS, id).into_iter();
        let all = folders.chain(contents::of(state, PLACES, id));
        Ok(Answer::json(&all.map(entity).collect()))
    })
}

/// What is known of a file, by its own id or that of its place.
pub(super) fn file(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| {
        let is_it = |place: &Value| {
            [
                text(place, "PackageFolderFileId"),
                text(place, "RepositoryFolderFileId"),
            ]
            .contains(&Some(&id))
        };
        let place = state
            .find(PLACES, is_it)
            .ok_or_else(|| not_found(format!("file '{id}'")))?;
        Ok(Answer::json(&place["RepositoryFolderFile"]))
    })
}

/// Whether a folder has a file of this name, and the same contents. Of a path only the last name counts.
pub(super) fn check(call: &Call<'_>) -> Handled {
    let (id, folder) = (
        call.required("packageId")?,
        call.required("parentFolderId")?,
    );
    let (file_path, checksum) = (call.required("filePath")?, call.required("checksum")?);
    call.required_number("fileDateEpoch")?;
    let name = file_path.rsplit(['/', '\\']).next().unwrap_or_default();
    call.store.read(|state| {
        let id = text(package(state, id)?, "packageId").unwrap_or_default();
        let folder = guid(folder).unwrap_or_default();
        let mut places = contents::of(state, PLACES, id).into_iter();
        let found = places.find(|place| {
            text(place, "PackageFolderId") == Some(&folder)
                && text(&place["RepositoryFolderFile"], "Name") == Some(name)
        });
        let file = found.map_or(&Value::Null, |place| &place["RepositoryFolderFile"]);
        Ok(Answer::json(&json!({
            "exists": found.is_some(), "isSame": text(file, "Checksum") == Some(checksum),
            "repositoryFolderFileId": file["RepositoryFolderFileId"],
        })))
    })
}

pub(super) fn download(call: &Call<'_>) -> Handled {
    let id = call.required("repositoryFolderFileId")?;
    let file = guid(id).and_then(|id| call.store.get(BLOBS, &id));
    let file = file.ok_or_else(|| not_found(format!("file '{id}'")))?;
    Ok(blob::answer(&file, None))
}

pub(super) fn create_folder(call: &Call<'_>) -> Handled {
    let (id, body) = (call.required("packageId")?, bind(ENTITY, &call.object()?)?);
    let body = Value::Object(body);
    call.store.change(|change| {
        let id = text(draft(change, id)?, "packageId")
            .unwrap_or_default()
            .to_owned();
        if contents::of(change, FOLDERS, &id).len() >= MAX_FOLDERS {
            return Err(invalid(format!(
                "a package has at most {MAX_FOLDERS} folders"
            )));
        }
        let (parent, name) = (
            text(&body, "parentId"),
            text(&body, "name").unwrap_or_default(),
        );
        check_folder(change, &id, None, parent, name)?;
        let folder = contents::new_folder(change, &id, parent, name);
        contents::put(change, FOLDERS, "PackageFolderId", &id, folder.clone())?;
        Ok(Answer::json(&entity(&folder)))
    })
}

/// Whether a folder may be there under this name.
fn check_folder(
    state: &State,
    package: &str,
    folder: Option<&str>,
    parent: Option<&str>,
    name: &str,
) -> Result<(), Answer> {
    if !is_name(name) {
        return Err(invalid("name must be that of a folder"));
    }
    if let Some(parent) = parent {
        let depth = path(state, package, parent).len();
        if depth == 0 {
            return Err(not_found(format!("folder '{parent}' in the package")));
        }
        let mut next = Some(parent);
        let mut levels = 0;
        while let Some(id) = next.filter(|_| levels <= MAX_DEPTH) {
            if Some(id) == folder {
                return Err(invalid("a folder cannot be in itself"));
            }
            let above = state.get(FOLDERS, &format!("{package}/{id}"));
            next = above.and_then(|above| text(above, "ParentFolderId"));
            levels += 1;
        }
        let below = folder.map_or(0, |folder| height(state, package, folder));
        if depth + 1 + below > MAX_DEPTH {
            return Err(invalid(format!("folders nest at most {MAX_DEPTH} deep")));
        }
    }
    let mut others = contents::of(state, FOLDERS, package).into_iter();
    let is_same = |other: &Value| {
        text(other, "Name") == Some(name)
            && text(other, "ParentFolderId") == parent
            && text(other, "PackageFolderId") != folder
    };
    if others.any(is_same) {
        return Err(conflict(format!("There is a folder '{name}' already.")));
    }
    Ok(())
}

/// How deep the folders in a folder nest.
fn height(state: &State, package: &str, folder: &str) -> usize {
    let above = path(state, package, folder).len();
    let all = contents::of(state, FOLDERS, package).into_iter();
    let inner = within(state, package, folder);
    let depths = all
        .filter_map(|each| text(each, "PackageFolderId"))
        .filter(|id| inner.contains(*id))
        .map(|id| path(state, package, id).len());
    depths.max().unwrap_or(above) - above
}

/// The ids of a folder and of all folders in it.
fn within(state: &State, package: &str, folder: &str) -> HashSet<String> {
    let all = contents::of(state, FOLDERS, package);
    let mut found = HashSet::from([folder.to_owned()]);
    for _ in 0..MAX_DEPTH {
        let before = found.len();
        for each in &all {
            let parent = text(each, "ParentFolderId").unwrap_or_default();
            if found.contains(parent) {
                found.extend(text(each, "PackageFolderId").map(str::to_owned));
            }
        }
        if found.len() == before {
            break;
        }
    }
    found
}

pub(super) fn update_folder(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let given = Value::Object(bind(ENTITY, &body)?);
    let id = text(&given, "id").ok_or_else(|| invalid("id is required"))?;
    call.store.change(|change| {
        let package = owner(change, id)?;
        draft(change, &package)?;
        let folder = contents::by_id(change, FOLDERS, id).cloned();
        let mut folder = folder.unwrap_or_default();
        let name = text(&given, "name").or(text(&folder, "Name"));
        let name = name.unwrap_or_default().to_owned();
        let parent = match member(&body, "parentId") {
            Some(_) => text(&given, "parentId"),
            None => text(&folder, "ParentFolderId"),
        };
        let parent = parent.map(str::to_owned);
        check_folder(change, &package, Some(id), parent.as_deref(), &name)?;
        folder["Name"] = json!(name);
        folder["ParentFolderId"] = json!(parent);
        folder["Modified"] = stamp::now(change);
        contents::put(change, FOLDERS, "PackageFolderId", &package, folder.clone())?;
        Ok(Answer::json(&entity(&folder)))
    })
}

/// Deletes a folder with all that is in it.
pub(super) fn delete_folder(call: &Call<'_>) -> Handled {
    let id = call.required("packageFolderId")?;
    call.store.change(|change| {
        let id = guid(id).unwrap_or_default();
        let package = owner(change, &id)?;
        draft(change, &package)?;
        let folders = within(change, &package, &id);
        for key in change.keys_under(PLACES, &format!("{package}/")) {
            let place = change.get(PLACES, &key);
            let folder = place.and_then(|place| text(place, "PackageFolderId"));
            if folder.is_some_and(|folder| folders.contains(folder)) {
                contents::remove_place(change, &key)?;
            }
        }
        for folder in folders {
            change.remove(FOLDERS, &format!("{package}/{folder}"));
        }
        Ok(Answer::json(&json!({})))
    })
}

/// Deletes files by the ids of their places, with commas between; nothing if one of them is unknown.
pub(super) fn delete_files(call: &Call<'_>) -> Handled {
    let ids = call.required("packageFolderFileIds")?;
    call.store.change(|change| {
        for id in ids.split(',') {
            let id = guid(id).unwrap_or_default();
            let place = contents::by_id(change, PLACES, &id);
            let place = place.ok_or_else(|| not_found(format!("file '{id}'")))?;
            let package = owner(change, text(place, "PackageFolderId").unwrap_or_default())?;
            draft(change, &package)?;
            contents::remove_place(change, &format!("{package}/{id}"))?;
        }
        Ok(Answer::json(&json!({})))
    })
}
