//! The operations on the server itself.

use crate::ask::route::routes;

routes! { "server";
    status        = GET "/api/SystemStatus"           safe;
    user_settings = GET "/api/App/CommonUserSettings" safe;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "server.internal";
        ping          = GET  "/api/internal/Client/Ping"       safe;
        info          = GET  "/api/internal/Client/ServerInfo" safe;
        /// Sets values, so twice is once.
        update_client = POST "/api/internal/Client/Update"     safe;
    }
}
