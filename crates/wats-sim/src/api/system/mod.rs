//! `system`.

use crate::routes::routes;

routes! {}
