//! The operations on processes.

use crate::ask::route::routes;

routes! { "process";
    list = GET "/api/App/Processes" safe keeps Processes;
}
