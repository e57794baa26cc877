//! The operations on asset.

use crate::ask::route::routes;

routes! { "asset";
    types = GET "/api/Asset/Types" safe keeps AssetTypes;
}
