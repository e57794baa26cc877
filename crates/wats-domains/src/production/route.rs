//! The operations on production.

use crate::ask::route::routes;

routes! { "production";
    serial_number_types = GET "/api/Production/SerialNumbers/Types" safe keeps SerialNumberTypes;
}
