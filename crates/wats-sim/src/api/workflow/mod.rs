//! `workflow`.

use crate::routes::routes;

routes! {}
