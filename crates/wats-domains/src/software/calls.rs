//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{
    FileAttribute, InternalSoftware, LocalFile, Package, PackageStatus, PackageVersion,
    SoftwareEntity, Tag,
};
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
    call_internal(&software.internal()).await;
}

async fn call_internal(internal: &InternalSoftware) {
    let released = PackageStatus::Released;
    let file = LocalFile {
        package_id: ID,
        folder_id: ID,
        path: AWKWARD,
        checksum: AWKWARD,
        modified_epoch: 7,
    };
    let folder = SoftwareEntity {
        id: Some(ID),
        ..SoftwareEntity::new(AWKWARD)
    };
    drop(internal.package(ID).await);
    drop(internal.package_by_name(AWKWARD, &released).await);
    drop(internal.by_tags(AWKWARD, &released).await);
    let history = internal.history(AWKWARD).status(released);
    drop(history.all_versions(true).await);
    drop(internal.available(&[ID, ID]).await);
    drop(internal.revoked(&[ID]).revoked_only(true).await);
    drop(internal.download_history(NUMBER).await);
    drop(internal.details(ID).await);
    drop(internal.file(ID).await);
    drop(internal.check_file(file).await);
    drop(internal.download_file(ID).await);
    drop(internal.create_folder(ID, &folder).await);
    drop(internal.update_folder(&folder).await);
    drop(internal.delete_folder(ID).await);
    drop(internal.delete_files(&[ID]).await);
    drop(internal.log_download(ID, 7).await);
    drop(internal.is_connected().await);
}
