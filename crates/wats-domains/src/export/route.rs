//! The operations on exports.

use crate::ask::route::routes;

routes! { "export";
    list               = GET  "/api/Export/List"        safe;
    download           = GET  "/api/Export/{fileName}"  safe;
    /// Each call queues one.
    queue_certificates = POST "/api/Export/Certificate" once;
}
