//! Operations on the contents of packages by routes that the server does not publish.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;
use wats_codec::Serde;
use wats_http::Call;

use super::route::internal as route;
use super::{PackageContents, PackageStatus, SoftwareEntity, SoftwareService};
use crate::RemoteFile;
use crate::argument;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::ask::{Ask, Core, Route};
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

request! {
    /// From [`InternalSoftware::history`].
    pub struct PackageHistory -> Vec<PackageContents>, by ask {
        /// Only packages of this status.
        "status" => status: PackageStatus,
        /// Whether all versions are listed, and not only the highest.
        "allVersions" => all_versions: bool,
    }

    /// From [`InternalSoftware::revoked`].
    pub struct RevokedPackages -> Vec<Uuid>, by ask_ids {
        /// Whether packages are left out of which a new version is released.
        "includeRevokedOnly" => revoked_only: bool,
    }
}

/// A file as a client has it, to be compared with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalFile<'a> {
    /// The package.
    pub package_id: Uuid,
    /// The folder that it is in.
    pub folder_id: Uuid,
    /// Its path.
    pub path: &'a str,
    /// Its checksum, as the server makes it.
    pub checksum: &'a str,
    /// When it was changed last. The server calls it an epoch and does not say of which unit.
    pub modified_epoch: i64,
}

service! {
    /// Internal operations on software packages; from [`SoftwareService::internal`].
    pub struct InternalSoftware, internal of SoftwareService;
}

impl InternalSoftware {
    /// A package with its folders and files (`GET /api/internal/Software/GetPackage`).
    pub fn package(&self, id: Uuid) -> Ask<PackageContents> {
        let call = route::package.call().query("packageId", id);
        self.core.ask(&route::package, Ok(call))
    }

    /// The package of a name that has a status, in its highest version (`GET /api/internal/Software/GetPackageByName`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails.
    pub fn package_by_name(&self, name: &str, status: &PackageStatus) -> Ask<PackageContents> {
        let call = scanned::check_some("name of the package", name, Kind::Name).map(|()| {
            let call = route::package_by_name.call().query("packageName", name);
            call.query("status", status)
        });
        self.core.ask(&route::package_by_name, call)
    }

    /// Packages of a status whose tags fit an `XPath` expression (`GET /api/internal/Software/GetPackagesByTag`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty expression; or the call fails.
    pub fn by_tags(&self, expression: &str, status: &PackageStatus) -> Ask<Vec<PackageContents>> {
        let call = some("expression of tags", expression).map(|()| {
            let call = route::by_tags.call().query("tags", expression);
            call.query("status", status)
        });
        self.core.ask(&route::by_tags, call)
    }

    /// Packages whose tags fit an expression, in their versions (`GET /api/internal/Software/GetPackageHistory`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty expression; or the call fails.
    pub fn history(&self, expression: &str) -> PackageHistory {
        let call = some("expression of tags", expression)
            .map(|()| route::history.call().query("tags", expression));
        PackageHistory::new(&self.core, &route::history, call)
    }

    /// New versions of packages that are installed (`GET /api/internal/Software/GetAvailablePackages`).
    ///
    /// # Errors
    /// [`Error::Query`] for no packages; or the call fails.
    pub fn available(&self, installed: &[Uuid]) -> Ask<Vec<PackageContents>> {
        let call = argument::joined_ids("installed", installed)
            .map(|ids| route::available.call().query("installedPackages", ids));
        self.core.ask(&route::available, call)
    }

    /// Those of the installed packages that were revoked (`GET /api/internal/Software/GetRevokedPackages`).
    ///
    /// # Errors
    /// [`Error::Query`] for no packages; or the call fails.
    pub fn revoked(&self, installed: &[Uuid]) -> RevokedPackages {
        let call = argument::joined_ids("installed", installed)
            .map(|ids| route::revoked.call().query("installedPackages", ids));
        RevokedPackages::new(&self.core, &route::revoked, call)
    }

    /// What a client has downloaded (`GET /api/internal/Software/GetPackageDownloadHistory`). The form of the answer is not
    /// described.
    pub fn download_history(&self, client_id: i32) -> Ask<Value> {
        let call = argument::given("client_id", client_id)
            .map(|id| route::download_history.call().query("clientId", id));
        self.core.ask_any(&route::download_history, call)
    }

    /// The details of a package (`GET /api/internal/Software/GetSoftwareEntityDetails`). The form of the answer is not
    /// described.
    pub fn details(&self, package_id: Uuid) -> Ask<Value> {
        let call = route::details.call().query("packageId", package_id);
        self.core.ask_any(&route::details, Ok(call))
    }

    /// What is known of a file (`GET /api/internal/Software/File/{id}`). The form of the answer is not described.
    pub fn file(&self, id: Uuid) -> Ask<Value> {
        self.core
            .ask_any(&route::file, Ok(route::file.call().path("id", id)))
    }

