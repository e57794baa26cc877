//! The operations on users by SCIM.

use crate::ask::route::routes;

routes! { "scim";
    /// It is `GET` and makes a secret.
    token   = GET    "/api/SCIM/v2/Token"                     once;
    users   = GET    "/api/SCIM/v2/Users"                     safe;
    get     = GET    "/api/SCIM/v2/Users/{id}"                safe;
    by_name = GET    "/api/SCIM/v2/Users/userName={userName}" safe;
    create  = POST   "/api/SCIM/v2/Users"                     once;
    /// Only replaces values, so twice is once.
    update  = PATCH  "/api/SCIM/v2/Users/{id}"                safe;
    delete  = DELETE "/api/SCIM/v2/Users/{id}"                gone;
}
