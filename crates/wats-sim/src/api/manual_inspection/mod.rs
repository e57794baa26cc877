//! `manual_inspection`.

use crate::routes::routes;

routes! {}