    /// Compares a file with the server's (`GET /api/internal/Software/CheckFile`). The form of the answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty path or checksum; or the call fails.
    pub fn check_file(&self, file: LocalFile<'_>) -> Ask<Value> {
        let call = scanned::check_some("path of the file", file.path, Kind::Name)
            .and_then(|()| scanned::check_some("checksum", file.checksum, Kind::Number))
            .map(|()| {
                route::check_file
                    .call()
                    .query("packageId", file.package_id)
                    .query("parentFolderId", file.folder_id)
                    .query("filePath", file.path)
                    .query("checksum", file.checksum)
                    .query("fileDateEpoch", file.modified_epoch)
            });
        self.core.ask_any(&route::check_file, call)
    }

    /// A file of a package in memory, by its [`file_id`](super::RepositoryFile::file_id)
    /// (`GET /api/internal/Software/DownloadFile`); [`save_file`](Self::save_file) writes one of any size to a disk.
    pub fn download_file(&self, file_id: Uuid) -> Ask<RemoteFile> {
        self.core
            .download(&route::download_file, Ok(download(file_id)))
    }

    /// Creates a folder in a package (`POST /api/internal/Software/PostPackageFolder`). It is not repeated. The form of the
    /// answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for a folder without a name; or the call fails.
    pub fn create_folder(&self, package_id: Uuid, folder: &SoftwareEntity) -> Ask<Value> {
        let name = folder.name.as_deref().unwrap_or_default();
        let call = scanned::check_some("name of the folder", name, Kind::Name).map(|()| {
            let call = route::create_folder.call().query("packageId", package_id);
            call.json(folder)
        });
        self.core.ask_any(&route::create_folder, call)
    }

    /// Changes a folder of a package (`POST /api/internal/Software/UpdatePackageFolder`). The form of the answer is not
    /// described.
    ///
    /// # Errors
    /// [`Error::Query`] for a folder without an id or a name; or the call fails.
    pub fn update_folder(&self, folder: &SoftwareEntity) -> Ask<Value> {
        let call = argument::id("id", folder.id)
            .and_then(|_| named(folder))
            .map(|()| route::update_folder.call().json(folder));
        self.core.ask_any(&route::update_folder, call)
    }

    /// Deletes a folder of a package with what is in it (`POST /api/internal/Software/DeletePackageFolder`). It is not
    /// repeated.
    pub fn delete_folder(&self, folder_id: Uuid) -> Ask<()> {
        let call = route::delete_folder
            .call()
            .query("packageFolderId", folder_id);
        self.core.tell(&route::delete_folder, Ok(call))
    }

    /// Deletes files from folders of packages, by the [`id`](super::PackageFolderFile::id) of their places
    /// (`POST /api/internal/Software/DeletePackageFolderFiles`). It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`] for no files; or the call fails.
    pub fn delete_files(&self, ids_of_files: &[Uuid]) -> Ask<()> {
        let call = argument::joined_ids("ids_of_files", ids_of_files).map(|ids| {
            route::delete_files
                .call()
                .query("packageFolderFileIds", ids)
        });
        self.core.tell(&route::delete_files, call)
    }

    /// Tells the server that a package was downloaded, and how many bytes that were
    /// (`GET /api/internal/Software/Log`). It is not repeated, as each call is one download in its history.
    ///
    /// # Errors
    /// [`Error::Query`] for more bytes than the server can count; or the call fails.
    pub fn log_download(&self, package_id: Uuid, bytes: u64) -> Ask<()> {
        let call = match i64::try_from(bytes) {
            Ok(bytes) => Ok(route::log
                .call()
                .query("packageId", package_id)
                .query("downloadSize", bytes)),
            Err(_) => Err(Error::Query(format!("{bytes} bytes are too many"))),
        };
        self.core.tell(&route::log, call)
    }

    /// Whether the server answers for software (`GET /api/internal/Software/isConnected`). Any answer but `false` says so.
    pub fn is_connected(&self) -> Ask<bool> {
        let route = &route::is_connected;
        let answer = self.core.ask_any(route, Ok(route.call()));
        self.core
            .run(|_| async { Ok(answer.await? != Value::Bool(false)) })
    }
}

impl Core {
    /// The operation of a row whose answer is a list of ids.
    fn ask_ids(self: &Arc<Self>, route: &'static Route, call: Result<Call>) -> Ask<Vec<Uuid>> {
        let ids = self.ask::<Vec<Serde<Uuid>>>(route, call);
        self.run(|_| async { Ok(ids.await?.into_iter().map(|Serde(id)| id).collect()) })
    }
}

/// The call for a file, which comes as it is.
pub(super) fn download(file_id: Uuid) -> Call {
    let call = route::download_file.call();
    call.query("repositoryFolderFileId", file_id)
}

fn some(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::Query(format!("the {what} is empty")));
    }
    Ok(())
}

fn named(folder: &SoftwareEntity) -> Result<()> {
    some(
        "name of the folder",
        folder.name.as_deref().unwrap_or_default(),
    )
}
