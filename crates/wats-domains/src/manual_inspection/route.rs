//! The operations on manual inspections. The server publishes none of them.

use crate::ask::route::routes;

routes! { "manual_inspection";
    definitions          = GET  "/api/internal/ManualInspection/GetTestSequenceDefinitions"     safe keeps Definitions;
    definition           = GET  "/api/internal/ManualInspection/GetTestSequenceDefinition"      safe keeps Definitions;
    /// It is `GET`, and whether it stores the copy is not described.
    copy_of              = GET  "/api/internal/ManualInspection/GetDefinitionCopy/{Id}"         once stales [Definitions];
    create               = POST "/api/internal/ManualInspection/PostDefinition"                 once stales [Definitions];
    update               = PUT  "/api/internal/ManualInspection/PutDefinitionNew"               safe stales [Definitions];
    xaml                 = GET  "/api/internal/ManualInspection/GetTestSequenceDefinitionXaml"  safe keeps Definitions;
    save_xaml            = PUT  "/api/internal/ManualInspection/PutTestSequenceDefinitionXaml"  safe stales [Definitions];
    workflow             = GET  "/api/internal/ManualInspection/GetWatswwfContent/{Id}"         safe keeps Definitions;
    instances_count      = GET  "/api/internal/ManualInspection/GetInstancesCount/{Id}"         safe;
    relations            = GET  "/api/internal/ManualInspection/GetRelations/{Id}"              safe keeps Definitions;
    relation_conflicts   = GET  "/api/internal/ManualInspection/GetRelationConflicts/{Id}"      safe;
    definition_conflicts = GET  "/api/internal/ManualInspection/GetRelationConflictsNew/{Id}"   safe;
    create_relation      = POST "/api/internal/ManualInspection/PostRelation"                   once stales [Definitions];
    update_relation      = PUT  "/api/internal/ManualInspection/PutRelation"                    safe stales [Definitions];
    delete_relations     = PUT  "/api/internal/ManualInspection/DeleteRelationNew"              safe stales [Definitions];
    sequences            = GET  "/api/internal/ManualInspection/GetSequences"                   safe;
    inspection           = GET  "/api/internal/ManualInspection/GetMiDetails/{id}"              safe;
    inspection_by_newer_route = GET  "/api/internal/ManualInspection/GetMiDetailsNew/{id}"           safe;
    /// Submitting makes a report each time.
    save_steps           = PUT  "/api/internal/ManualInspection/PutSequence"                    once stales [Headers, Analytics];
    save_string_test     = PUT  "/api/internal/ManualInspection/PutStringTest"                  safe;
    check_misc_info      = PUT  "/api/internal/ManualInspection/ValidateMiscInfo"               safe;
}
