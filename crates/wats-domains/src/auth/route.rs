//! The operations on tokens. They are `GET` and make secrets, so nothing repeats them or keeps their answers.

use crate::ask::route::routes;

routes! { "auth";
    token     = GET "/api/Auth/GetToken"              once;
    token_for = GET "/api/Auth/GetToken/{identifier}" once;
}
