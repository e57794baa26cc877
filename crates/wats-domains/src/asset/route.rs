//! The operations on assets. A path with an asset takes its id or its serial number.

use crate::ask::route::routes;

routes! { "asset";
    list                = GET    "/api/Asset"                   safe;
    log                 = GET    "/api/Asset/Log"               safe;
    types               = GET    "/api/Asset/Types"             safe keeps AssetTypes;
    get                 = GET    "/api/Asset/{key}"             safe;
    status              = GET    "/api/Asset/Status"            safe;
    sub_assets          = GET    "/api/Asset/SubAssets"         safe;
    save                = PUT    "/api/Asset"                   safe;
    save_type           = PUT    "/api/Asset/Types"             safe stales [AssetTypes];
    set_state           = PUT    "/api/Asset/State"             safe;
    /// Adds each time.
    add_count           = PUT    "/api/Asset/Count"             once;
    set_total_count     = PUT    "/api/Asset/Count"             safe;
    reset_running_count = POST   "/api/Asset/ResetRunningCount" once;
    /// The date is always in the call, so twice is once.
    calibrated          = POST   "/api/Asset/Calibration"       safe;
    maintained          = POST   "/api/Asset/Maintenance"       safe;
    post_message        = POST   "/api/Asset/Message"           once;
    delete              = DELETE "/api/Asset"                   gone;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "asset.internal";
        files        = GET    "/api/internal/Blob/Asset/List/{assetId}" safe;
        file         = GET    "/api/internal/Blob/Asset"                safe;
        /// Writes the whole file.
        upload_file  = POST   "/api/internal/Blob/Asset"                safe;
        delete_files = DELETE "/api/internal/Blob/Assets"               gone;
    }
}
