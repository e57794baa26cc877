//! The operations on software packages.

use crate::ask::route::routes;

routes! { "software";
    list               = GET    "/api/Software/Packages"                   safe;
    by_tag             = GET    "/api/Software/PackagesByTag"              safe;
    get                = GET    "/api/Software/Package/{id}"               safe;
    by_name            = GET    "/api/Software/PackageByName"              safe;
    files              = GET    "/api/Software/PackageFiles/{id}"          safe;
    folders            = GET    "/api/Software/VirtualFolders"             safe keeps Folders;
    /// A name that there is gets one more version.
    create             = POST   "/api/Software/Package"                    once;
    save               = PUT    "/api/Software/Package/{id}"               safe;
    /// The server refuses the way from a status to itself.
    set_status         = POST   "/api/Software/PackageStatus/{id}"         once;
    set_file_attribute = POST   "/api/Software/Package/FileAttribute/{id}" safe;
    /// Files of the same name are replaced.
    upload_zip         = POST   "/api/Software/Package/UploadZip/{id}"     safe;
    delete             = DELETE "/api/Software/Package/{id}"               gone;
    delete_by_name     = DELETE "/api/Software/PackageByName"              gone;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "software.internal";
        package          = GET  "/api/internal/Software/GetPackage"                safe;
        package_by_name  = GET  "/api/internal/Software/GetPackageByName"          safe;
        by_tags          = GET  "/api/internal/Software/GetPackagesByTag"          safe;
        history          = GET  "/api/internal/Software/GetPackageHistory"         safe;
        available        = GET  "/api/internal/Software/GetAvailablePackages"      safe;
        revoked          = GET  "/api/internal/Software/GetRevokedPackages"        safe;
        download_history = GET  "/api/internal/Software/GetPackageDownloadHistory" safe;
        details          = GET  "/api/internal/Software/GetSoftwareEntityDetails"  safe;
        file             = GET  "/api/internal/Software/File/{id}"                 safe;
        check_file       = GET  "/api/internal/Software/CheckFile"                 safe;
        /// The server may note each download.
        download_file    = GET  "/api/internal/Software/DownloadFile"              once;
        create_folder    = POST "/api/internal/Software/PostPackageFolder"         once;
        /// Writes the whole folder.
        update_folder    = POST "/api/internal/Software/UpdatePackageFolder"       safe;
        delete_folder    = POST "/api/internal/Software/DeletePackageFolder"       once;
        delete_files     = POST "/api/internal/Software/DeletePackageFolderFiles"  once;
        /// Notes a download each time, though it is a GET.
        log              = GET  "/api/internal/Software/Log"                       once;
        is_connected     = GET  "/api/internal/Software/isConnected"               safe;
    }
}
