//! Operations on the files of assets by routes that the server does not publish.

use bytes::Bytes;
use wats_http::Call;

use super::{AssetService, route};
use crate::RemoteFile;
use crate::argument;
use crate::ask::Ask;
use crate::ask::service::service;
use crate::error::Result;
use crate::scanned::{self, Kind};

service! {
    /// Internal operations on the files of assets; from [`AssetService::internal`].
    pub struct InternalAssets, internal of AssetService;
}

impl InternalAssets {
    /// The names of an asset's files (`GET /api/internal/Blob/Asset/List/{assetId}`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty id; or the call fails.
    pub fn files(&self, asset_id: &str) -> Ask<Vec<String>> {
        let route = &route::internal::files;
        let call = scanned::check_some("asset id", asset_id, Kind::Number)
            .map(|()| route.call().path("assetId", asset_id));
        self.core.ask(route, call)
    }

    /// A file of an asset (`GET /api/internal/Blob/Asset`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty id or name; or the call fails.
    pub fn file(&self, file: AssetFile<'_>) -> Ask<RemoteFile> {
        let route = &route::internal::file;
        self.core.download(route, file.query(route.call()))
    }

    /// Uploads a file of an asset, replacing one of its name (`POST /api/internal/Blob/Asset`).
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub fn upload_file(&self, file: AssetFile<'_>, contents: impl Into<Bytes>) -> Ask<()> {
        let route = &route::internal::upload_file;
        let call = file.query(route.call());
        let call = call.map(|call| call.body(contents, "application/octet-stream"));
        self.core.tell(route, call)
    }

    /// Deletes files of an asset (`DELETE /api/internal/Blob/Assets`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty id, for no names and an empty one; or the call fails.
    pub fn delete_files(&self, asset_id: &str, names: &[&str]) -> Ask<()> {
        let route = &route::internal::delete_files;
        let call = scanned::check_some("asset id", asset_id, Kind::Number).and_then(|()| {
            for name in argument::some("names", names)? {
                scanned::check_some("name of the file", name, Kind::Name)?;
            }
            Ok(route.call().query("assetId", asset_id).json(names))
        });
        self.core.tell(route, call)
    }
}

/// A file of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetFile<'a> {
    /// The asset.
    pub asset_id: &'a str,
    /// Name of the file.
    pub name: &'a str,
}

impl AssetFile<'_> {
    fn query(self, call: Call) -> Result<Call> {
        scanned::check_some("asset id", self.asset_id, Kind::Number)?;
        scanned::check_some("name of the file", self.name, Kind::Name)?;
        Ok(call
            .query("assetId", self.asset_id)
            .query("filename", self.name))
    }
}
