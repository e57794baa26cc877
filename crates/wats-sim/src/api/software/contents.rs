//! The folders of packages and the files in them.
//!
//! A file has a place in a folder (`PackageFolderFile`), which stays when the file is uploaded anew, and its contents
//! (`RepositoryFolderFile`), which have an id and a version of their own.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::archive::Entry;
use super::{BLOBS, FOLDERS, PLACES};
use crate::answer::Answer;
use crate::api::{blob, stamp};
use crate::call::{new_guid, text};
use crate::store::{Change, State};

/// The attributes of files and their bits.
pub(super) const ATTRIBUTES: [(&str, u64); 7] = [
    ("None", 0),
    ("ExecuteAlways", 1),
    ("ExecuteOnce", 2),
    ("ExecuteOncePerVersion", 4),
    ("TopLevelFile", 8),
    ("OverwriteNever", 16),
    ("OverwriteOnNewPackageVersion", 32),
];

/// The attributes of a place in words.
pub(super) fn attributes(place: &Value) -> String {
    let bits = place.get("Attributes").and_then(Value::as_u64);
    let bits = bits.unwrap_or_default();
    let set = ATTRIBUTES.iter().filter(|(_, bit)| bits & bit != 0);
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    if names.is_empty() {
        return "None".to_owned();
    }
    names.join(", ")
}

/// A checksum of contents: their CRC-32 in Base64. The server does not say of which kind its own is.
fn checksum(data: &[u8]) -> String {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    STANDARD.encode(crc.sum().to_be_bytes())
}

/// The document of a folder or a place, by its id alone.
pub(super) fn by_id<'a>(state: &'a State, table: &str, id: &str) -> Option<&'a Value> {
    let end = format!("/{id}");
    state
        .rows(table)
        .find(|(key, _)| key.ends_with(&end))
        .map(|(_, document)| document)
}

/// The documents of a package.
pub(super) fn of<'a>(state: &'a State, table: &str, package: &str) -> Vec<&'a Value> {
    let start = format!("{package}/");
    let rows = state.under(table, &start);
    rows.map(|(_, document)| document).collect()
}

/// Puts a folder or a place under its id, a member of it.
pub(super) fn put(
    change: &mut Change<'_>,
    table: &str,
    id: &str,
    package: &str,
    document: Value,
) -> Result<(), Answer> {
    let key = format!("{package}/{}", text(&document, id).unwrap_or_default());
    change.put(table, &key, document)
}

pub(super) fn new_folder(state: &State, package: &str, parent: Option<&str>, name: &str) -> Value {
    json!({
        "PackageFolderId": new_guid(), "PackageId": package, "ParentFolderId": parent, "Name": name,
        "Modified": stamp::now(state),
    })
}

/// Adds the files of an archive; those of the same path get new contents.
pub(super) fn merge(
    change: &mut Change<'_>,
    package: &str,
    entries: Vec<Entry>,
) -> Result<(), Answer> {
    let id = |document: &Value, name: &str| text(document, name).map(str::to_owned);
    let mut folders: HashMap<(Option<String>, String), String> = of(change, FOLDERS, package)
        .into_iter()
        .filter_map(|folder| {
            let key = (id(folder, "ParentFolderId"), id(folder, "Name")?);
            Some((key, id(folder, "PackageFolderId")?))
        })
        .collect();
    let mut places: HashMap<(String, String), Value> = of(change, PLACES, package)
        .into_iter()
        .filter_map(|place| {
            let name = id(place.get("RepositoryFolderFile")?, "Name")?;
            Some(((id(place, "PackageFolderId")?, name), place.clone()))
        })
        .collect();
    for entry in entries {
        let mut parent = None;
        for name in &entry.folders {
            let key = (parent.clone(), name.clone());
            let known = folders.get(&key).cloned();
            let folder = if let Some(known) = known {
                known
            } else {
                let folder = new_folder(change, package, parent.as_deref(), name);
                let new = id(&folder, "PackageFolderId").unwrap_or_default();
                put(change, FOLDERS, "PackageFolderId", package, folder)?;
                folders.insert(key, new.clone());
                new
            };
            parent = Some(folder);
        }
        let folder = parent.unwrap_or_default();
        let known = places.remove(&(folder.clone(), entry.name.clone()));
        place(change, package, &folder, entry, known.as_ref())?;
    }
    Ok(())
}

