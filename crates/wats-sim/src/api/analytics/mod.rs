//! `analytics`.

use crate::routes::routes;

routes! {}
