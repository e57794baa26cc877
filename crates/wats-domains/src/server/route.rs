//! The operations on server.

use crate::ask::route::routes;

routes! { "server";
    status = GET "/api/App/SystemStatus" safe;
}
