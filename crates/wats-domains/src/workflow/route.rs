//! The operations on workflows. They are `GET` and write all the same, so nothing repeats them.

use crate::ask::route::routes;

routes! { "workflow";
    start_test = GET "/api/Workflow/StartTest" once;
    end_test   = GET "/api/Workflow/EndTest"   once;
}
