//! `api/Software`: packages with their versions, folders and files.
//!
//! - here: the tables, and what is said of a package; `packages`: the public operations on packages,
//! - `contents`: folders and files; `archive`: what is uploaded; `file_ops`: operations on files,
//! - `internal`: packages as the internal routes give them; `xpath`: what they find packages by;
//! - `virtual_folders`: the folders that packages are listed in.
//!
//! A package is kept as it is answered. Only a draft may be changed, but for its tags.

mod archive;
mod contents;
mod file_ops;
mod internal;
mod packages;
mod virtual_folders;
mod xpath;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::api::stamp;
use crate::call::{guid, not_found, text};
use crate::query::bad;
use crate::routes::routes;
use crate::shape::{Shape, shape};
use crate::store::{Change, State};

routes! {
    GET "/api/Software/Packages" => packages::list;
    GET "/api/Software/PackagesByTag" => packages::by_tag;
    GET "/api/Software/Package/{id}" => packages::get;
    GET "/api/Software/PackageByName" => packages::by_name;
    GET "/api/Software/VirtualFolders" => virtual_folders::list;
    POST "/api/Software/VirtualFolder" => virtual_folders::create;
    PUT "/api/Software/VirtualFolder" => virtual_folders::update;
    DELETE "/api/Software/VirtualFolder/{id}" => virtual_folders::delete;
    POST "/api/Software/Package" => packages::create;
    PUT "/api/Software/Package/{id}" => packages::save;
    POST "/api/Software/PackageStatus/{id}" => packages::set_status;
    DELETE "/api/Software/Package/{id}" => packages::delete;
    DELETE "/api/Software/PackageByName" => packages::delete_by_name;
    GET "/api/Software/PackageFiles/{id}" => file_ops::list;
    POST "/api/Software/Package/FileAttribute/{id}" => file_ops::set_attribute;
    POST "/api/Software/Package/UploadZip/{id}" => file_ops::upload_zip;
    GET "/api/internal/Software/GetPackage" => internal::get;
    GET "/api/internal/Software/GetPackageByName" => internal::by_name;
    GET "/api/internal/Software/GetPackagesByTag" => internal::by_tag;
    GET "/api/internal/Software/GetPackageHistory" => internal::history;
    GET "/api/internal/Software/GetAvailablePackages" => internal::available;
    GET "/api/internal/Software/GetRevokedPackages" => internal::revoked;
    GET "/api/internal/Software/GetPackageDownloadHistory" => internal::downloads;
    GET "/api/internal/Software/GetSoftwareEntityDetails" => file_ops::details;
    GET "/api/internal/Software/File/{id}" => file_ops::file;
    GET "/api/internal/Software/CheckFile" => file_ops::check;
    GET "/api/internal/Software/DownloadFile" => file_ops::download;
    POST "/api/internal/Software/PostPackageFolder" => file_ops::create_folder;
    POST "/api/internal/Software/UpdatePackageFolder" => file_ops::update_folder;
    POST "/api/internal/Software/DeletePackageFolder" => file_ops::delete_folder;
    POST "/api/internal/Software/DeletePackageFolderFiles" => file_ops::delete_files;
    GET "/api/internal/Software/Log" => internal::log;
    GET "/api/internal/Software/isConnected" => internal::is_connected;
}

/// Packages by id.
const PACKAGES: &str = "software.package";
/// Folders of packages, by package and folder.
const FOLDERS: &str = "software.folder";
/// Files of packages, by package and place.
const PLACES: &str = "software.file";
/// Contents of files.
const BLOBS: &str = "software.blob";
/// Downloads that were told, by number.
const DOWNLOADS: &str = "software.download";

/// How far a package has come, in the order of the numbers that internal routes use.
const STATUSES: [&str; 4] = ["Draft", "Pending", "Released", "Revoked"];

/// The members of a package.
const PACKAGE: Shape = shape! {
    Guid: "packageId" "virtualFolderId";
    Text: "name" "description" "rootDirectory" "modifiedBy" "status" "createdBy" "releasedBy" "revokedBy";
    Bool: "installOnRoot";
    Integer: "version" "priority";
    List: "tags";
    Time: "modified" "created" "released" "revoked";
};

/// What a request may say of a draft.
const DRAFTED: Shape = shape! {
    Text: "name" "description" "rootDirectory";
    Bool: "installOnRoot";
    Integer: "priority";
    Guid: "virtualFolderId";
};

/// A status in its proper writing, from its name or number.
fn status(given: &str) -> Result<&'static str, Answer> {
    let by_name = STATUSES
        .into_iter()
        .find(|name| name.eq_ignore_ascii_case(given));
    let by_number = || STATUSES.get(given.parse::<usize>().ok()?).copied();
    by_name.or_else(by_number).ok_or_else(|| {
        bad(format!(
            "The status '{given}' is none of {}.",
            STATUSES.join(", ")
        ))
    })
}

/// The number of a package's status.
fn status_number(package: &Value) -> Option<usize> {
    let status = text(package, "status");
    STATUSES.iter().position(|name| Some(*name) == status)
}

fn package<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let known = guid(id).and_then(|id| state.get(PACKAGES, &id));
    known.ok_or_else(|| not_found(format!("package '{id}'")))
}

/// The package, if its files and folders may be changed.
fn draft<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let package = package(state, id)?;
    match text(package, "status") {
        Some("Draft") => Ok(package),
        status => Err(bad(format!(
            "The package is {}; only a draft may be changed.",
            status.unwrap_or_default()
        ))),
    }
}

/// The packages of a name, the highest version last.
fn versions<'a>(state: &'a State, name: &str) -> Vec<&'a Value> {
    let packages = state.rows(PACKAGES).map(|(_, package)| package);
    let mut found: Vec<_> = packages
        .filter(|package| text(package, "name") == Some(name))
        .collect();
    found.sort_by_key(|package| version(package));
    found
}

fn version(package: &Value) -> i64 {
    let version = package.get("version").and_then(Value::as_i64);
    version.unwrap_or_default()
}

/// Stores a package that somebody changed.
fn store(change: &mut Change<'_>, mut package: Map<String, Value>) -> Result<Value, Answer> {
    sign(change, &mut package, "modified");
    let package = Value::Object(package);
    let id = text(&package, "packageId").unwrap_or_default();
    change.put(PACKAGES, id, package.clone())?;
    Ok(package)
}

/// Notes when something was done, and by whom.
fn sign(state: &State, package: &mut Map<String, Value>, what: &str) {
    package.insert(what.to_owned(), stamp::now(state));
    package.insert(format!("{what}By"), stamp::USER.into());
}
