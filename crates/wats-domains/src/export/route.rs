//! The operations on export.

use crate::ask::route::routes;

routes! { "export";
    list = GET "/api/Export/List" safe;
}
