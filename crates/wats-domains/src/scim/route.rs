//! The operations on scim.

use crate::ask::route::routes;

routes! { "scim";
    users = GET "/api/SCIM/v2/Users" safe;
}
