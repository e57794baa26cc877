//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{FileAttribute, Package, PackageStatus, PackageVersion, Tag};
use crate::Wats;
use crate::route::tests::{AWKWARD, ID, Lacks, NUMBER};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "software.upload_zip",
    Lacks::Body,
    "the archive is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let software = api.software();
    let tag = Tag {
        name: "Line",
        value: AWKWARD,
    };
    let version = PackageVersion {
        name: AWKWARD,
        version: NUMBER,
    };
    let mut package = Package::new(AWKWARD);
    let released = PackageStatus::Released;
    drop(software.list().await);
    drop(software.by_tag(tag, &released).await);
    drop(software.get(ID).await);
    drop(software.by_name(AWKWARD, &released).version(NUMBER).await);
    drop(software.files(ID).await);
    drop(software.folders().await);
    drop(software.create(&package).await);
    package.package_id = Some(ID);
    drop(software.save(&package).await);
    drop(software.set_status(ID, released).await);
    drop(
        software
            .set_file_attribute(AWKWARD, FileAttribute::ExecuteOnce)
            .await,
    );
    let zip = Part::bytes("zip").file_name("a.zip");
    drop(software.upload_zip(ID, zip).clean_install(true).await);
    drop(software.delete(ID).await);
    drop(software.delete_by_name(version).await);
}
