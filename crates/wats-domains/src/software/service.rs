//! Operations on software packages.

use std::sync::Arc;

use uuid::Uuid;
use wats_http::{Multipart, Part};

use super::{FileAttribute, Package, PackageFile, PackageStatus, VirtualFolder, route};
use crate::argument;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Kept};
use crate::error::{Error, none_if_missing};
use crate::scanned::{self, Kind};

request! {
    /// From [`SoftwareService::by_name`].
    pub struct PackageByName -> Package, by ask {
        /// This version, and not the highest.
        "version" => version: i32 as Given,
    }

    /// From [`SoftwareService::upload_zip`].
    pub struct UploadZip -> (), by tell {
        /// Whether all files and folders that there are go first.
        "cleanInstall" => clean_install: bool,
    }
}

/// A version of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageVersion<'a> {
    /// Name.
    pub name: &'a str,
    /// Version.
    pub version: i32,
}

service! {
    /// Operations on software packages; from [`Wats::software`](crate::Wats::software).
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::software::{Package, PackageStatus};
    /// use wats_http::Part;
    ///
    /// let software = api.software();
    /// let package = software.create(&Package::new("Board test")).await?;
    /// let id = package.package_id.unwrap_or_default();
    /// software.upload_zip(id, Part::file("board-test.zip")).clean_install(true).await?;
    /// software.set_status(id, PackageStatus::Pending).await?;
    /// software.set_status(id, PackageStatus::Released).await?;
    /// # Ok(()) }
    /// ```
    pub struct SoftwareService;
}

impl SoftwareService {
    /// All packages (`GET /api/Software/Packages`).
    pub fn list(&self) -> Ask<Vec<Package>> {
        self.core.ask(&route::list, Ok(route::list.call()))
    }

    /// Packages of a status with this tag (`GET /api/Software/PackagesByTag`). The server tells names of
    /// tags apart by case, but not values.
    ///
    /// # Errors
    /// [`Error::Query`] for a name that is empty or has a `=`, and for what nobody sees in name or value; or the call fails.
    pub fn by_tag(&self, tag: Tag<'_>, status: &PackageStatus) -> Ask<Vec<Package>> {
        let call = if tag.name.is_empty() || tag.name.contains('=') {
            Err(Error::Query(format!(
                "the name of the tag {:?} is empty or has a `=`, which stands before the value",
                tag.name
            )))
        } else {
            scanned::check("name of the tag", tag.name, Kind::Name)
                .and_then(|()| scanned::check("value of the tag", tag.value, Kind::Name))
                .map(|()| {
                    let call = route::by_tag.call();
                    let call = call.query("tag", format!("{}={}", tag.name, tag.value));
                    call.query("status", status)
                })
        };
        self.core.ask(&route::by_tag, call)
    }

    /// A package (`GET /api/Software/Package/{id}`).
    ///
    /// # Errors
    /// Status 404 when there is none; or the call fails.
    pub fn get(&self, id: Uuid) -> Ask<Package> {
        self.core
            .ask(&route::get, Ok(route::get.call().path("id", id)))
    }

    /// As [`get`](Self::get), with `None` where there is no such package.
    ///
    /// # Errors
    /// The call fails other than by 404.
    pub fn find(&self, id: Uuid) -> Ask<Option<Package>> {
        let get = self.get(id);
        self.core.run(|_| async { none_if_missing(get.await) })
    }

    /// The package of a name that has a status, in its highest version (`GET /api/Software/PackageByName`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails.
    pub fn by_name(&self, name: &str, status: &PackageStatus) -> PackageByName {
        let call = scanned::check_some("name of the package", name, Kind::Name).map(|()| {
            let call = route::by_name.call().query("name", name);
            call.query("status", status)
        });
        PackageByName::new(&self.core, &route::by_name, call)
    }

    /// The files of a package, without their contents (`GET /api/Software/PackageFiles/{id}`).
    pub fn files(&self, id: Uuid) -> Ask<Vec<PackageFile>> {
        self.core
            .ask(&route::files, Ok(route::files.call().path("id", id)))
    }

