//! The operations on system.

use crate::ask::route::routes;

routes! { "system";
    clients = GET "/api/SystemManager/Clients" safe;
}
