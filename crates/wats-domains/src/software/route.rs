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
