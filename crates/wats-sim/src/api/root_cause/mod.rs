//! `root_cause`.

use crate::routes::routes;

routes! {}
