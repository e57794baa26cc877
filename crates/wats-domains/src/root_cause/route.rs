//! The operations on root cause.

use crate::ask::route::routes;

routes! { "root_cause";
    attachment = GET "/api/RootCause/Attachment" safe;
}
