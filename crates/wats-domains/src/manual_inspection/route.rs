//! The operations on manual inspection.

use crate::ask::route::routes;

routes! { "manual_inspection";
    sequences = GET "/api/internal/ManualInspection/GetSequences" safe;
}
