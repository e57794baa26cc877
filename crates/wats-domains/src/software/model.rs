//! The wire models of software (`Mes.Software.Public` of the server).

use std::fmt;

use uuid::Uuid;
use wats_report::{ReportTime, wire};

use crate::setting::Setting;

wats_report::codes! {
    /// How far a package has come: a draft waits, then it is released, and in the end revoked.
    pub enum PackageStatus: "the status of a package" {
        /// It may be changed.
        Draft = "Draft",
        /// It waits for its release.
        Pending = "Pending",
        /// Test stations install it.
        Released = "Released",
        /// Nobody is to use it.
        Revoked = "Revoked",
    }
}

wats_report::codes! {
    /// What is done with a file of a package.
    pub enum FileAttribute: "an attribute of a file" {
        /// Nothing.
        None = "None",
        /// It is run once.
        ExecuteOnce = "ExecuteOnce",
        /// It is run whenever the package is installed.
        ExecuteAlways = "ExecuteAlways",
        /// It is run once for each version.
        ExecuteOncePerVersion = "ExecuteOncePerVersion",
        /// It is what the package is started by.
        TopLevelFile = "TopLevelFile",
        /// A file that there is stays.
        OverwriteNever = "OverwriteNever",
        /// A file that there is stays until a new version of the package comes.
        OverwriteOnNewPackageVersion = "OverwriteOnNewPackageVersion",
    }
}

impl fmt::Display for PackageStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FileAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

wire! {
    /// A package of software: a version of files that belong together.
    pub struct Package {
        /// Identifier given by the server; `None` for one that is not created yet.
        "packageId" => package_id: Uuid,
        /// Name.
        "name" => name: String,
        /// Whether its files go to the root of what is installed, and not to a folder of its own.
        "installOnRoot" => install_on_root: bool,
        /// Version, given by the server.
        "version" => version: i32,
        /// Description.
        "description" => description: String,
        /// Folder that it is installed to.
        "rootDirectory" => root_directory: String,
        /// Tags, by which test stations find it.
        "tags" => tags: Vec<Setting>,
        /// When it was changed last.
        "modified" => modified: ReportTime,
        /// By whom.
        "modifiedBy" => modified_by: String,
        /// How far it has come.
        "status" => status: PackageStatus,
        /// Which one is installed first: the lowest.
        "priority" => priority: i32,
        /// The folder that it is listed in.
        "virtualFolderId" => folder_id: Uuid,
        /// When it was created.
        "created" => created: ReportTime,
        /// By whom.
        "createdBy" => created_by: String,
        /// When it was released.
        "released" => released: ReportTime,
        /// By whom.
        "releasedBy" => released_by: String,
        /// When it was revoked.
        "revoked" => revoked: ReportTime,
        /// By whom.
        "revokedBy" => revoked_by: String,
    }

    /// A file of a package, without its contents.
    pub struct PackageFile {
        /// Identifier given by the server.
        "packageFileId" => file_id: String,
        /// Name.
        "name" => name: String,
        /// The folder within the package.
        "packageFolderName" => folder_name: String,
        /// What is done with it.
        "attributes" => attributes: String,
        /// Description.
        "Description" => description: String,
    }

    /// A folder that packages are listed in.
    pub struct VirtualFolder {
        /// Identifier given by the server.
        "id" => id: Uuid,
        /// The folder that it is in.
        "parentId" => parent_id: Uuid,
        /// Name.
        "name" => name: String,
        /// Description.
        "description" => description: String,
    }
}

impl Package {
    /// A package that is not created yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}
