//! `software`.

use crate::routes::routes;

routes! {}
