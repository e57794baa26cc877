//! The table of operations: one row for each, with method, path, whether repeating is safe, what a read keeps in memory,
//! and what a write makes stale. Each domain has its rows in its own `route.rs`.
//!
//! Retry and caching obey these rows and guess nothing from the HTTP method. Sources are the server's own description
//! (`/swagger`) and its documented behaviour.

use wats_http::{Call, Operation};

use super::Kept;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    /// Whether it deletes: what a repeat does not find any more, an earlier try has deleted.
    pub(crate) gone: bool,
    /// The class of answers that may come from memory.
    pub(crate) keeps: Option<Kept>,
    /// The classes that are out of date after this operation, however it ends.
    pub(crate) stales: &'static [Kept],
}

impl Route {
    /// A call of this operation, to be filled in.
    pub(crate) fn call(&self) -> Call {
        Call::new(&self.operation)
    }

    /// Whether the server does not publish it.
    pub(crate) fn is_internal(&self) -> bool {
        self.operation.path().starts_with("/api/internal/")
    }
}

/// Rows of the table: `name = METHOD "path" safe|gone|once [keeps Class] [stales [Class, ..]];`. A row becomes a static of
/// its name, and errors call the operation `domain.name`. `safe` may be repeated when it is unknown whether the server has
/// carried it out, `once` may not. `gone` is `safe`, and a repeat that finds nothing to delete has succeeded.
macro_rules! routes {
    ($domain:literal; $(
        $(#[$meta:meta])*
        $name:ident = $method:ident $path:literal $repeat:ident $(keeps $keeps:ident)? $(stales [$($stales:ident),+])?;
    )+) => {
        $(
            $(#[$meta])*
            #[allow(non_upper_case_globals, reason = "a row is called as its method is")]
            pub(crate) static $name: $crate::ask::Route = $crate::ask::Route {
                operation: wats_http::Operation::new(
                    concat!($domain, ".", stringify!($name)),
                    wats_http::http::Method::$method,
                    $path,
                    $crate::ask::route::routes!(@ $repeat),
                ),
                gone: $crate::ask::route::routes!(@ deletes $repeat),
                keeps: $crate::ask::route::routes!(@ keeps $($keeps)?),
                stales: &[$($($crate::ask::Kept::$stales),+)?],
            };
        )+

        /// All rows, for the tests of the table.
        #[cfg(test)]
        pub(crate) static ALL: &[&$crate::ask::Route] = &[$( &$name ),+];
    };
    (@ safe) => { wats_http::Idempotency::Idempotent };
    (@ gone) => { wats_http::Idempotency::Idempotent };
    (@ deletes gone) => { true };
    (@ deletes $repeat:ident) => { false };
    (@ keeps) => { None };
    (@ keeps $keeps:ident) => { Some($crate::ask::Kept::$keeps) };
    (@ once) => { wats_http::Idempotency::NotIdempotent };
}

pub(crate) use routes;
