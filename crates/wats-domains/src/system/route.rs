//! The operations on clients and levels.

use crate::ask::route::routes;

routes! { "system";
    client       = GET  "/api/SystemManager/Client"                 safe;
    clients      = GET  "/api/SystemManager/Clients"                safe;
    save_client  = PUT  "/api/SystemManager/Client"                 safe stales [Levels];
    client_log   = GET  "/api/SystemManager/ClientLog/{identifier}" safe;
    level        = GET  "/api/SystemManager/Level"                  safe;
    create_level = POST "/api/SystemManager/Level"                  once stales [Levels];
}
