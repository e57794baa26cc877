//! The operations on production.

use crate::ask::route::routes;

routes! { "production";
    get                   = GET    "/api/Production/Unit/{serialNumber}/{partNumber}" safe;
    verify                = GET    "/api/Production/UnitVerification"                 safe;
    set_phase             = PUT    "/api/Production/SetUnitPhase"                     safe;
    set_process           = PUT    "/api/Production/SetUnitProcess"                   safe;
    /// Writes by serial number, so twice is once.
    save_many             = PUT    "/api/Production/Units"                            safe;
    changes               = GET    "/api/Production/Units/Changes"                    safe;
    delete_change         = DELETE "/api/Production/Units/Changes/{id}"               gone;
    add_child             = POST   "/api/Production/AddChildUnit"                     once;
    remove_child          = POST   "/api/Production/RemoveChildUnit"                  once;
    check_children        = GET    "/api/Production/CheckChildUnits"                  safe;
    save_batches          = PUT    "/api/Production/Batches"                          safe;
    serial_number_types   = GET    "/api/Production/SerialNumbers/Types"              safe keeps SerialNumberTypes;
    /// Each call takes others.
    take                  = POST   "/api/Production/SerialNumbers/Take"               once;
    serial_numbers_in     = GET    "/api/Production/SerialNumbers/ByRange"            safe;
    serial_numbers_of     = GET    "/api/Production/SerialNumbers/ByReference"        safe;
    export_serial_numbers = GET    "/api/Production/SerialNumbers"                    safe;
    upload_serial_numbers = PUT    "/api/Production/SerialNumbers"                    once;
}

/// Routes that the server does not publish.
pub(crate) mod internal {
    use crate::ask::route::routes;

    routes! { "production.internal";
        unit                = GET    "/api/internal/Production/GetUnit"                       safe;
        unit_info           = GET    "/api/internal/Production/GetUnitInfo"                   safe;
        unit_hierarchy      = GET    "/api/internal/Production/GetUnitHierarchy"              safe;
        unit_phase          = GET    "/api/internal/Production/GetUnitPhase"                  safe;
        unit_process        = GET    "/api/internal/Production/GetUnitProcess"                safe;
        unit_history        = GET    "/api/internal/Production/GetUnitStateHistory"           safe;
        unit_contents       = GET    "/api/internal/Production/GetUnitContents"               safe;
        phases              = GET    "/api/internal/Mes/GetUnitPhases"                        safe keeps Phases;
        sites               = GET    "/api/internal/Production/GetSites"                      safe keeps Sites;
        is_connected        = GET    "/api/internal/Production/isConnected"                   safe;
        create_unit         = POST   "/api/internal/Production/CreateUnit"                    once;
        add_child           = POST   "/api/internal/Production/AddChildUnit"                  once;
        remove_child        = POST   "/api/internal/Production/RemoveChildUnit"               once;
        remove_all_children = POST   "/api/internal/Production/RemoveAllChildUnits"           once;
        check_children      = GET    "/api/internal/Production/CheckChildUnits"               safe;
        serial_numbers      = GET    "/api/internal/Production/SerialNumbers"                 safe;
        count               = GET    "/api/internal/Production/SerialNumbers/Count"           safe;
        ranges              = GET    "/api/internal/Production/SerialNumbers/Ranges"          safe;
        statistics          = GET    "/api/internal/Production/SerialNumbers/Statistics"      safe;
        /// Frees what is reserved, so twice is once.
        free                = PUT    "/api/internal/Production/SerialNumbers/Free"            safe;
        delete_free         = DELETE "/api/internal/Production/SerialNumbers/Free"            gone;
        /// Each call takes or reserves others.
        reserve             = POST   "/api/internal/Production/GetAndReserveNewSerialNumbers" once;
    }
}
