//! `scim`.

use crate::routes::routes;

routes! {}
