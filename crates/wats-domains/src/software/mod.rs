//! Packages of software for test stations, their folders and files.
//!
//! `model` holds the wire models, `service` the operations; `contents` holds the models with folders and files, `internal`
//! the operations on them, `install` writes them to a disk.

#[cfg(test)]
pub(crate) mod calls;
mod contents;
mod install;
mod internal;
mod model;
pub(crate) mod route;
mod service;

pub use contents::{
    FileAttributes, PackageContents, PackageFolder, PackageFolderFile, PackageSite,
    PackageStatusNumber, RepositoryFile, SoftwareEntity,
};
pub use install::{FileChange, InstallOptions, InstallProgress, Installed, InstalledFile};
pub use internal::{InternalSoftware, LocalFile, PackageHistory, RevokedPackages};
pub use model::{FileAttribute, Package, PackageFile, PackageStatus, VirtualFolder};
pub use service::{PackageByName, PackageVersion, SoftwareService, Tag, UploadZip};
