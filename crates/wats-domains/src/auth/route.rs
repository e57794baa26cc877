//! The operations on auth.

use crate::ask::route::routes;

routes! { "auth";
    token = GET "/api/Auth/GetToken" once;
}
