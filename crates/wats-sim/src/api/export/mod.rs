//! `export`.

use crate::routes::routes;

routes! {}
