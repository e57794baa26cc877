//! `barcode`.

use crate::routes::routes;

routes! {}
