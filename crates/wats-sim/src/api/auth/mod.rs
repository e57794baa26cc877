//! `auth`.

use crate::routes::routes;

routes! {}
