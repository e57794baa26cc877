//! The table of operations: for each, method and path, whether repeating is safe, and its place in the cache.
//!
//! Retry and caching obey this table and guess nothing from the HTTP method. Sources are the server's own description
//! (`/swagger`) and its documented behaviour.

use wats_http::http::Method;
use wats_http::{Call, Operation, Repeat};

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// The cache that may answer instead of the server.
    pub(crate) reads: Option<Cached>,
    /// The caches whose content is out of date after this operation, whether it succeeded or not.
    pub(crate) stales: &'static [Cached],
}

/// What is cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cached {
    /// The list of processes. No public operation changes it, so it only ages.
    Processes,
}

impl Route {
    /// A call of this operation, to be filled in.
    pub(crate) fn call(&self) -> Call {
        Call::new(&self.operation)
    }
}

const fn row(name: &'static str, method: Method, path: &'static str, repeat: Repeat) -> Route {
    cached(name, method, path, repeat, None)
}

const fn cached(
    name: &'static str,
    method: Method,
    path: &'static str,
    repeat: Repeat,
    reads: Option<Cached>,
) -> Route {
    Route {
        operation: Operation::new(name, method, path, repeat),
        reads,
        stales: &[],
    }
}

/// `GET /api/App/Version`.
pub(crate) static APP_VERSION: Route =
    row("app.version", Method::GET, "/api/App/Version", Repeat::Safe);

/// `GET /api/App/Processes`.
pub(crate) static PROCESS_LIST: Route = cached(
    "process.list",
    Method::GET,
    "/api/App/Processes",
    Repeat::Safe,
    Some(Cached::Processes),
);

/// `GET /api/Product/{partNumber}`.
pub(crate) static PRODUCT_GET: Route = row(
    "product.get",
    Method::GET,
    "/api/Product/{partNumber}",
    Repeat::Safe,
);

/// `GET /api/Product/Query`.
pub(crate) static PRODUCT_QUERY: Route = row(
    "product.query",
    Method::GET,
    "/api/Product/Query",
    Repeat::Safe,
);

/// `PUT /api/Product`: writes the whole product, so twice is once. A new product has no id yet, but its part number is
/// its key: the repeat of an insert that got through updates it.
pub(crate) static PRODUCT_SAVE: Route =
    row("product.save", Method::PUT, "/api/Product", Repeat::Safe);

/// `POST /api/Report/WSJF`: the id is chosen by the client and an existing one is overwritten, so the same bytes may
/// be sent again.
pub(crate) static REPORT_SUBMIT: Route = row(
    "report.submit",
    Method::POST,
    "/api/Report/WSJF",
    Repeat::Safe,
);

/// `POST /api/Report/WSXF`: as WSJF; a text without an id is not sent.
pub(crate) static REPORT_SUBMIT_WSXF: Route = row(
    "report.submit_wsxf",
    Method::POST,
    "/api/Report/WSXF",
    Repeat::Safe,
);

/// `GET /api/Report/Wsjf/{id}`.
pub(crate) static REPORT_GET: Route = row(
    "report.get",
    Method::GET,
    "/api/Report/Wsjf/{id}",
    Repeat::Safe,
);

/// `GET /api/Report/Wsxf/{id}`.
pub(crate) static REPORT_GET_WSXF: Route = row(
    "report.get_wsxf",
    Method::GET,
    "/api/Report/Wsxf/{id}",
    Repeat::Safe,
);

/// `GET /api/Report/Query/Header`.
pub(crate) static REPORT_HEADERS: Route = row(
    "report.headers",
    Method::GET,
    "/api/Report/Query/Header",
    Repeat::Safe,
);

/// `GET /api/Report/Query/HeaderByMiscInfo`.
pub(crate) static REPORT_BY_MISC_INFO: Route = row(
    "report.by_misc_info",
    Method::GET,
    "/api/Report/Query/HeaderByMiscInfo",
    Repeat::Safe,
);

/// `GET /api/Report/Attachment`.
pub(crate) static REPORT_ATTACHMENT: Route = row(
    "report.attachment",
    Method::GET,
    "/api/Report/Attachment",
    Repeat::Safe,
);

/// `GET /api/Report/Attachments/{id}`.
pub(crate) static REPORT_ATTACHMENTS: Route = row(
    "report.attachments_zip",
    Method::GET,
    "/api/Report/Attachments/{id}",
    Repeat::Safe,
);

/// `GET /api/Report/Certificate/{id}`.
pub(crate) static REPORT_CERTIFICATE: Route = row(
    "report.certificate",
    Method::GET,
    "/api/Report/Certificate/{id}",
    Repeat::Safe,
);

/// `GET /api/internal/Report/GetReportState/{id}`.
pub(crate) static REPORT_STATE: Route = row(
    "report.internal.state",
    Method::GET,
    "/api/internal/Report/GetReportState/{id}",
    Repeat::Safe,
);

/// `GET /api/internal/Quarantine`.
pub(crate) static QUARANTINE_LIST: Route = row(
    "report.internal.quarantine",
    Method::GET,
    "/api/internal/Quarantine",
    Repeat::Safe,
);

/// `POST /api/internal/Quarantine/Retry`: trying twice what is tried is storing it once, for the id stays.
pub(crate) static QUARANTINE_RETRY: Route = row(
    "report.internal.retry",
    Method::POST,
    "/api/internal/Quarantine/Retry",
    Repeat::Safe,
);

/// `POST /api/internal/Quarantine/Retry/Future`: the new start is in the call, so twice is once.
pub(crate) static QUARANTINE_RETRY_AT: Route = row(
    "report.internal.retry_at",
    Method::POST,
    "/api/internal/Quarantine/Retry/Future",
    Repeat::Safe,
);

/// `DELETE /api/internal/Quarantine`: between a try and its repeat a report of the same id could have come anew, and
/// deleting that would lose it.
pub(crate) static QUARANTINE_DELETE: Route = row(
    "report.internal.delete_quarantined",
    Method::DELETE,
    "/api/internal/Quarantine",
    Repeat::Never,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_consistent() {
        let table = [
            &APP_VERSION,
            &PROCESS_LIST,
            &PRODUCT_GET,
            &PRODUCT_QUERY,
            &PRODUCT_SAVE,
            &REPORT_SUBMIT,
            &REPORT_SUBMIT_WSXF,
            &REPORT_GET,
            &REPORT_GET_WSXF,
            &REPORT_HEADERS,
            &REPORT_BY_MISC_INFO,
            &REPORT_ATTACHMENT,
            &REPORT_ATTACHMENTS,
            &REPORT_CERTIFICATE,
            &REPORT_STATE,
            &QUARANTINE_LIST,
            &QUARANTINE_RETRY,
            &QUARANTINE_RETRY_AT,
            &QUARANTINE_DELETE,
        ];
        let mut names = std::collections::BTreeSet::new();
        for Route {
            operation,
            reads,
            stales,
        } in table
        {
            assert!(names.insert(operation.name()), "{} twice", operation.name());
            assert!(operation.path().starts_with("/api/"));
            let is_read = operation.method() == Method::GET;
            assert!(
                reads.is_none() || is_read,
                "{} writes and must not be answered from a cache",
                operation.name()
            );
            assert!(
                stales.is_empty() || !is_read,
                "{} reads and makes nothing stale",
                operation.name()
            );
        }
    }
}
