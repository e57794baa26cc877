//! The operations on analytics.

use crate::ask::route::routes;

routes! { "analytics";
    levels = GET "/api/App/Levels" safe keeps Levels;
}
