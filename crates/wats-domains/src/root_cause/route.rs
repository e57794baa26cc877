//! The operations on tickets.

use crate::ask::route::routes;

routes! { "root_cause";
    get        = GET  "/api/RootCause/Ticket"         safe;
    list       = GET  "/api/RootCause/Tickets"        safe;
    open       = POST "/api/RootCause/Ticket"         once;
    /// Adds an update to the history each time.
    update     = PUT  "/api/RootCause/Ticket"         once;
    archive    = POST "/api/RootCause/ArchiveTickets" safe;
    attachment = GET  "/api/RootCause/Attachment"     safe;
    attach     = POST "/api/RootCause/Attachment"     once;
}
