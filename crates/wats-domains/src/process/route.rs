//! The operations on processes.

use crate::ask::route::routes;

routes! { "process";
    list = GET "/api/App/Processes" safe keeps Processes;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "process.internal";
        list              = GET "/api/internal/Process/GetProcesses"            safe keeps Processes;
        get               = GET "/api/internal/Process/GetProcess/{id}"         safe keeps Processes;
        repair_configs    = GET "/api/internal/Process/GetRepairOperations"     safe keeps RepairConfigs;
        repair_config     = GET "/api/internal/Process/GetRepairOperation/{id}" safe keeps RepairConfigs;
    }
}
