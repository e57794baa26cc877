//! The handlers, a file or folder per domain of the server, each with its routes. A handler takes what came and answers; it
//! knows nothing of connections. `pages`: for those who run the server; `list`: lists with OData options; `effects`: what a
//! stored report changes elsewhere; `blob`: files that are kept; `tags`: key and value; `stamp`: who and when;
//! `pattern`: texts with wildcards.
#![allow(
    clippy::unnecessary_wraps,
    reason = "a handler answers a result, whether or not it can fail"
)]

mod analytics;
mod asset;
pub(crate) mod auth;
mod barcode;
mod blob;
pub(crate) mod effects;
mod export;
mod list;
mod manual_inspection;
mod pages;
mod pattern;
pub(crate) mod process;
pub(crate) mod product;
pub(crate) mod production;
pub(crate) mod report;
mod root_cause;
pub(crate) mod scim;
mod server;
mod software;
mod stamp;
pub(crate) mod system;
mod tags;
mod workflow;

use std::sync::LazyLock;

use crate::routes::Routes;

/// All routes of the server.
pub(crate) fn routes() -> &'static Routes {
    static ROUTES: LazyLock<Routes> = LazyLock::new(|| {
        Routes::new(&[
            analytics::ROUTES,
            asset::ROUTES,
            auth::ROUTES,
            barcode::ROUTES,
            export::ROUTES,
            manual_inspection::ROUTES,
            pages::ROUTES,
            process::ROUTES,
            product::ROUTES,
            production::ROUTES,
            report::ROUTES,
            root_cause::ROUTES,
            scim::ROUTES,
            server::ROUTES,
            software::ROUTES,
            system::ROUTES,
            workflow::ROUTES,
        ])
    });
    &ROUTES
}
