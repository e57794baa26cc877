//! Packages as the internal routes give them, and what became of them.

use serde_json::{Value, json};

use super::packages::listed;
use super::xpath::Expression;
use super::{
    DOWNLOADS, PACKAGES, contents, package, status, status_number, version, versions,
    virtual_folders,
};
use crate::answer::{Answer, Handled};
use crate::api::{stamp, tags};
use crate::call::{Call, not_found, text};
use crate::store::State;

/// A package with its folders and files.
fn whole(state: &State, package: &Value) -> Value {
    let id = text(package, "packageId").unwrap_or_default();
    let folder = text(package, "virtualFolderId").unwrap_or_default();
    let mut folder = virtual_folders::by_id(state, folder).unwrap_or_else(|| json!({}));
    for (name, value) in [
        ("type", Value::Null),
        ("imageUrl", Value::Null),
        ("virtualFolders", json!([])),
        ("Packages", json!([])),
        ("Children", json!([])),
        ("WorkflowDefinition", Value::Null),
        ("TestSequenceDefinition", Value::Null),
    ] {
        folder[name] = value;
    }
    let of = |name: &str| package.get(name).cloned().unwrap_or_default();
    json!({
        "PackageId": id, "Name": of("name"), "PackageFolder": of("installOnRoot") != json!(true),
        "Version": of("version"), "Description": of("description"), "RootDirectory": of("rootDirectory"),
        "Tags": tags::xml(package, "PackageInfo"), "Modified": of("modified"), "ModifiedBy": of("modifiedBy"),
        "Status": status_number(package), "Priority": of("priority"), "VirtualFolderId": of("virtualFolderId"),
        "VirtualFolder": folder, "PackageFolders": contents::tree(state, id), "PackageSiteRelations": [],
        "IsRestricted": false, "Validation": null, "ValidationDescription": null, "Created": of("created"),
        "CreatedBy": of("createdBy"), "Released": of("released"), "ReleasedBy": of("releasedBy"),
        "Revoked": of("revoked"), "RevokedBy": of("revokedBy"),
    })
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    let id = call.required("packageId")?;
    call.store.read(|state| {
        let package = package(state, id)?;
        Ok(Answer::json(&whole(state, package)))
    })
}

/// The highest version of a name that has a status.
pub(super) fn by_name(call: &Call<'_>) -> Handled {
    let (name, wanted) = (
        call.required("packageName")?,
        status(call.required("status")?)?,
    );
    call.store.read(|state| {
        let mut found = versions(state, name).into_iter().rev();
        let found = found.find(|package| text(package, "status") == Some(wanted));
        let found = found.ok_or_else(|| not_found(format!("package '{name}' that is {wanted}")))?;
        Ok(Answer::json(&whole(state, found)))
    })
}

pub(super) fn by_tag(call: &Call<'_>) -> Handled {
    call.required("status")?;
    tagged(call, true)
}

pub(super) fn history(call: &Call<'_>) -> Handled {
    let all = call.query.switch("allVersions")?.unwrap_or(false);
    tagged(call, all)
}

/// Packages whose tags fit; of each name all that do, or the highest version.
fn tagged(call: &Call<'_>, all_versions: bool) -> Handled {
    let expression = Expression::parse(call.required("tags")?)?;
    let wanted = call.optional("status").map(status).transpose()?;
    call.store.read(|state| {
        let packages = state.rows(PACKAGES).map(|(_, package)| package);
        let mut found: Vec<&Value> = packages
            .filter(|package| wanted.is_none_or(|wanted| text(package, "status") == Some(wanted)))
            .filter(|package| expression.fits(package))
            .collect();
        let name = |package: &Value| text(package, "name").unwrap_or_default().to_owned();
        found.sort_by_cached_key(|package| (name(package), -version(package)));
        if !all_versions {
            found.dedup_by_key(|package| name(package));
        }
        let found = found.into_iter().map(|package| whole(state, package));
        Ok(Answer::json(&found.collect()))
    })
}

/// The highest released version that is above an installed one.
fn newer<'a>(state: &'a State, installed: &Value) -> Option<&'a Value> {
    let name = text(installed, "name").unwrap_or_default();
    let mut found = versions(state, name).into_iter().rev();
    found.find(|package| {
        text(package, "status") == Some("Released") && version(package) > version(installed)
    })
}

pub(super) fn available(call: &Call<'_>) -> Handled {
    let ids = call.required("installedPackages")?;
    call.store.read(|state| {
        let mut found: Vec<&Value> = listed(state, ids)?
            .into_iter()
            .filter_map(|installed| newer(state, installed))
            .collect();
        found.sort_by_key(|package| text(package, "packageId"));
        found.dedup_by_key(|package| text(package, "packageId"));
        let found = found.into_iter().map(|package| whole(state, package));
        Ok(Answer::json(&found.collect()))
    })
}

pub(super) fn revoked(call: &Call<'_>) -> Handled {
    let ids = call.required("installedPackages")?;
    let only = call.query.switch("includeRevokedOnly")?.unwrap_or(false);
    call.store.read(|state| {
        let installed = listed(state, ids)?.into_iter();
        let revoked = installed
            .filter(|package| text(package, "status") == Some("Revoked"))
            .filter(|package| !only || newer(state, package).is_none())
            .map(|package| package["packageId"].clone());
        Ok(Answer::json(&revoked.collect()))
    })
}

/// Notes a download.
pub(super) fn log(call: &Call<'_>) -> Handled {
    let id = call.required("packageId")?;
    let size = call.required_number("downloadSize")?;
    call.store.change(|change| {
        let package = package(change, id)?;
        let mut entry = json!({
            "packageId": package["packageId"], "name": package["name"], "version": package["version"],
            "downloadSize": size, "downloaded": stamp::now(change),
        });
        let number = change.next(DOWNLOADS)?;
        entry["id"] = json!(number);
        change.put(DOWNLOADS, &format!("{number:012}"), entry)?;
        Ok(Answer::json(&json!({})))
    })
}

/// The downloads; whoever has the token is the one client that there is.
pub(super) fn downloads(call: &Call<'_>) -> Handled {
    call.required_number("clientId")?;
    let all = call.store.all(DOWNLOADS);
    Ok(Answer::json(
        &all.iter().map(|entry| (**entry).clone()).collect(),
    ))
}

pub(super) fn is_connected(_call: &Call<'_>) -> Handled {
    Ok(Answer::json(&Value::Bool(true)))
}
