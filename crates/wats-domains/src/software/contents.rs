//! The wire models of packages as internal routes give them: with their folders and files (`Mes.Software` of the server).

use uuid::Uuid;
use wats_report::{ReportTime, wire};

use super::{FileAttribute, VirtualFolder};

wats_report::numbers! {
    /// The status of a package, as internal routes write it.
    pub enum PackageStatusNumber: "the status of a package" {
        /// It may be changed.
        Draft = 0,
        /// It waits for its release.
        Pending = 1,
        /// Test stations install it.
        Released = 2,
        /// Nobody is to use it.
        Revoked = 3,
    }
}

wire! {
    /// A package with its folders and files.
    pub struct PackageContents {
        /// Identifier.
        "PackageId" => package_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// Whether its files go to a folder of its own.
        "PackageFolder" => has_own_folder: bool,
        /// Version.
        "Version" => version: i32,
        /// Description.
        "Description" => description: String,
        /// Folder that it wishes to be installed to.
        "RootDirectory" => root_directory: String,
        /// Tags, as XML.
        "Tags" => tags: String,
        /// When it was changed last.
        "Modified" => modified: ReportTime,
        /// By whom.
        "ModifiedBy" => modified_by: String,
        /// How far it has come.
        "Status" => status: PackageStatusNumber,
        /// Which one is installed first: the lowest.
        "Priority" => priority: i32,
        /// The folder that it is listed in.
        "VirtualFolderId" => folder_id: Uuid,
        /// That folder in full.
        "VirtualFolder" => folder: VirtualFolder,
        /// Its folders. Those within others may be listed here as well as there.
        "PackageFolders" => folders: Vec<PackageFolder>,
        /// The sites that it is for.
        "PackageSiteRelations" => sites: Vec<PackageSite>,
        /// Whether only some sites may have it.
        "IsRestricted" => is_restricted: bool,
        /// What the server thinks of it.
        "Validation" => validation: String,
        /// That in words.
        "ValidationDescription" => validation_description: String,
        /// When it was created.
        "Created" => created: ReportTime,
        /// By whom.
        "CreatedBy" => created_by: String,
        /// When it was released.
        "Released" => released: ReportTime,
        /// By whom.
        "ReleasedBy" => released_by: String,
        /// When it was revoked.
        "Revoked" => revoked: ReportTime,
        /// By whom.
        "RevokedBy" => revoked_by: String,
    }

    /// A site that a package is for.
    pub struct PackageSite {
        /// Identifier.
        "PackageSiteRelationId" => id: Uuid,
        /// The site.
        "SiteCode" => site_code: String,
        /// The package.
        "PackageId" => package_id: Uuid,
    }

    /// A folder of a package.
    pub struct PackageFolder {
        /// Identifier.
        "PackageFolderId" => folder_id: Uuid,
        /// The package.
        "PackageId" => package_id: Uuid,
        /// The folder that it is in.
        "ParentFolderId" => parent_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// When it was changed last.
        "Modified" => modified: ReportTime,
        /// Folders in it.
        "PackageFolders" => folders: Vec<PackageFolder>,
        /// Files in it.
        "PackageFolderFiles" => files: Vec<PackageFolderFile>,
    }

    /// The place of a file in a folder of a package.
    pub struct PackageFolderFile {
        /// Identifier of the place.
        "PackageFolderFileId" => id: Uuid,
        /// The folder.
        "PackageFolderId" => folder_id: Uuid,
        /// Identifier of the file, by which it is downloaded.
        "RepositoryFolderFileId" => file_id: Uuid,
        /// What is done with it, as bits; see [`attributes`](Self::attributes).
        "Attributes" => attribute_bits: i32,
        /// The file.
        "RepositoryFolderFile" => file: RepositoryFile,
    }

    /// A file that the server keeps for packages.
    pub struct RepositoryFile {
        /// Identifier, by which it is downloaded.
        "RepositoryFolderFileId" => file_id: Uuid,
        /// Name.
        "Name" => name: String,
        /// Version of it on the server.
        "Version" => version: i32,
        /// Description.
        "Description" => description: String,
        /// Whether the server has it whole.
        "Valid" => valid: bool,
        /// When it was uploaded.
        "Uploaded" => uploaded: ReportTime,
        /// When it was changed last, before it was uploaded.
        "FileModifiedDate" => file_modified: ReportTime,
        /// A checksum in Base64. The server does not say of which kind.
        "Checksum" => checksum: String,
        /// Version that the file itself names.
        "FileVersion" => file_version: String,
        /// Its length in bytes.
        "FileSize" => size: i64,
    }

    /// A file or a folder of a package, as it is created and changed.
    pub struct SoftwareEntity {
        /// Identifier.
        "id" => id: Uuid,
        /// Whether it is a file or a folder: 0 or 1, of which the server does not say which is which.
        "type" => kind: i32,
        /// The folder that a folder is in.
        "parentId" => parent_id: Uuid,
        /// Name.
        "name" => name: String,
        /// Version that the file itself names.
        "fileVersion" => file_version: String,
        /// Version of the file on the server.
        "repositoryVersion" => repository_version: i32,
        /// Length of the file in bytes.
        "fileSize" => size: i64,
        /// When it was changed last.
        "lastModifiedDate" => modified: ReportTime,
        /// When the file was uploaded.
        "uploadedDate" => uploaded: ReportTime,
        /// What is done with the file, as bits; see [`FileAttributes`].
        "attributes" => attribute_bits: i32,
        /// Identifier by which the file is downloaded.
        "repositoryFolderFileId" => file_id: Uuid,
        /// Whether the server has the file whole.
        "valid" => valid: bool,
        /// What else there is to say.
        "information" => information: String,
    }
}

impl SoftwareEntity {
    /// One of this name that is not created yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..Self::default()
        }
    }
}

impl PackageFolderFile {
    /// What is done with it.
    pub fn attributes(&self) -> FileAttributes {
        self.attribute_bits.unwrap_or_default().into()
    }
}

/// What is done with a file: any of [`FileAttribute`] at once, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FileAttributes(i32);

/// The attributes and their bits.
const BITS: [(FileAttribute, i32); 6] = [
    (FileAttribute::ExecuteAlways, 1),
    (FileAttribute::ExecuteOnce, 2),
    (FileAttribute::ExecuteOncePerVersion, 4),
    (FileAttribute::TopLevelFile, 8),
    (FileAttribute::OverwriteNever, 16),
    (FileAttribute::OverwriteOnNewPackageVersion, 32),
];

impl From<i32> for FileAttributes {
    fn from(bits: i32) -> Self {
        Self(bits)
    }
}

impl FileAttributes {
    /// The bits on the wire.
    pub fn bits(self) -> i32 {
        self.0
    }

    /// Whether it is one of them. [`FileAttribute::None`] is when there is no other.
    pub fn contains(self, attribute: &FileAttribute) -> bool {
        match attribute {
            FileAttribute::None => self.0 == 0,
            other => self.iter().any(|one| one == *other),
        }
    }

    /// The attributes that are known, one by one.
    pub fn iter(self) -> impl Iterator<Item = FileAttribute> {
        let of_these = BITS.into_iter().filter(move |(_, bit)| self.0 & bit != 0);
        of_these.map(|(attribute, _)| attribute)
    }

    /// Whether the file is meant to be run: always, once, or once for each version of the package.
    pub fn is_executed(self) -> bool {
        self.0 & 0b111 != 0
    }
}
