//! The operations on production.

use crate::ask::route::routes;

routes! { "production";
    unit                  = GET    "/api/Production/Unit/{serialNumber}/{partNumber}" safe;
    verify                = GET    "/api/Production/UnitVerification"                 safe;
    set_phase             = PUT    "/api/Production/SetUnitPhase"                     safe;
    set_process           = PUT    "/api/Production/SetUnitProcess"                   safe;
    /// Writes by serial number, so twice is once.
    save_many             = PUT    "/api/Production/Units"                            safe;
    changes               = GET    "/api/Production/Units/Changes"                    safe;
    handled               = DELETE "/api/Production/Units/Changes/{id}"               gone;
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