/// Puts a file into a folder, in the place it had there if there was one.
fn place(
    change: &mut Change<'_>,
    package: &str,
    folder: &str,
    entry: Entry,
    known: Option<&Value>,
) -> Result<(), Answer> {
    let before = known.map_or(&Value::Null, |place| &place["RepositoryFolderFile"]);
    if let Some(old) = text(before, "RepositoryFolderFileId") {
        blob::remove(change, BLOBS, old)?;
    }
    let version = before.get("Version").and_then(Value::as_u64).unwrap_or(0) + 1;
    let file = new_guid();
    blob::put(change, BLOBS, &file, &entry.name, &entry.data)?;
    let of_known = |name: &str| known.and_then(|known| known.get(name).cloned());
    let place = json!({
        "PackageFolderFileId": of_known("PackageFolderFileId").unwrap_or_else(|| new_guid().into()),
        "PackageFolderId": folder,
        "RepositoryFolderFileId": file,
        "Attributes": of_known("Attributes").unwrap_or_else(|| json!(0)),
        "RepositoryFolderFile": {
            "RepositoryFolderFileId": file, "Name": entry.name, "Version": version, "Description": null, "Valid": true,
            "Uploaded": stamp::now(change),
            "FileModifiedDate": entry.modified.map_or_else(|| stamp::now(change), Value::String),
            "Checksum": checksum(&entry.data), "FileVersion": null, "FileSize": entry.data.len(),
        },
    });
    put(change, PLACES, "PackageFolderFileId", package, place)
}

/// Removes a place with its file.
pub(super) fn remove_place(change: &mut Change<'_>, key: &str) -> Result<(), Answer> {
    let place = change.get(PLACES, key);
    let file = place.and_then(|place| text(place, "RepositoryFolderFileId"));
    if let Some(file) = file.map(str::to_owned) {
        blob::remove(change, BLOBS, &file)?;
    }
    change.remove(PLACES, key);
    Ok(())
}

/// Removes all folders and files of a package.
pub(super) fn clear(change: &mut Change<'_>, package: &str) -> Result<(), Answer> {
    let prefix = format!("{package}/");
    for key in change.keys_under(PLACES, &prefix) {
        remove_place(change, &key)?;
    }
    for key in change.keys_under(FOLDERS, &prefix) {
        change.remove(FOLDERS, &key);
    }
    Ok(())
}

/// The folders of a package within one another, with their files.
pub(super) fn tree(state: &State, package: &str) -> Value {
    let mut files: HashMap<&str, Vec<Value>> = HashMap::new();
    for place in of(state, PLACES, package) {
        let folder = text(place, "PackageFolderId").unwrap_or_default();
        files.entry(folder).or_default().push(place.clone());
    }
    let mut folders: HashMap<Option<&str>, Vec<&Value>> = HashMap::new();
    for folder in of(state, FOLDERS, package) {
        folders
            .entry(text(folder, "ParentFolderId"))
            .or_default()
            .push(folder);
    }
    branch(None, &mut folders, &mut files)
}

/// Folders nest no deeper than they may be made, so the recursion is bounded.
fn branch<'a>(
    parent: Option<&'a str>,
    folders: &mut HashMap<Option<&'a str>, Vec<&'a Value>>,
    files: &mut HashMap<&'a str, Vec<Value>>,
) -> Value {
    let here = folders.remove(&parent).unwrap_or_default();
    let whole = |folder: &'a Value| {
        let id = text(folder, "PackageFolderId");
        let mut whole: Map<String, Value> = folder.as_object().cloned().unwrap_or_default();
        let inner = branch(id, folders, files);
        let files = files.remove(id.unwrap_or_default()).unwrap_or_default();
        whole.insert("Parent".to_owned(), Value::Null);
        whole.insert("PackageFolders".to_owned(), inner);
        whole.insert("PackageFolderFiles".to_owned(), Value::Array(files));
        Value::Object(whole)
    };
    here.into_iter().map(whole).collect()
}
