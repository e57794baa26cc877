//! The operations on workflow.

use crate::ask::route::routes;

routes! { "workflow";
    start_test = GET "/api/Workflow/StartTest" once;
}
