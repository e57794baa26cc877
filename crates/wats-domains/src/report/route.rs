//! The operations on reports.

use crate::ask::route::routes;

routes! { "report";
    /// The id is chosen by the client and an existing one is overwritten, so the same bytes may be sent again.
    submit          = POST "/api/Report/WSJF"                    safe stales [Headers, Analytics];
    /// As WSJF; a text without an id is not sent.
    submit_wsxf     = POST "/api/Report/WSXF"                    safe stales [Headers, Analytics];
    get             = GET  "/api/Report/Wsjf/{id}"               safe;
    get_wsxf        = GET  "/api/Report/Wsxf/{id}"               safe;
    headers         = GET  "/api/Report/Query/Header"            safe keeps Headers;
    by_misc_info    = GET  "/api/Report/Query/HeaderByMiscInfo"  safe keeps Headers;
    attachment      = GET  "/api/Report/Attachment"              safe;
    attachments_zip = GET  "/api/Report/Attachments/{id}"        safe;
    certificate     = GET  "/api/Report/Certificate/{id}"        safe;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "report.internal";
        state              = GET    "/api/internal/Report/GetReportState/{id}" safe;
        quarantine         = GET    "/api/internal/Quarantine"                 safe;
        /// Trying twice what is tried is storing it once, for the id stays.
        retry              = POST   "/api/internal/Quarantine/Retry"           safe;
        /// The new start is in the call, so twice is once.
        retry_at           = POST   "/api/internal/Quarantine/Retry/Future"    safe;
        /// Between a try and its repeat a report of the same id could have come anew, and deleting that would lose it.
        delete_quarantined = DELETE "/api/internal/Quarantine"                 once;
    }
}
