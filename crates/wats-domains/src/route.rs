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

/// `GET /api/Report/Wsjf/{id}`.
pub(crate) static REPORT_GET: Route = row(
    "report.get",
    Method::GET,
    "/api/Report/Wsjf/{id}",
    Repeat::Safe,
);

/// `GET /api/Report/Query/Header`.
pub(crate) static REPORT_HEADERS: Route = row(
    "report.headers",
    Method::GET,
    "/api/Report/Query/Header",
    Repeat::Safe,
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
            &REPORT_GET,
            &REPORT_HEADERS,
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