    /// All folders that packages are listed in (`GET /api/Software/VirtualFolders`), from memory if they were read lately
    /// ([`CacheOptions::folders`](crate::CacheOptions::folders)).
    pub fn folders(&self) -> Ask<Arc<[VirtualFolder]>> {
        self.core
            .ask_list(&route::folders, Ok(route::folders.call()))
    }

    /// Creates a package as a draft; one of a name that there is gets the next version (`POST /api/Software/Package`). It is
    /// not repeated, as each call creates one.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails.
    pub fn create(&self, package: &Package) -> Ask<Package> {
        let name = package.name.as_deref().unwrap_or_default();
        let call = scanned::check_some("name of the package", name, Kind::Name)
            .map(|()| route::create.call().json(package));
        self.core.ask(&route::create, call)
    }

    /// Replaces what is known of a package (`PUT /api/Software/Package/{id}`). Of one that is no draft only status and tags
    /// can be changed.
    ///
    /// # Errors
    /// [`Error::Query`] for a package without an id; or the call fails.
    pub fn save(&self, package: &Package) -> Ask<()> {
        let call = argument::id("package_id", package.package_id)
            .map(|id| route::save.call().path("id", id).json(package));
        self.core.tell(&route::save, call)
    }

    /// Takes a package one step on: a draft to pending, a pending one to released or back to draft, a released one to
    /// revoked (`POST /api/Software/PackageStatus/{id}`). It is not repeated: the server refuses a step that was done.
    pub fn set_status(&self, id: Uuid, status: PackageStatus) -> Ask<Package> {
        let call = route::set_status
            .call()
            .path("id", id)
            .query("status", status);
        self.core.ask(&route::set_status, Ok(call))
    }

    /// Sets what is done with a file (`POST /api/Software/Package/FileAttribute/{id}`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty id; or the call fails.
    pub fn set_file_attribute(&self, file_id: &str, attribute: FileAttribute) -> Ask<()> {
        let call = scanned::check_some("file id", file_id, Kind::Number).map(|()| {
            let call = route::set_file_attribute.call().path("id", file_id);
            call.query("attribute", attribute)
        });
        self.core.tell(&route::set_file_attribute, call)
    }

    /// Adds the files of a zip archive to a package (`POST /api/Software/Package/UploadZip/{id}`). All of them must be in
    /// folders. Files of the same name are replaced, so the call may be repeated.
    ///
    /// # Errors
    /// The file cannot be read, or the call fails.
    pub fn upload_zip(&self, id: Uuid, zip: Part) -> UploadZip {
        let zip = zip.content_type("application/zip");
        let form = Multipart::new().part("file", zip);
        let call = route::upload_zip.call().path("id", id).multipart(form);
        UploadZip::new(&self.core, &route::upload_zip, Ok(call))
    }

    /// Deletes a package that is a draft or revoked (`DELETE /api/Software/Package/{id}`).
    pub fn delete(&self, id: Uuid) -> Ask<()> {
        self.core
            .tell(&route::delete, Ok(route::delete.call().path("id", id)))
    }

    /// Deletes a version of a package that is a draft or revoked (`DELETE /api/Software/PackageByName`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails.
    pub fn delete_by_name(&self, package: PackageVersion<'_>) -> Ask<()> {
        let call = scanned::check_some("name of the package", package.name, Kind::Name)
            .and_then(|()| argument::given("version", package.version))
            .map(|version| {
                let call = route::delete_by_name.call().query("name", package.name);
                call.query("version", version)
            });
        self.core.tell(&route::delete_by_name, call)
    }

    /// Forgets the folders in memory: the next read asks the server.
    pub fn refresh(&self) {
        self.core.clear(Kept::Folders);
    }
}

/// A tag with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Name.
    pub name: &'a str,
    /// Value.
    pub value: &'a str,
}
