//! A call of each row, for the tests of the table.

use wats_http::Part;

use super::{
    FileAttribute, InternalSoftware, LocalFile, Package, PackageStatus, PackageVersion,
    SoftwareEntity, Tag,
};
use crate::Wats;
use crate::route::tests::{ID, Lacks, NUMBER, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[(
    "software.upload_zip",
    Lacks::Body,
    "the archive is the body, in words only",
)];

pub(crate) async fn call_all(api: &Wats) {
    let software = api.software();
    let tag = Tag {
        name: "Line",
        value: text(),
    };
    let other = Tag {
        name: text(),
        value: "1",
    };
    let version = PackageVersion {
        name: text(),
        version: arg("version", NUMBER),
    };
    let mut package = Package::new(text());
    let released = PackageStatus::Released;
    said(software.list().await);
    said(software.by_tag(tag, &released).await);
    said(software.by_tag(other, &released).await);
    said(software.get(arg("id", ID)).await);
    said(
        software
            .by_name(text(), &released)
            .version(arg("version", NUMBER))
            .await,
    );
    said(software.files(arg("id", ID)).await);
    said(software.folders().await);
    said(software.create(&package).await);
    package.package_id = Some(arg("id", ID));
    said(software.save(&package).await);
    said(software.set_status(arg("id", ID), released).await);
    said(
        software
            .set_file_attribute(text(), FileAttribute::ExecuteOnce)
            .await,
    );
    let zip = Part::bytes("zip").file_name("a.zip");
    said(
        software
            .upload_zip(arg("id", ID), zip)
            .clean_install(true)
            .await,
    );
    said(software.delete(arg("id", ID)).await);
    said(software.delete_by_name(version).await);
    call_internal(&software.internal()).await;
}

async fn call_internal(internal: &InternalSoftware) {
    let released = PackageStatus::Released;
    let file = LocalFile {
        package_id: arg("package_id", ID),
        folder_id: arg("parent_folder_id", ID),
        path: text(),
        checksum: text(),
        modified_epoch: 7,
    };
    let folder = SoftwareEntity {
        id: Some(arg("id", ID)),
        ..SoftwareEntity::new(text())
    };
    said(internal.package(arg("package_id", ID)).await);
    said(internal.package_by_name(text(), &released).await);
    said(internal.by_tags(text(), &released).await);
    let history = internal.history(text()).status(released);
    said(history.all_versions(true).await);
    said(
        internal
            .available(arg("installed", &[arg("installed", ID), ID]))
            .await,
    );
    said(
        internal
            .revoked(arg("installed", &[ID]))
            .revoked_only(true)
            .await,
    );
    said(internal.download_history(arg("client_id", NUMBER)).await);
    said(internal.details(arg("package_id", ID)).await);
    said(internal.file(arg("id", ID)).await);
    said(internal.check_file(file).await);
    said(
        internal
            .download_file(arg("repository_folder_file_id", ID))
            .await,
    );
    said(internal.create_folder(arg("package_id", ID), &folder).await);
    said(internal.update_folder(&folder).await);
    said(internal.delete_folder(arg("package_folder_id", ID)).await);
    said(internal.delete_files(arg("ids_of_files", &[ID])).await);
    said(
        internal
            .log_download(arg("package_id", ID), arg("bytes", 7))
            .await,
    );
    said(internal.is_connected().await);
}
